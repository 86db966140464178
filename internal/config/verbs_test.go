package config

import (
	"strings"
	"testing"

	"github.com/sealane/sealane/ftpserver"
)

func TestVerbMistakes(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"unknown", "[verbs]\non = ['EXEC']\n", `x.toml:2: verbs.on: "EXEC" is no command (hint: write one such as "XCRC", or "SITE CHMOD" for one of SITE)`},
		{"misspelt", "[verbs]\non = ['XCR']\n", `x.toml:2: verbs.on: "XCR" is no command (hint: did you mean XCRC?)`},
		{"without SITE", "[verbs]\noff = ['chmod']\n", `x.toml:2: verbs.off: "chmod" is no command (hint: did you mean SITE CHMOD?)`},
		{"mode", "[verbs]\noff = ['MODE Z']\n", `x.toml:2: verbs.off: MODE Z is not a command of its own (hint: set data.compression to true or false)`},
		{"alias", "[verbs]\noff = ['XCWD']\n", `x.toml:2: verbs.off: XCWD is another name of CWD (hint: write CWD, which stands for both)`},
		{"never", "[verbs]\non = ['SMNT']\n", `x.toml:2: verbs.on: SMNT is always answered with 502 (hint: remove it)`},
		{"both", "[verbs]\non = ['XCRC']\noff = ['AVBL', 'xcrc']\n", `x.toml:3: verbs.off: XCRC is in verbs.on, too (hint: remove it from one of them)`},
		{"login", "[verbs]\noff = ['USER']\n", `x.toml:2: verbs.off: without USER nobody could log in and move files safely (hint: remove it)`},
		{"no list", "[verbs]\noff = 'AVBL'\n", `x.toml:2: verbs.off: must be a list of texts (hint: write ["...", "..."])`},
	} {
		_, err := Parse("x.toml", []byte(tc.text))
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s:\n%v\nwant\n%s", tc.name, err, tc.want)
		}
	}
}

// The text of verbs.on names each command that is off, and each can be turned on.
func TestVerbsThatAreOff(t *testing.T) {
	doc := verbSettings()[0].doc
	for _, info := range ftpserver.Commands() {
		if !info.Off {
			continue
		}
		if !strings.Contains(doc, info.Verb) {
			t.Errorf("the text of verbs.on does not name %s", info.Verb)
		}
		if c, err := Parse("x.toml", []byte("[verbs]\non = ['"+strings.ToLower(info.Verb)+"']\n")); err != nil || c.Verbs.On[0] != info.Verb {
			t.Errorf("%s: %v, %v", info.Verb, c.Verbs, err)
		}
	}
}
