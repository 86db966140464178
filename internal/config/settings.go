package config

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// setting is one row of the table of settings. key is SECTION.NAME, or NAME at
// the top of the file; example is a value in TOML; set reads a value as TOML
// decoded it; account and host do where the section is [[account]] or [[host]].
type setting struct {
	key     string
	example string
	doc     string // lines
	secret  bool   // not to be shown
	set     func(c *Config, v any) error
	account func(a *Account, v any) error
	host    func(h *Host, v any) error
}

// listed reports whether there are many sections of this kind.
func (s setting) listed() bool { return s.account != nil || s.host != nil }

// settings is the table, in the order of the example file.
func settings() []setting {
	rows := []setting{
		{key: "dir", example: `"/srv/files"`,
			doc: "The folder that accounts see.",
			set: func(c *Config, v any) error { return setPath(&c.Dir, v) }},
		{key: "state", example: `"/var/lib/sealane"`,
			doc: "The folder for what the server keeps: its own certificate and key.",
			set: func(c *Config, v any) error { return setPath(&c.State, v) }},
		{key: "listen.explicit", example: `":2121"`,
			doc: "Where to listen for explicit FTPS: HOST:PORT, :PORT for every address, or off.\nWithout it the server takes port 21 where it may, else 2121.",
			set: func(c *Config, v any) error { return setParsed(&c.Listen.Explicit, v, ParseListen) }},
		{key: "listen.implicit", example: `":2990"`,
			doc: "Where to listen for implicit FTPS, as above; else port 990 or 2990.",
			set: func(c *Config, v any) error { return setParsed(&c.Listen.Implicit, v, ParseListen) }},
		{key: "listen.explicit_client_cert", example: `"request"`,
			doc: "For explicit FTPS, in place of tls.client_cert.",
			set: func(c *Config, v any) error { return setParsed(&c.Listen.ExplicitClientCert, v, ParseClientCert) }},
		{key: "listen.implicit_client_cert", example: `"off"`,
			doc: "For implicit FTPS, in place of tls.client_cert.",
			set: func(c *Config, v any) error { return setParsed(&c.Listen.ImplicitClientCert, v, ParseClientCert) }},
		{key: "listen.legacy", example: `"192.0.2.1:2122"`,
			doc: "Where to listen for old devices, by explicit FTPS, HOST:PORT: TLS 1.0 and 1.1, and\nsuites with CBC or without forward secrecy, are taken there, which who is on the way\ncan break. Let nobody else connect to it. Without it they are taken nowhere.",
			set: func(c *Config, v any) error { return setParsed(&c.Listen.Legacy, v, parseLegacyListen) }},
		{key: "data.ports", example: `"2991-2998"`,
			doc: "The ports of data connections: FROM-TO or PORT. Open them in the firewall\nbeside the ports above.",
			set: func(c *Config, v any) error { return setParsed(&c.Data.Ports, v, ParsePortRange) }},
		{key: "data.mode", example: `"shared"`,
			doc: "shared: the data ports are always open and serve all sessions; a few are enough.\nexclusive: each transfer has a port of its own, so there must be many.",
			set: func(c *Config, v any) error { return setParsed(&c.Data.Mode, v, ParseMode) }},
		{key: "data.fallback", example: `"50000-50999"`,
			doc: "In shared mode, more ports for transfers that would have to wait: FROM-TO or PORT.\nThe firewall must let them through, too. Without it they wait.",
			set: func(c *Config, v any) error { return setParsed(&c.Data.Fallback, v, ParsePortRange) }},
		{key: "data.resumption", example: `"auto"`,
			doc: "Whether a data connection must resume a TLS session of its account, which no\nstranger can: auto prefers those that do, require refuses the others, off takes\nthe first. Not every client can do it.",
			set: func(c *Config, v any) error { return setParsed(&c.Data.Resumption, v, ParseResumption) }},
		{key: "data.public_address", example: `"203.0.113.5"`,
			doc: "What to announce to clients, where a router translates addresses: an IPv4 address;\na name, which is looked up every few minutes; or same, the address that the client\nhas connected to.",
			set: func(c *Config, v any) error { return setParsed(&c.Data.PublicAddress, v, ParsePublicAddress) }},
		{key: "data.public_networks", example: `["10.0.0.0/8 = same"]`,
			doc: "What to announce to the clients of single networks instead; the smallest network\nthat a client is in counts.",
			set: func(c *Config, v any) error { return setList(&c.Data.PublicNetworks, v, ParsePublicNetwork) }},
		{key: "data.active", example: `false`,
			doc: "Active mode: let clients name a port of their own (PORT, EPRT). The server then\nconnects to the client, to no other address and to no port below 1024.",
			set: func(c *Config, v any) error { return setBool(&c.Data.Active, v) }},
		{key: "data.compression", example: `false`,
			doc: "Offer compressed transfers (MODE Z). Some clients (lftp) then compress everything, which\nis slower than most networks and takes a processor for each transfer; and who sees the connection, and can have text of his own put into a file beside a\nsecret, can guess at that by the length.",
			set: func(c *Config, v any) error { return setBool(&c.Data.Compression, v) }},
		{key: "proxy.trusted", example: `["10.1.2.3", "10.4.0.0/24"]`,
			doc: "Proxies and balancers that speak the PROXY protocol, version 1 or 2, to the ports\nabove. Their connections must begin with its header, which says who the client is;\nwhoever can connect from there can pretend to be any client.",
			set: func(c *Config, v any) error { return setList(&c.Proxy.Trusted, v, ParseNetwork) }},
		{key: "tls.cert", example: `"server.crt"`,
			doc: "The certificate: PEM, the server's own first and then its chain, or DER. Without it the\nserver makes one.",
			set: func(c *Config, v any) error { return setPath(&c.TLS.Cert, v) }},
		{key: "tls.key", example: `"server.key"`,
			doc: "The key of the certificate, PEM or DER, without a passphrase.",
			set: func(c *Config, v any) error { return setPath(&c.TLS.Key, v) }},
		{key: "tls.second_cert", example: `"server-rsa.crt"`,
			doc: "A second certificate, for clients that cannot use the first: RSA there and ECDSA\nabove, since RSA costs the server four times as much.",
			set: func(c *Config, v any) error { return setPath(&c.TLS.SecondCert, v) }},
		{key: "tls.second_key", example: `"server-rsa.key"`,
			doc: "Its key.",
			set: func(c *Config, v any) error { return setPath(&c.TLS.SecondKey, v) }},
		{key: "tls.ocsp_staple", example: `"server.ocsp"`,
			doc: "A file with an OCSP response for tls.cert, DER, to show to clients; it is read\nagain when it changes.",
			set: func(c *Config, v any) error { return setPath(&c.TLS.Staple, v) }},
		{key: "tls.insecure_plaintext", example: `false`,
			doc: "Let clients log in and move files without TLS: everybody on the way can read\nand change all of it.",
			set: func(c *Config, v any) error { return setBool(&c.TLS.InsecurePlaintext, v) }},
		{key: "tls.strict_sni", example: `false`,
			doc: "Refuse clients that ask, in the TLS handshake, for a name that is in no [[host]].",
			set: func(c *Config, v any) error { return setBool(&c.TLS.StrictSNI, v) }},
	}
	rows = append(rows, clientCertSettings()...)
	rows = append(rows, acmeSettings()...)
	rows = append(rows, hostSettings()...)
	rows = append(rows, uploadSettings()...)
	rows = append(rows, verbSettings()...)
	rows = append(rows, guardSettings()...)
	rows = append(rows, limitSettings()...)
	rows = append(rows, trailSettings()...)
	rows = append(rows, keptSettings()...)
	rows = append(rows, accountSettings()...)
	rows = append(rows, accountCertSettings()...)
	rows = append(rows, admissionSettings()...)
	return append(rows, storageSettings()...)
}

func limitSettings() []setting {
	return []setting{
		{key: "limits.sessions", example: `10000`,
			doc: "How many sessions may be open at once.",
			set: func(c *Config, v any) error { return setCount(&c.Limits.Sessions, v) }},
		{key: "limits.sessions_per_address", example: `1000`,
			doc: "How many of them from one address.",
			set: func(c *Config, v any) error { return setCount(&c.Limits.SessionsPerAddress, v) }},
		{key: "limits.idle", example: `"10m"`,
			doc: "A session ends that has sent no command and moved no data for so long.",
			set: func(c *Config, v any) error { return setDuration(&c.Limits.Idle, v) }},
		{key: "limits.login", example: `"60s"`,
			doc: "A session ends that has not logged in after so long.",
			set: func(c *Config, v any) error { return setDuration(&c.Limits.Login, v) }},
		{key: "limits.stall", example: `"60s"`,
			doc: "A transfer ends that has moved no byte for so long.",
			set: func(c *Config, v any) error { return setDuration(&c.Limits.Stall, v) }},
		{key: "limits.grace", example: `"30s"`,
			doc: "At shutdown, running transfers may go on for so long.",
			set: func(c *Config, v any) error { return setDuration(&c.Limits.Grace, v) }},
		{key: "log.format", example: `"text"`,
			doc: "The form of log lines: text or json.",
			set: func(c *Config, v any) error { return setFormat(&c.Log.Format, v) }},
		{key: "control.socket", example: `"/run/sealane/control.sock"`,
			doc: "The socket of \"sealane ctl\", which only the user that the server runs as and root\nmay use; off: none. Without it there is control.sock in the state folder.",
			set: func(c *Config, v any) error { return setPath(&c.Control.Socket, v) }},
	}
}

// keptSettings are about the accounts that "sealane user" keeps in the state folder.
func keptSettings() []setting {
	return []setting{
		{key: "accounts.homes", example: `"/srv/homes"`,
			doc: "Where accounts of \"sealane user\" that have no folder of their own get one, made at\ntheir first login. Without it they see dir.",
			set: func(c *Config, v any) error { return setPath(&c.Homes, v) }},
	}
}

func accountSettings() []setting {
	return []setting{
		{key: "account.name", example: `"anna"`,
			doc:     "What the client gives as its user name; compared byte for byte.",
			account: func(a *Account, v any) error { return setChecked(&a.Name, v, checkName) }},
		{key: "account.password", example: `"correct horse battery staple"`,
			doc:     "The password itself; or, better, one of the next three in its place.",
			secret:  true,
			account: func(a *Account, v any) error { return setChecked(&a.Password, v, checkPassword) }},
		{key: "account.password_hash", example: `"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`,
			doc:     "Its hash: argon2id, or one from elsewhere of argon2i, bcrypt, sha512-crypt or PBKDF2.",
			secret:  true,
			account: func(a *Account, v any) error { return setChecked(&a.PasswordHash, v, checkHash) }},
		{key: "account.password_file", example: `"anna.password"`,
			doc:     "A file that holds the password or its hash, in one line, and that\nnobody else can read.",
			account: func(a *Account, v any) error { return setPath(&a.PasswordFile, v) }},
		{key: "account.password_env", example: `"ANNA_PASSWORD"`,
			doc:     "The name of an environment variable of the server that holds the password or its\nhash.",
			account: func(a *Account, v any) error { return setChecked(&a.PasswordEnv, v, checkVariable) }},
		{key: "account.host", example: `"a.example.org"`,
			doc:     "The host at which it may log in, by one of its names; without it, at every one.",
			account: func(a *Account, v any) error { return setParsed(&a.Host, v, ParseHostName) }},
		{key: "account.resumption", example: `"require"`,
			doc:     "For this account, in place of data.resumption.",
			account: func(a *Account, v any) error { return setParsed(&a.Resumption, v, ParseResumption) }},
		{key: "account.sessions", example: `10`,
			doc:     "How many sessions of this account may be open at once.",
			account: func(a *Account, v any) error { return setCount(&a.Sessions, v) }},
		{key: "account.legacy_eof", example: `false`,
			doc:     "Take uploads for whole that end without TLS saying so (close_notify), as those of\nsome devices do. Anybody on the way can then cut them short.",
			account: func(a *Account, v any) error { return setBool(&a.LegacyEOF, v) }},
	}
}

// WriteExample writes a file that shows every setting, all of them as comments,
// so that it sets nothing.
func WriteExample(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Settings of \"sealane serve\". Remove the # from a line to set it, and from the\n# [section] above it. Relative paths mean files beside this one.\n")
	section := ""
	for _, s := range settings() {
		in, name := split(s.key)
		if in != section {
			section = in
			if s.listed() {
				fmt.Fprintf(&b, "\n# One such section for each %s.\n# [[%s]]\n", section, section)
			} else {
				fmt.Fprintf(&b, "\n# [%s]\n", section)
			}
		}
		fmt.Fprintf(&b, "\n# %s\n# %s = %s\n", strings.ReplaceAll(s.doc, "\n", "\n# "), name, s.example)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// split parts a key into its section, empty at the top of the file, and name.
func split(key string) (section, name string) {
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		return key[:i], key[i+1:]
	}
	return "", key
}

func setText(to *string, v any) error {
	s, ok := v.(string)
	if !ok {
		return mistakef("put it in quotes", "must be a text")
	}
	*to = s
	return nil
}

func setPath(to *string, v any) error {
	if err := setText(to, v); err != nil {
		return err
	}
	if *to == "" {
		return mistakef("name a file or folder, or remove the line", "is empty")
	}
	if strings.ContainsAny(*to, "\x00\r\n") {
		return mistakef("no path holds NUL or line breaks", "is not a path")
	}
	return nil
}

func setChecked(to *string, v any, check func(string) error) error {
	if err := setText(to, v); err != nil {
		return err
	}
	return check(*to)
}

func setParsed[T any](to *T, v any, parse func(string) (T, error)) error {
	var s string
	if err := setText(&s, v); err != nil {
		return err
	}
	got, err := parse(s)
	if err == nil {
		*to = got
	}
	return err
}

func setList[T any](to *[]T, v any, parse func(string) (T, error)) error {
	list, ok := v.([]any)
	if !ok {
		return mistakef(`write ["...", "..."]`, "must be a list of texts")
	}
	var got []T
	for _, v := range list {
		var one T
		if err := setParsed(&one, v, parse); err != nil {
			return err
		}
		got = append(got, one)
	}
	*to = got
	return nil
}

func setBool(to *bool, v any) error {
	b, ok := v.(bool)
	if !ok {
		return mistakef("without quotes", "must be true or false")
	}
	*to = b
	return nil
}

func setCount(to *int, v any) error {
	n, ok := v.(int64)
	if !ok || n < 1 || n > math.MaxInt32 {
		return mistakef("without quotes", "must be a whole number from 1 to %d", math.MaxInt32)
	}
	*to = int(n)
	return nil
}

func setDuration(to *time.Duration, v any) error {
	s, ok := v.(string)
	d, err := time.ParseDuration(s)
	if !ok || err != nil {
		return mistakef(`write "90s", "5m" or "1h30m", in quotes`, "must be a time")
	}
	*to = d
	return checkDuration(d)
}

// Bounds of durations: below a second lies a forgotten unit, and TLS session
// tickets, the longest-lived thing of a session, last seven days.
const (
	minDuration = time.Second
	maxDuration = 7 * 24 * time.Hour
)

func checkDuration(d time.Duration) error {
	if d < minDuration || d > maxDuration {
		return mistakef(`write "90s", "5m" or "1h30m"`, "must be a time from 1s to 168h")
	}
	return nil
}

func setFormat(to *string, v any) error {
	s, _ := v.(string)
	*to = s
	return checkFormat(s)
}

func checkFormat(s string) error {
	if s != FormatText && s != FormatJSON {
		return mistakef("in quotes", `must be "text" or "json"`)
	}
	return nil
}
