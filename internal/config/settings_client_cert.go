package config

import (
	"fmt"

	"github.com/sealane/sealane/auth"
)

// The values of ClientCertConfig.Ask.
const (
	ClientCertOff     = "off"
	ClientCertRequest = "request"
	ClientCertRequire = "require"
)

// The values of Account.Certificate; empty: CertificateBoth where every client must show a
// certificate, else CertificateIgnored.
const (
	CertificateIgnored = auth.CertificateIgnored
	CertificateAlone   = auth.CertificateAlone
	CertificateBoth    = auth.CertificateBoth
	CertificateEither  = auth.CertificateEither
)

// ClientCertConfig is the settings tls.client_*.
type ClientCertConfig struct {
	Ask string // ClientCertOff, ClientCertRequest or ClientCertRequire
	CA  string // file
	CRL string // file
}

// clientCertSettings are the rows of settings about the certificates of clients.
func clientCertSettings() []setting {
	return []setting{
		{key: "tls.client_cert", example: `"request"`,
			doc: "Ask clients for a certificate: off; request, and go on without; require, and refuse\nthe TLS handshake without one. With require, here or for one listener, sessions\nby that listener need both it and the password, unless their account says otherwise.",
			set: func(c *Config, v any) error { return setParsed(&c.TLS.Client.Ask, v, ParseClientCert) }},
		{key: "tls.client_ca", example: `"clients-ca.crt"`,
			doc: "The authorities that vouch for clients, PEM; no others are believed. It is read again\nwhen it changes. Not needed where accounts name keys (sha256/...).",
			set: func(c *Config, v any) error { return setPath(&c.TLS.Client.CA, v) }},
		{key: "tls.client_crl", example: `"clients.crl"`,
			doc: "The lists of certificates that these authorities have revoked, PEM or DER; read again\nwhen it changes.",
			set: func(c *Config, v any) error { return setPath(&c.TLS.Client.CRL, v) }},
	}
}

// accountCertSettings are those of one account.
func accountCertSettings() []setting {
	return []setting{
		{key: "account.certificate", example: `"both"`,
			doc:     "alone: the certificate of the client logs in, and no password does. both: password\nand certificate are needed. either: each of them is enough. ignored: the password is.",
			account: func(a *Account, v any) error { return setParsed(&a.Certificate, v, parseCertificate) }},
		{key: "account.certificates", example: `["email:anna@example.org", "sha256/5k6R1uuAJ/BBTzDrAoBvNrJoSuDE1p9PMgX8Zx9Vj5M="]`,
			doc:     "Which certificates are this account's: email:, uri: or cn: and what the certificate\nsays, or sha256/ and the base64 of its key's SHA-256. Without it, cn: and its name.",
			account: func(a *Account, v any) error { return setList(&a.Certificates, v, ParseCertificateRule) }},
	}
}

// ParseClientCert reads "off", "request" or "require". The error holds a hint.
func ParseClientCert(s string) (string, error) {
	return oneOf(s, ClientCertOff, ClientCertRequest, ClientCertRequire)
}

func parseCertificate(s string) (string, error) {
	return oneOf(s, CertificateIgnored, CertificateAlone, CertificateBoth, CertificateEither)
}

// ParseCertificateRule reads "email:ADDRESS", "uri:URI", "cn:NAME" or "sha256/BASE64". The
// error holds a hint.
func ParseCertificateRule(s string) (auth.CertificateRule, error) {
	r, err := auth.ParseCertificateRule(s)
	if err != nil {
		return r, mistakef("write email:ADDRESS, uri:URI, cn:NAME or sha256/BASE64", "%.60q is not a rule for certificates", s)
	}
	return r, nil
}

// certificateRules are those that say which certificates are the account's.
func (a Account) certificateRules() []auth.CertificateRule {
	if len(a.Certificates) > 0 {
		return a.Certificates
	}
	return []auth.CertificateRule{{Kind: auth.CertificateCN, Value: a.Name}}
}

// ClientCertFor is what a listener asks for; own is its own setting, if it has one.
func (c Config) ClientCertFor(own string) string {
	if own != "" {
		return own
	}
	return c.TLS.Client.Ask
}

// StrictestClientCert is what that listener asks for which asks for most.
func (c Config) StrictestClientCert() string {
	strictest := ClientCertOff
	add := func(on bool, own string) {
		if ask := c.ClientCertFor(own); on && (ask == ClientCertRequire || strictest == ClientCertOff) {
			strictest = ask
		}
	}
	add(!c.Listen.Explicit.Off, c.Listen.ExplicitClientCert)
	add(!c.Listen.Implicit.Off, c.Listen.ImplicitClientCert)
	add(c.Listen.Legacy.Set && !c.Listen.Legacy.Off, "")
	return strictest
}

// certificateMode is what certificates mean for the login of an account.
func (c Config) certificateMode(a Account) string {
	switch {
	case a.Certificate != "":
		return a.Certificate
	case c.StrictestClientCert() == ClientCertRequire:
		return CertificateBoth
	}
	return CertificateIgnored
}

// needsCA reports whether an account believes what is written in certificates.
func (c Config) needsCA(a Account) bool {
	for _, r := range a.certificateRules() {
		if c.certificateMode(a) != CertificateIgnored && r.Kind != auth.CertificateKey {
			return true
		}
	}
	return false
}

func (c Config) checkClientCerts(say func(string, error), wrong map[string]bool) {
	client := c.TLS.Client
	_, err := ParseClientCert(client.Ask)
	say("tls.client_cert", err)
	for key, own := range map[string]string{"listen.explicit_client_cert": c.Listen.ExplicitClientCert, "listen.implicit_client_cert": c.Listen.ImplicitClientCert} {
		if _, err := ParseClientCert(c.ClientCertFor(own)); own != "" {
			say(key, err)
		}
	}
	strictest := c.StrictestClientCert()
	off := strictest == ClientCertOff && !wrong["tls.client_cert"] && !wrong["listen.explicit_client_cert"] && !wrong["listen.implicit_client_cert"]
	if off && client.CA != "" {
		say("tls.client_ca", mistakef(`set tls.client_cert to "request" or "require"`, "has no meaning where clients are not asked for a certificate"))
	}
	if client.CRL != "" && client.CA == "" && !wrong["tls.client_ca"] {
		say("tls.client_crl", mistakef("set tls.client_ca", "there is no authority that it could be of"))
	}
	if strictest == ClientCertRequire && client.CA == "" && len(c.Accounts) == 0 && !wrong["tls.client_ca"] {
		say("tls.client_cert", mistakef("set tls.client_ca", "nobody could vouch for the certificates"))
	}
	for i, a := range c.Accounts {
		key := fmt.Sprintf("account[%d].certificate", i)
		mode := c.certificateMode(a)
		switch {
		case mode == CertificateIgnored && len(a.Certificates) > 0 && !wrong[key]:
			say(key+"s", mistakef("set certificate to alone, both or either", "does nothing by itself"))
		case mode != CertificateIgnored && off:
			say(key, mistakef(`set tls.client_cert to "request" or "require"`, "clients are not asked for a certificate"))
		case c.needsCA(a) && client.CA == "" && !wrong["tls.client_ca"]:
			say(key, mistakef("set tls.client_ca, or name keys in certificates (sha256/...)", "nobody could vouch for the certificate"))
		}
	}
}
