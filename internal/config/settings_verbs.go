package config

import (
	"slices"
	"strings"

	"github.com/sealane/sealane/ftpserver"
)

// VerbsConfig is the section [verbs]. Names are those of [ftpserver.Commands].
type VerbsConfig struct {
	On, Off    []string
	OwnerNames bool // in MLST and MLSD
}

func verbSettings() []setting {
	return []setting{
		{key: "verbs.on", example: `["XCRC", "SITE RMDIR"]`,
			doc: "Commands that are answered, of those that are off without this line: CCC, COMB,\nXCRC, XMD5, XSHA1, XSHA256, XSHA512, MD5, SITE RMDIR and SITE SYMLINK.",
			set: func(c *Config, v any) error { return setList(&c.Verbs.On, v, parseVerb) }},
		{key: "verbs.off", example: `["SITE CHMOD", "AVBL"]`,
			doc: "Commands that are answered with 502, and that FEAT and HELP do not mention.",
			set: func(c *Config, v any) error { return setList(&c.Verbs.Off, v, parseVerb) }},
		{key: "verbs.owner_names", example: `false`,
			doc: "Give clients that ask who owns a file the names of this machine's users and groups,\nnot only their numbers.",
			set: func(c *Config, v any) error { return setBool(&c.Verbs.OwnerNames, v) }},
	}
}

// parseVerb takes the name of a command that can be turned on or off, in any case.
func parseVerb(s string) (string, error) {
	name := strings.ToUpper(s)
	if name == "MODE Z" {
		return "", mistakef("set data.compression to true or false", "MODE Z is not a command of its own")
	}
	best, least := "", 3
	for _, info := range ftpserver.Commands() {
		switch {
		case name == info.Verb && info.Never:
			return "", mistakef("remove it", "%s is always answered with 502", name)
		case name == info.Verb:
			return name, nil
		case slices.Contains(info.Aliases, name):
			return "", mistakef("write "+info.Verb+", which stands for both", "%s is another name of %s", name, info.Verb)
		}
		for _, known := range []string{info.Verb, strings.TrimPrefix(info.Verb, "SITE ")} {
			if n := distance(name, known); n < least && !info.Never {
				best, least = info.Verb, n
			}
		}
	}
	hint := `write one such as "XCRC", or "SITE CHMOD" for one of SITE`
	if best != "" {
		hint = "did you mean " + best + "?"
	}
	return "", mistakef(hint, "%.60q is no command", s)
}

func (c Config) checkVerbs(say func(string, error)) {
	for _, name := range c.Verbs.Off {
		if slices.Contains(c.Verbs.On, name) {
			say("verbs.off", mistakef("remove it from one of them", "%s is in verbs.on, too", name))
		}
	}
	for _, name := range []string{"USER", "PASS", "AUTH", "PBSZ", "PROT"} {
		if slices.Contains(c.Verbs.Off, name) {
			say("verbs.off", mistakef("remove it", "without %s nobody could log in and move files safely", name))
		}
	}
}
