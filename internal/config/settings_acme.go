package config

import (
	"strings"
	"time"

	"github.com/sealane/sealane/certs/acme"
)

// ACMEConfig is the section [tls.acme]. It is off as long as Names is empty.
type ACMEConfig struct {
	Names      []string
	Agree      bool
	Email      string
	Directory  string // empty: Let's Encrypt
	Roots      string // file; empty: those of the system
	Challenges []acme.Challenge
	Hook       []string
	HTTPPort   int // 0: 80
	TLSPort    int // 0: 443
	KeepKey    bool
	CheckEvery time.Duration // 0: 10 minutes
}

// acmeSettings are the rows of settings about certificates from an authority.
func acmeSettings() []setting {
	return []setting{
		{key: "tls.acme.names", example: `["ftp.example.org"]`,
			doc: "Get certificates for these names from an authority that speaks ACME, and renew\nthem in time. Until there is one, clients see the other certificate.",
			set: func(c *Config, v any) error { return setList(&c.TLS.ACME.Names, v, anyText) }},
		{key: "tls.acme.agree", example: `true`,
			doc: "Say that you agree to the terms of the authority: it gives nothing without that.",
			set: func(c *Config, v any) error { return setBool(&c.TLS.ACME.Agree, v) }},
		{key: "tls.acme.email", example: `"admin@example.org"`,
			doc: "Where the authority writes to when something is wrong.",
			set: func(c *Config, v any) error { return setChecked(&c.TLS.ACME.Email, v, checkEmail) }},
		{key: "tls.acme.directory", example: `"https://acme.example.org/directory"`,
			doc: "The address of the authority; without it Let's Encrypt.",
			set: func(c *Config, v any) error { return setText(&c.TLS.ACME.Directory, v) }},
		{key: "tls.acme.roots", example: `"acme-root.crt"`,
			doc: "The root certificate of an authority's own web server, PEM, where the system does\nnot know it.",
			set: func(c *Config, v any) error { return setPath(&c.TLS.ACME.Roots, v) }},
		{key: "tls.acme.challenges", example: `["http-01"]`,
			doc: "How to convince the authority that the names are ours: http-01 opens port 80 and\ntls-alpn-01 port 443 for a moment, dns-01 asks the hook.",
			set: func(c *Config, v any) error { return setList(&c.TLS.ACME.Challenges, v, parseChallenge) }},
		{key: "tls.acme.hook", example: `["/usr/local/bin/set-record"]`,
			doc: "For dns-01, a command that sets a TXT record. It is run with three more words:\npresent or cleanup, the name, the value.",
			set: func(c *Config, v any) error { return setList(&c.TLS.ACME.Hook, v, anyText) }},
		{key: "tls.acme.http_port", example: `80`,
			doc: "The local port for http-01, where a router leads port 80 of the name to another.",
			set: func(c *Config, v any) error { return setPort(&c.TLS.ACME.HTTPPort, v) }},
		{key: "tls.acme.tls_port", example: `443`,
			doc: "The same for tls-alpn-01 and port 443.",
			set: func(c *Config, v any) error { return setPort(&c.TLS.ACME.TLSPort, v) }},
		{key: "tls.acme.keep_key", example: `false`,
			doc: "Keep the key when a certificate is renewed, for clients that have pinned it.",
			set: func(c *Config, v any) error { return setBool(&c.TLS.ACME.KeepKey, v) }},
		{key: "tls.acme.check_every", example: `"10m"`,
			doc: "How often to look whether a certificate is to be renewed, which is when a third of\nits life is left.",
			set: func(c *Config, v any) error { return setDuration(&c.TLS.ACME.CheckEvery, v) }},
	}
}

// Options is what package acme is to do, but for where it works.
func (a ACMEConfig) Options() acme.Options {
	return acme.Options{Names: a.Names, Agreed: a.Agree, Email: a.Email, Directory: a.Directory, Challenges: a.Challenges,
		Hook: a.Hook, HTTPPort: a.HTTPPort, TLSPort: a.TLSPort, KeepKey: a.KeepKey, CheckEvery: a.CheckEvery}
}

func (a ACMEConfig) check(say func(string, error)) {
	if len(a.Names) == 0 {
		if a.Agree || a.Email != "" || a.Directory != "" || len(a.Challenges) > 0 || len(a.Hook) > 0 {
			say("tls.acme.names", mistakef("name the server as clients do, or remove the section", "is missing"))
		}
		return
	}
	o := a.Options()
	o.Storage = "state" // known when the server starts
	if err := o.Check(); err != nil {
		reason := strings.TrimPrefix(err.Error(), acme.ErrOptions.Error()+": ")
		key := "tls.acme.names"
		if strings.HasSuffix(reason, "is not an https address") {
			key = "tls.acme.directory"
		}
		say(key, mistakef("mend the section [tls.acme]", "%s", reason))
	}
}

func parseChallenge(s string) (acme.Challenge, error) {
	c, err := acme.ParseChallenge(s)
	if err != nil {
		return "", mistakef("http-01, tls-alpn-01 or dns-01", "%q is not a challenge", s)
	}
	return c, nil
}

func checkEmail(s string) error {
	if !strings.Contains(s, "@") || strings.ContainsAny(s, " \t\r\n,<>") {
		return mistakef("write it bare: admin@example.org", "%q is not an e-mail address", s)
	}
	return nil
}

func setPort(to *int, v any) error {
	n, ok := v.(int64)
	if !ok || n < 1 || n > 65535 {
		return mistakef("without quotes", "must be a port from 1 to 65535")
	}
	*to = int(n)
	return nil
}
