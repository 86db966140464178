package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/auth"
)

// TestValidate takes what flags can do to good settings.
func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(c *Config)
		want   string
	}{
		{"default", func(*Config) {}, ""},
		{"full", func(c *Config) { *c = fullConfig() }, ""},
		{"nothing set", func(c *Config) { *c = Config{} }, `data.ports: 0 is not a range of ports (hint: write "2991-2998", or "2991" for one port)
data.mode: "" is not known here (hint: one of shared, exclusive)
data.resumption: "" is not known here (hint: one of auto, require, off)
tls.client_cert: "" is not known here (hint: one of off, request, require)
guard.failures: must be a number above 0 (hint: 1 is the least)
guard.network_failures: must be a number above 0 (hint: 1 is the least)
guard.window: must be a time from 1s to 8784h (hint: write "90s", "5m" or "1h30m")
guard.delay_max: must be a time from 1s to 20s (hint: write "90s", "5m" or "1h30m")
guard.ban: must be a time from 1s to 8784h (hint: write "90s", "5m" or "1h30m")
guard.ban_max: must be a time from 1s to 8784h (hint: write "90s", "5m" or "1h30m")
guard.trust: must be a time from 1s to 8784h (hint: write "90s", "5m" or "1h30m")
guard.handshakes: must be a number above 0 (hint: 1 is the least)
guard.handshakes_per_address: must be a number above 0 (hint: 1 is the least)
guard.hashes_waiting: must be a number above 0 (hint: 1 is the least)
limits.sessions: must be a number above 0 (hint: 1 is the least)
limits.sessions_per_address: must be a number above 0 (hint: 1 is the least)
limits.idle: must be a time from 1s to 168h (hint: write "90s", "5m" or "1h30m")
limits.login: must be a time from 1s to 168h (hint: write "90s", "5m" or "1h30m")
limits.stall: must be a time from 1s to 168h (hint: write "90s", "5m" or "1h30m")
limits.grace: must be a time from 1s to 168h (hint: write "90s", "5m" or "1h30m")
uploads.durability: "" is not known here (hint: one of full, process)
uploads.keep: must be a time from 1s to 168h (hint: write "90s", "5m" or "1h30m")
log.format: must be "text" or "json" (hint: in quotes)
trail.max_size: must be 64 KiB at least (hint: some MiB are usual)
trail.max_age: must be a time from 1s to 168h (hint: write "90s", "5m" or "1h30m")
trail.keep: must be a number above 0 (hint: 1 is the least)
trail.sync: "" is not known here (hint: one of batch, checkpoint, never)
trail.checkpoint: must be a number above 0 (hint: 1 is the least)`},
		{"guard against itself", func(c *Config) {
			c.Guard.BanMax, c.Guard.NetworkFailures = time.Minute, 1
			c.Guard.Deny = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
		}, `guard.ban_max: is shorter than guard.ban (hint: make it longer, or guard.ban shorter)
guard.network_failures: is less than guard.failures (hint: an address is a part of its network)
guard.deny: 10.0.0.0/8 is there twice (hint: remove one of them)`},
		{"--cert without --key", func(c *Config) { c.TLS.Cert = "x" }, "tls.cert: has no key (hint: set tls.key too)"},
		{"second certificate without key", func(c *Config) { c.TLS.Cert, c.TLS.Key, c.TLS.SecondCert = "x", "x", "y" },
			"tls.second_cert: stands without tls.second_key, or that without it (hint: set both, or neither)"},
		{"second certificate without first", func(c *Config) { c.TLS.SecondCert, c.TLS.SecondKey = "y", "y" },
			"tls.second_cert: there is no first certificate (hint: set tls.cert and tls.key)"},
		{"client certificates that nobody is asked for", func(c *Config) {
			c.TLS.Client.CA = "x"
			c.Accounts = []Account{{Name: "a", Certificate: CertificateAlone}}
		}, `tls.client_ca: has no meaning where clients are not asked for a certificate (hint: set tls.client_cert to "request" or "require")
account[0].certificate: clients are not asked for a certificate (hint: set tls.client_cert to "request" or "require")`},
		{"client certificates that nobody vouches for", func(c *Config) {
			c.TLS.Client = ClientCertConfig{Ask: ClientCertRequire, CRL: "x"}
			c.Accounts = []Account{{Name: "a", Certificate: CertificateAlone}, {Name: "b", Certificate: CertificateAlone, Password: "x"},
				{Name: "c", Certificate: CertificateAlone, Certificates: []auth.CertificateRule{{Kind: auth.CertificateKey}}}}
		}, `tls.client_crl: there is no authority that it could be of (hint: set tls.client_ca)
account[0].certificate: nobody could vouch for the certificate (hint: set tls.client_ca, or name keys in certificates (sha256/...))
account[1].certificate: nobody could vouch for the certificate (hint: set tls.client_ca, or name keys in certificates (sha256/...))
account[1]: has a password, which could not be used (hint: remove it, or set certificate to either or both)`},
		{"rules without a use", func(c *Config) {
			c.TLS.Client = ClientCertConfig{Ask: ClientCertRequest}
			c.Accounts = []Account{{Name: "a", Password: "x", Certificates: []auth.CertificateRule{{Kind: auth.CertificateKey}}}}
		}, `account[0].certificates: does nothing by itself (hint: set certificate to alone, both or either)`},
		{"weak TLS on every address", func(c *Config) { c.Listen.Legacy = Listen{Set: true, Port: 2122} },
			`listen.legacy: ":2122" listens on every address, and weak TLS must not by oversight (hint: write the address of the network of these devices, as in "192.0.2.1:2122")`},
		{"weak TLS off", func(c *Config) { c.Listen.Legacy = Listen{Set: true, Off: true} }, ""},
		{"weak TLS on the port of explicit FTPS", func(c *Config) {
			c.Listen.Explicit = Listen{Set: true, Port: 2121}
			c.Listen.Legacy = Listen{Set: true, Host: "192.0.2.1", Port: 2121}
		}, "listen.legacy: 192.0.2.1:2121 is taken by listen.explicit (hint: choose another port)"},
		{"certificates for one listener", func(c *Config) {
			c.Listen.ImplicitClientCert, c.TLS.Client.CA = ClientCertRequest, "ca.crt"
			c.Accounts = []Account{{Name: "a", Certificate: CertificateAlone}}
		}, ""},
		{"certificates for a listener that is off", func(c *Config) {
			c.Listen.Implicit.Set, c.Listen.Implicit.Off = true, true
			c.Listen.ImplicitClientCert, c.TLS.Client.CA = ClientCertRequest, "ca.crt"
		}, `tls.client_ca: has no meaning where clients are not asked for a certificate (hint: set tls.client_cert to "request" or "require")`},
		{"demanded by one listener, without an authority", func(c *Config) { c.Listen.ExplicitClientCert = ClientCertRequire },
			"tls.client_cert: nobody could vouch for the certificates (hint: set tls.client_ca)"},
		{"no word for certificates", func(c *Config) { c.Listen.ExplicitClientCert = "maybe" },
			`listen.explicit_client_cert: "maybe" is not known here (hint: one of off, request, require)`},
		{"two free ports", func(c *Config) { c.Listen = ListenConfig{Explicit: Listen{Set: true}, Implicit: Listen{Set: true}} }, ""},
		{"same port, other address", func(c *Config) {
			c.Listen = ListenConfig{Explicit: Listen{Set: true, Host: "192.0.2.1", Port: 21}, Implicit: Listen{Set: true, Host: "192.0.2.2", Port: 21}}
		}, ""},
		{"a listed port is a data port", func(c *Config) { c.Listen.Implicit = Listen{Set: true, Port: 2998} },
			"listen.implicit: port 2998 is one of data.ports (2991-2998) (hint: choose a port outside of them)"},
		{"too many to share", func(c *Config) { c.Data.Ports = PortRange{50000, 50256} },
			`data.ports: 50000-50256 are more than the 256 ports that can be shared (hint: take fewer, 8 are usual, or set data.mode to "exclusive")`},
		{"as many as can be shared", func(c *Config) { c.Data.Ports = PortRange{50000, 50255} }, ""},
		{"exclusive", func(c *Config) { c.Data.Ports, c.Data.Mode = PortRange{50000, 50999}, ModeExclusive }, ""},
		{"fallback of exclusive", func(c *Config) { c.Data.Mode, c.Data.Fallback = ModeExclusive, PortRange{50000, 50999} },
			`data.fallback: has no meaning where data.mode is "exclusive" (hint: remove it)`},
		{"fallback overlaps", func(c *Config) { c.Data.Fallback = PortRange{2998, 3005} },
			"data.fallback: 2998-3005 overlaps data.ports (2991-2998) (hint: choose ports outside of them)"},
		{"a listed port is of the fallback", func(c *Config) {
			c.Data.Fallback, c.Listen.Explicit = PortRange{2100, 2130}, Listen{Set: true, Port: 2121}
		}, "listen.explicit: port 2121 is one of data.fallback (2100-2130) (hint: choose a port outside of them)"},
		{"--user twice", func(c *Config) { c.Accounts = []Account{{Name: "a", Password: "x"}, {Name: "a", Password: "y"}} },
			`account[1].name: "a" is the name of account[0], too (hint: remove one of them)`},
		{"names are bytes", func(c *Config) { c.Accounts = []Account{{Name: "a", Password: "x"}, {Name: "A", Password: "x"}} }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := Default()
			tc.change(&c)
			got := ""
			if err := c.Validate(); err != nil {
				got = err.Error()
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestCheckName is S-23: no account can have a name that is dangerous to others.
func TestCheckName(t *testing.T) {
	for _, good := range []string{"anna", "Anna.B", "anna@example.com", "ä", "%s", "a b", "a:b", "...", strings.Repeat("a", maxUser)} {
		if err := checkName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", ".", "..", "a/b", `a\b`, "/", "a\x00b", "a\r", "a\nb", "a\tb", "\x1b[2J", "a\x7f", " a", "a ",
		strings.Repeat("a", maxUser+1)} {
		if err := checkName(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	for _, tc := range []struct{ text, password, hash string }{
		{"secret", "secret", ""},
		{"secret\n", "secret", ""},
		{" with spaces \n", " with spaces ", ""},
		{"$argon2id$v=19$x\n", "", "$argon2id$v=19$x"},
		{strings.Repeat("a", maxPassword) + "\r\n", strings.Repeat("a", maxPassword), ""},
	} {
		if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, h, err := Account{Name: "a", PasswordFile: file}.Secret()
		if err != nil || p != tc.password || h != tc.hash {
			t.Errorf("%.20q: %.20q, %q, %v", tc.text, p, h, err)
		}
	}
	for text, want := range map[string]string{
		"":                                    "is empty",
		"\nsecret":                            "line break",
		"secret\r\nsecond line\n":             "line break",
		"sec\x00ret":                          "NUL",
		strings.Repeat("a", maxPassword+1):    "is longer than 1024 bytes",
		strings.Repeat("secretsecret", 1<<16): "is longer than 1024 bytes",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, h, err := Account{Name: "a", PasswordFile: file}.Secret()
		if err == nil || p != "" || h != "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.20q: %q, %q, %v", text, p, h, err)
		}
	}
	if p, h, err := (Account{Name: "a", Password: "x"}).Secret(); p != "x" || h != "" || err != nil {
		t.Errorf("plain: %q, %q, %v", p, h, err)
	}
	if p, h, err := (Account{Name: "a", PasswordHash: "x"}).Secret(); p != "" || h != "x" || err != nil {
		t.Errorf("hash: %q, %q, %v", p, h, err)
	}
	if _, _, err := (Account{Name: "a", PasswordFile: file + "2"}).Secret(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestParseListen(t *testing.T) {
	for s, want := range map[string]Listen{
		"":                    {},
		"off":                 {Set: true, Off: true},
		":2121":               {Set: true, Port: 2121},
		":0":                  {Set: true},
		"192.0.2.1:21":        {Set: true, Host: "192.0.2.1", Port: 21},
		"[2001:db8::1]:21":    {Set: true, Host: "2001:db8::1", Port: 21},
		"[fe80::1%eth0]:21":   {Set: true, Host: "fe80::1%eth0", Port: 21},
		"localhost:65535":     {Set: true, Host: "localhost", Port: 65535},
		"ftp.example.com:990": {Set: true, Host: "ftp.example.com", Port: 990},
	} {
		got, err := ParseListen(s)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
		if got.String() != s {
			t.Errorf("%q is written as %q", s, got)
		}
	}
	for _, s := range []string{"2121", ":", "host", "host:", "::1:21", "[::1]", "[::1]21", "[host]:21", "[]:21", "[192.0.2.1]:21", "a b:21", "a/b:21",
		"host:-1", "host:65536", "host:ftp", "host:+21", "host: 21", "OFF", "off:21:", "\x00:21", "::ffff:192.0.2.1:21", strings.Repeat("a", 254) + ":21"} {
		if got, err := ParseListen(s); err == nil || !hinted(err) {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
}

func hinted(err error) bool {
	var h interface{ Hint() string }
	return errors.As(err, &h) && h.Hint() != ""
}

func TestParsePortRange(t *testing.T) {
	for s, want := range map[string]PortRange{"2991-2998": {2991, 2998}, "1": {1, 1}, "1-65535": {1, 65535}} {
		got, err := ParsePortRange(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0", "-", "1-", "-1", "2-1", "0-5", "1-65536", "1 - 2", "1-2-3", "a-b", "1:2"} {
		if got, err := ParsePortRange(s); err == nil || !hinted(err) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	r := PortRange{2991, 2998}
	if r.Len() != 8 || r.Contains(2990) || !r.Contains(2991) || !r.Contains(2998) || r.Contains(2999) {
		t.Errorf("%v has %d ports", r, r.Len())
	}
}

func TestParsePublicAddress(t *testing.T) {
	for s, want := range map[string]PublicAddress{
		"": {}, "same": {},
		"203.0.113.5":     {Addr: netip.MustParseAddr("203.0.113.5")},
		"ftp.example.org": {Name: "ftp.example.org"}, "ftp.example.org.": {Name: "ftp.example.org."}, "1-2.x3": {Name: "1-2.x3"},
	} {
		got, err := ParsePublicAddress(s)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
		if again, err := ParsePublicAddress(got.String()); again != got || err != nil {
			t.Errorf("%q: %v became %v, %v", s, got, again, err)
		}
	}
	for _, s := range []string{"::1", "0.0.0.0", "224.0.0.1", "1.2.3", "1.2.3.999", "::ffff:1.2.3.4", "1.2.3.4:21", "ftp.example.org:21", "a..b", ".a", ".", " same"} {
		if a, err := ParsePublicAddress(s); err == nil {
			t.Errorf("%q was taken as %v", s, a)
		}
	}
}

func TestParseNetworks(t *testing.T) {
	for s, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "10.1.2.3": "10.1.2.3/32", "2001:db8::/32": "2001:db8::/32", "::1": "::1/128", "0.0.0.0/0": "0.0.0.0/0",
	} {
		if p, err := ParseNetwork(s); err != nil || p.String() != want {
			t.Errorf("%q: %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "10.0.0.1/8", "10.0.0.0/33", "fe80::1%eth0", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1", "example.org", "10.0.0.0/8 "} {
		if p, err := ParseNetwork(s); err == nil {
			t.Errorf("%q was taken as %v", s, p)
		}
		if n, err := ParsePublicNetwork(s + "/x = same"); err == nil {
			t.Errorf("%q was taken as %v", s, n)
		}
	}
	for _, s := range []string{"10.0.0.0/8", "10.0.0.0/8 =", "= same", "10.0.0.0/8 = ::1"} {
		if n, err := ParsePublicNetwork(s); err == nil {
			t.Errorf("%q was taken as %v", s, n)
		}
	}
}
