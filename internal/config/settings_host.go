package config

import (
	"fmt"
	"strings"
)

// Host is one section [[host]]: a virtual host.
type Host struct {
	Names    []string // in lower case; the first one stands for the host
	Cert     string   // empty: that of the server
	Key      string
	Greeting string
}

// maxGreeting bounds the text of a greeting, in bytes: it is one line.
const maxGreeting = 500

// hostSettings are the rows of settings about virtual hosts.
func hostSettings() []setting {
	return []setting{
		{key: "host.names", example: `["a.example.org", "ftp.a.example.org"]`,
			doc:  "The names by which clients know this host: they send one in the TLS handshake\n(SNI), or with HOST. The first one is that of account.host and of the log.",
			host: func(h *Host, v any) error { return setList(&h.Names, v, ParseHostName) }},
		{key: "host.cert", example: `"a.crt"`,
			doc:  "Its certificate, as in tls.cert. Without it clients see that of the server.",
			host: func(h *Host, v any) error { return setPath(&h.Cert, v) }},
		{key: "host.key", example: `"a.key"`,
			doc:  "The key of the certificate, as in tls.key.",
			host: func(h *Host, v any) error { return setPath(&h.Key, v) }},
		{key: "host.greeting", example: `"Welcome to A."`,
			doc:  "What it says to clients that have chosen it, in one line.",
			host: func(h *Host, v any) error { return setChecked(&h.Greeting, v, checkGreeting) }},
	}
}

// ParseHostName reads a name as in DNS, and gives it in small letters.
func ParseHostName(s string) (string, error) {
	const longestLabel = 63
	name := strings.ToLower(s)
	const hint = `write names as in DNS, those in other scripts in their ASCII form ("xn--...")`
	if name == "" || !isName(name) {
		return "", mistakef(hint, "%q is not the name of a host", s)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > longestLabel || strings.Trim(label, "-") != label {
			return "", mistakef(hint, "%q is not the name of a host", s)
		}
	}
	return name, nil
}

func checkGreeting(s string) error {
	switch {
	case len(s) > maxGreeting:
		return mistakef("shorten it", "is longer than %d bytes", maxGreeting)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return mistakef("write one line of text", "holds a control character")
	}
	return nil
}

// checkHosts judges the hosts, and what refers to them.
func (c Config) checkHosts(say func(string, error), wrong map[string]bool) {
	first := map[string]int{}
	for i, h := range c.Hosts {
		key := fmt.Sprintf("host[%d]", i)
		if len(h.Names) == 0 && !wrong[key+".names"] {
			say(key, mistakef("set names", "has no name"))
		}
		for _, name := range h.Names {
			if n, twice := first[name]; twice {
				say(key+".names", mistakef("remove one of them", "%q is a name of host[%d], too", name, n))
			}
			first[name] = i
		}
		if (h.Cert == "") != (h.Key == "") && !wrong[key+".cert"] && !wrong[key+".key"] {
			say(key+".cert", mistakef("set both, or neither", "stands without key, or that without it"))
		}
		say(key+".greeting", checkGreeting(h.Greeting))
	}
	if c.TLS.StrictSNI && len(c.Hosts) == 0 {
		say("tls.strict_sni", mistakef("write a section [[host]] for each name", "needs to know the names of the server"))
	}
	for key := range wrong {
		if strings.HasPrefix(key, "host[") && strings.HasSuffix(key, "].names") {
			return // the names that accounts refer to are not known
		}
	}
	for i, a := range c.Accounts {
		if key := fmt.Sprintf("account[%d].host", i); a.Host != "" && c.HostOf(a.Host) == nil {
			say(key, mistakef("write a section [[host]] with that name", "no host is called %q", a.Host))
		}
	}
}

// HostOf gives the host that has a name, in lower case, or nil.
func (c Config) HostOf(name string) *Host {
	for i, h := range c.Hosts {
		for _, n := range h.Names {
			if n == name {
				return &c.Hosts[i]
			}
		}
	}
	return nil
}
