package config

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/certs/acme"
	"github.com/sealane/sealane/internal/guard"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var compare = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})

const full = `
dir = "/srv/files"
state = '/var/lib/sealane'

[listen]
explicit = "192.0.2.1:21"   # with a comment
implicit = "off"
explicit_client_cert = "require"
implicit_client_cert = "request"
legacy = "192.0.2.1:2122"

[data]
ports = "5000-5099"
mode = "shared"
fallback = "6000-6099"
resumption = "require"
public_address = "203.0.113.5"
public_networks = ["10.0.0.0/8 = same", "192.0.2.0/24=ftp.example.org"]
active = true
compression = true

[proxy]
trusted = ["10.1.2.3", "2001:db8::/32"]

[tls]
cert = "/etc/tls/server.crt"
key = "/etc/tls/server.key"
second_cert = "/etc/tls/rsa.crt"
second_key = "/etc/tls/rsa.key"
ocsp_staple = "/etc/tls/server.ocsp"
insecure_plaintext = true
strict_sni = true
client_cert = "require"
client_ca = "/etc/tls/clients.crt"
client_crl = "/etc/tls/clients.crl"

[tls.acme]
names = ["ftp.example.org", "*.files.example.org"]
agree = true
email = "admin@example.org"
directory = "https://acme.example.org/directory"
roots = "/etc/tls/acme-root.crt"
challenges = ["dns-01"]
hook = ["/usr/local/bin/record", "--zone=example.org"]
http_port = 8080
tls_port = 8443
keep_key = true
check_every = "1m"

[[host]]
names = ["a.example.org", "FTP.A.example.org"]
cert = "/etc/tls/a.crt"
key = "/etc/tls/a.key"
greeting = "Welcome to A."

[[host]]
names = ["b.example.org"]

[uploads]
durability = "process"
keep = "2h"

[verbs]
on = ["XCRC", "site rmdir"]
off = ["SITE CHMOD"]
owner_names = true

[accounts]
homes = "/srv/homes"

[[account]]
name = "anna"
password = "a secret"
dir = "/srv/anna"
mounts = ["/archive = /srv/archive (read-only)", "/in/box=/srv/box"]
read_only = true
overwrite = false
hidden_files = false
refuse_names = ["*.exe"]
windows_names = true
uploads = "direct"
durability = "full"
umask = "027"
file_mode = "0660"
dir_mode = "0770"
owner = "1000:100"
groups = ["partners", "100"]
quota_bytes = "10 GiB"
quota_files = 1000
rate_up = "5 MB/s"
rate_down = "500KiB/s"
session_rate_up = "1 kB/s"
session_rate_down = "2 B/s"

[[account]]
name = "ärzte"
password_hash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"

[[account]]
name = "printer"
password_env = "PRINTER_PASSWORD"
disabled = true
expires = "2027-01-31"
networks = ["192.0.2.0/24", "2001:db8::7"]
allow = ["/=list,download", "/in=odd = upload"]

[[account]]
name = "scanner"
host = "ftp.a.example.org"
password_file = "/etc/scanner"
resumption = "off"
legacy_eof = true
sessions = 3
certificate = "either"
certificates = ["cn:scanner 7", "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]

[guard]
failures = 5
network_failures = 25
window = "30m"
delay_max = "3s"
ban = "1h"
ban_max = "8784h"
trust = "2160h"
allow = ["10.0.0.0/8", "2001:db8::7"]
deny = ["198.51.100.0/24"]
handshakes = 500
handshakes_per_address = 50
hashes = 2
hashes_waiting = 100

[limits]
sessions = 10
sessions_per_address = 2
idle = "1h30m"
login = "5s"
stall = "10s"
grace = "168h"

[log]
format = "json"

[control]
socket = "/run/sealane.sock"

[trail]
file = true
dir = "/var/log/sealane"
required = true
max_size = "1 MiB"
max_age = "1h"
keep = 7
keep_days = 90
sync = "batch"
checkpoint = 100
syslog = "tcp://log.example.org:601"
journald = true
hash = true
`

func fullConfig() Config {
	umask := uint32(0o027)
	return Config{
		Uploads: UploadsConfig{Durability: DurabilityProcess, Keep: 2 * time.Hour},
		Verbs:   VerbsConfig{On: []string{"XCRC", "SITE RMDIR"}, Off: []string{"SITE CHMOD"}, OwnerNames: true},
		Dir:     "/srv/files", State: "/var/lib/sealane", Homes: "/srv/homes",
		Listen: ListenConfig{Explicit: Listen{Set: true, Host: "192.0.2.1", Port: 21}, Implicit: Listen{Set: true, Off: true},
			Legacy: Listen{Set: true, Host: "192.0.2.1", Port: 2122}, ExplicitClientCert: ClientCertRequire, ImplicitClientCert: ClientCertRequest},
		Data: DataConfig{Ports: PortRange{5000, 5099}, Mode: ModeShared, Fallback: PortRange{6000, 6099},
			Resumption: ResumptionRequire, PublicAddress: PublicAddress{Addr: netip.MustParseAddr("203.0.113.5")},
			PublicNetworks: []PublicNetwork{
				{Network: netip.MustParsePrefix("10.0.0.0/8")},
				{Network: netip.MustParsePrefix("192.0.2.0/24"), Address: PublicAddress{Name: "ftp.example.org"}},
			},
			Active: true, Compression: true},
		Proxy: ProxyConfig{Trusted: []netip.Prefix{netip.MustParsePrefix("10.1.2.3/32"), netip.MustParsePrefix("2001:db8::/32")}},
		TLS: TLSConfig{Cert: "/etc/tls/server.crt", Key: "/etc/tls/server.key", SecondCert: "/etc/tls/rsa.crt", SecondKey: "/etc/tls/rsa.key", Staple: "/etc/tls/server.ocsp", InsecurePlaintext: true, StrictSNI: true,
			Client: ClientCertConfig{Ask: ClientCertRequire, CA: "/etc/tls/clients.crt", CRL: "/etc/tls/clients.crl"},
			ACME: ACMEConfig{Names: []string{"ftp.example.org", "*.files.example.org"}, Agree: true, Email: "admin@example.org",
				Directory: "https://acme.example.org/directory", Roots: "/etc/tls/acme-root.crt", Challenges: []acme.Challenge{acme.DNS01},
				Hook: []string{"/usr/local/bin/record", "--zone=example.org"}, HTTPPort: 8080, TLSPort: 8443, KeepKey: true, CheckEvery: time.Minute}},
		Hosts: []Host{
			{Names: []string{"a.example.org", "ftp.a.example.org"}, Cert: "/etc/tls/a.crt", Key: "/etc/tls/a.key", Greeting: "Welcome to A."},
			{Names: []string{"b.example.org"}},
		},
		Accounts: []Account{
			{Name: "anna", Password: "a secret", Storage: Storage{
				Dir: "/srv/anna", Mounts: []Mounted{{At: "/archive", Dir: "/srv/archive", ReadOnly: true}, {At: "/in/box", Dir: "/srv/box"}},
				ReadOnly: true, NoOverwrite: true, HideDots: true, Refuse: []string{"*.exe"}, Windows: true,
				Uploads: UploadsDirect, Durability: DurabilityFull, Umask: &umask, FileMode: 0o660, DirMode: 0o770,
				Owner: &Owner{UID: 1000, GID: 100}, Groups: []string{"partners", "100"},
				QuotaBytes: 10 << 30, QuotaFiles: 1000, RateUp: 5e6, RateDown: 500 << 10, SessionUp: 1000, SessionDown: 2,
			}},
			{Name: "ärzte", PasswordHash: "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"},
			{Name: "printer", PasswordEnv: "PRINTER_PASSWORD",
				Admission: auth.Admission{Disabled: true, Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
					Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::7/128")}},
				Storage: Storage{Rules: []auth.Rule{{Folder: "/", Allow: auth.RightList | auth.RightDownload}, {Folder: "/in=odd", Allow: auth.RightUpload}}}},
			{Name: "scanner", PasswordFile: "/etc/scanner", Host: "ftp.a.example.org", Resumption: ResumptionOff, LegacyEOF: true, Sessions: 3,
				Certificate: CertificateEither, Certificates: []auth.CertificateRule{
					{Kind: auth.CertificateCN, Value: "scanner 7"}, {Kind: auth.CertificateKey, Value: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
				}},
		},
		Limits: Limits{Sessions: 10, SessionsPerAddress: 2, Idle: 90 * time.Minute, Login: 5 * time.Second,
			Stall: 10 * time.Second, Grace: 168 * time.Hour},
		Guard: guard.Policy{Failures: 5, NetworkFailures: 25, Window: 30 * time.Minute, DelayMax: 3 * time.Second, Ban: time.Hour,
			BanMax: 366 * 24 * time.Hour, Trust: 90 * 24 * time.Hour,
			Allow:      []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::7/128")},
			Deny:       []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")},
			Handshakes: 500, HandshakesPerAddress: 50, Hashes: 2, HashesWaiting: 100},
		Log: Log{Format: FormatJSON}, Control: Control{Socket: "/run/sealane.sock"},
		Trail: TrailConfig{File: true, Dir: "/var/log/sealane", Required: true, MaxSize: 1 << 20, MaxAge: time.Hour, Keep: 7, KeepDays: 90,
			Sync: TrailSyncBatch, Every: 100, Syslog: Syslog{"tcp", "log.example.org:601"}, Journald: true, Hash: true},
	}
}

func TestParse(t *testing.T) {
	inline := `listen = {explicit = ":2121"}
account = [{name = "anna", password = "x"}, {name = "bob", password = "y"}]
data.ports = "7000"
`
	inlineConfig := Default()
	inlineConfig.Listen.Explicit = Listen{Set: true, Port: 2121}
	inlineConfig.Accounts = []Account{{Name: "anna", Password: "x"}, {Name: "bob", Password: "y"}}
	inlineConfig.Data.Ports = PortRange{7000, 7000}
	for _, tc := range []struct {
		name, text string
		want       Config
	}{
		{"empty", "", Default()},
		{"comments", "# nothing\r\n\r\n", Default()},
		{"byte order mark", "\ufeff[log]\nformat = 'text'", Default()},
		{"every setting", full, fullConfig()},
		{"inline", inline, inlineConfig},
	} {
		got, err := Parse("x.toml", []byte(tc.text))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if d := cmp.Diff(tc.want, got, compare); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
}

// TestFullIsFull holds that the test above sets every setting there is.
func TestFullIsFull(t *testing.T) {
	here := map[string]bool{}
	for _, k := range scan(full) {
		here[k.row] = true
	}
	for _, s := range settings() {
		if !here[s.key] {
			t.Errorf("%s is not set in the test of every setting", s.key)
		}
		if (s.set == nil) != s.listed() || s.account != nil && s.host != nil || s.doc == "" {
			t.Errorf("row %s of the table is not complete", s.key)
		}
	}
}

func TestParseMistakes(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"syntax", "dir = \"a\"\nstate = b\n", `x.toml:2: expected value but found "b" instead (hint: this is not TOML; see https://toml.io)`},
		{"set twice", "dir = 'a'\ndir = 'b'\n", `x.toml:2: Key 'dir' has already been defined. (hint: this is not TOML; see https://toml.io)`},
		{"unknown", "[limits]\n\nsesions = 3\n", `x.toml:3: unknown key limits.sesions (hint: did you mean sessions?)`},
		{"case", "[limits]\nIdle = '5m'\n", `x.toml:2: unknown key limits.Idle (hint: did you mean idle?)`},
		{"wrong place", "explicit = ':21'\n", `x.toml:1: unknown key explicit (hint: explicit belongs into the section listen)`},
		{"far off", "[log]\nwhatever = 1\n", `x.toml:2: unknown key log.whatever (hint: known here: format)`},
		{"section", "[limit]\nidle = '5m'\nlogin = '5m'\n", `x.toml:1: unknown key limit (hint: did you mean limits?)`},
		{"below a setting", "[log]\nformat.x = 1\n", `x.toml:2: unknown key log.format.x (hint: remove it)
x.toml:2: log.format: must be "text" or "json" (hint: in quotes)`},
		{"strange name", "[log]\n\"a b\" = 1\n", `x.toml:2: unknown key log."a b" (hint: known here: format)`},
		{"third account", `[[account]]
name = "a"
password = "name = 'b'"
[[account]]
name = "b"
password = """
[[account]]
nme = 1"""
[[account]]
nme = "c"
password = "x"
`, `x.toml:6: account[1].password: holds NUL or a line break, which FTP cannot send (hint: choose another)
x.toml:9: account[2].name: is empty (hint: give it the name that the client logs in with)
x.toml:10: unknown key account.nme (hint: did you mean name?)`},
		{"inline accounts", "account = [\n {name='a', password='x'}, # }\n {name='b',\n  pasword='x'},\n]\n",
			`x.toml:3: account[1]: has no password (hint: set password, password_hash, password_file or password_env)
x.toml:4: unknown key account.pasword (hint: did you mean password?)`},
		{"one bracket", "[account]\nname = 'a'\n", `x.toml:1: account: must be a list of sections (hint: write [[account]], with two brackets, above each)`},
		{"list of other things", "account = [1]\n", `x.toml:1: account: must be a list of sections (hint: write [[account]], with two brackets, above each)`},
		{"not a section", "listen = ':21'\n", `x.toml:1: listen: must be a section (hint: write [listen] on a line of its own, and its settings below)`},
		{"two brackets", "[[listen]]\nexplicit = ':21'\n", `x.toml:1: listen: must be a section (hint: write [listen] on a line of its own, and its settings below)`},
		{"types", `dir = 1
state = ""
[limits]
sessions = "10"
sessions_per_address = 0
idle = 300
login = "0s"
stall = "-1m"
grace = "169h"
[tls]
insecure_plaintext = "yes"
[log]
format = "xml"
`, `x.toml:1: dir: must be a text (hint: put it in quotes)
x.toml:2: state: is empty (hint: name a file or folder, or remove the line)
x.toml:4: limits.sessions: must be a whole number from 1 to 2147483647 (hint: without quotes)
x.toml:5: limits.sessions_per_address: must be a whole number from 1 to 2147483647 (hint: without quotes)
x.toml:6: limits.idle: must be a time (hint: write "90s", "5m" or "1h30m", in quotes)
x.toml:7: limits.login: must be a time from 1s to 168h (hint: write "90s", "5m" or "1h30m")
x.toml:8: limits.stall: must be a time from 1s to 168h (hint: write "90s", "5m" or "1h30m")
x.toml:9: limits.grace: must be a time from 1s to 168h (hint: write "90s", "5m" or "1h30m")
x.toml:11: tls.insecure_plaintext: must be true or false (hint: without quotes)
x.toml:13: log.format: must be "text" or "json" (hint: in quotes)`},
		{"addresses", `[data]
public_address = "::1"
ports = "10-5"
[listen]
implicit = ":99999"
explicit = "2121"
`, `x.toml:2: data.public_address: "::1" is not an IPv4 address or name of a host (hint: write the IPv4 address that clients connect to, its name in DNS, or "same"; IPv6 needs none)
x.toml:3: data.ports: the range 10-5 is empty (hint: write the lower port first)
x.toml:5: listen.implicit: "99999" is not a port from 0 to 65535 (hint: write digits only, without spaces)
x.toml:6: listen.explicit: "2121" is not HOST:PORT (hint: write ":2121" for every address, "192.0.2.1:2121" or "[2001:db8::1]:2121" for one, or "off")`},
		{"clash", "[listen]\nexplicit = ':2121'\nimplicit = '192.0.2.1:2121'\n[data]\nports = '2100-2200'\n",
			`x.toml:2: listen.explicit: port 2121 is one of data.ports (2100-2200) (hint: choose a port outside of them)
x.toml:3: listen.implicit: 192.0.2.1:2121 is taken by listen.explicit (hint: choose another port)
x.toml:3: listen.implicit: port 2121 is one of data.ports (2100-2200) (hint: choose a port outside of them)`},
		{"both off", "[listen]\nexplicit = 'off'\nimplicit = 'off'\n", `x.toml:3: listen.implicit: is off, and listen.explicit is too (hint: leave one of them on)`},
		{"networks", `proxy.trusted = "10.0.0.0/8"
[data]
public_networks = ["10.0.0.0/8 = same", "10.0.0.0/8 = 192.0.2.1"]
[[account]]
name = "anna"
password = "x"
resumption = "never"
legacy_eof = 1
`, `x.toml:1: proxy.trusted: must be a list of texts (hint: write ["...", "..."])
x.toml:3: data.public_networks: 10.0.0.0/8 is there twice (hint: remove one of them)
x.toml:7: account[0].resumption: "never" is not known here (hint: one of auto, require, off)
x.toml:8: account[0].legacy_eof: must be true or false (hint: without quotes)`},
		{"networks of other forms", "[proxy]\ntrusted = [\n  '10.1.2.3/8',\n]\n[data]\npublic_networks = [7]\n",
			`x.toml:2: proxy.trusted: "10.1.2.3/8" is an address in a network, not the network (hint: write 10.0.0.0/8)
x.toml:6: data.public_networks: must be a text (hint: put it in quotes)`},
		{"cert alone", "[tls]\ncert = 'a'\n", `x.toml:2: tls.cert: has no key (hint: set tls.key too)`},
		{"key alone", "tls.key = 'a'\n", `x.toml:1: tls.key: has no certificate (hint: set tls.cert too)`},
		{"wrong key, no second complaint", "[tls]\ncert = 'a'\nkey = 1\n", `x.toml:3: tls.key: must be a text (hint: put it in quotes)`},
		{"passwords", `[[account]]
name = "none"
[[account]]
name = "two"
password = "x"
password_hash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"
[[account]]
name = "empty"
password = ""
[[account]]
name = "swapped"
password_hash = "secret"
[[account]]
name = "none"
password_file = "x"
`, `x.toml:1: account[0]: has no password (hint: set password, password_hash, password_file or password_env)
x.toml:3: account[1]: has more than one password (hint: keep one of password, password_hash, password_file and password_env)
x.toml:9: account[2].password: is empty (hint: give one that is hard to guess)
x.toml:12: account[3].password_hash: is not a usable password hash: it is not of argon2id, argon2i, bcrypt ($2b$), sha512-crypt ($6$) or PBKDF2 (hint: a plain password goes into password)
x.toml:14: account[4].name: "none" is the name of account[0], too (hint: remove one of them)`},
		{"too large", strings.Repeat("#", maxFile+1), `x.toml: the file is larger than 1 MiB (hint: check the path)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := Parse("x.toml", []byte(tc.text))
			if err == nil {
				t.Fatal("no mistake was found")
			}
			if d := cmp.Diff(tc.want, err.Error()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if d := cmp.Diff(Config{}, c, compare); d != "" {
				t.Errorf("settings in spite of the mistake:\n%s", d)
			}
			if e := (*Error)(nil); !errors.As(err, &e) || e.File != "x.toml" {
				t.Errorf("no *Error in %v", err)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sealane.toml")
	abs := filepath.Join(dir, "elsewhere", "server.key")
	text := "dir = 'files'\nstate = '../state'\n[tls]\ncert = 'server.crt'\nkey = '" + abs + "'\n" +
		"[[account]]\nname = 'a'\npassword_file = 'a.password'\n[[account]]\nname = 'b'\npassword = 'x'\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Dir, want.State = filepath.Join(dir, "files"), filepath.Join(filepath.Dir(dir), "state")
	want.TLS.Cert, want.TLS.Key = filepath.Join(dir, "server.crt"), abs
	want.Accounts = []Account{{Name: "a", PasswordFile: filepath.Join(dir, "a.password")}, {Name: "b", Password: "x"}}
	if d := cmp.Diff(want, got, compare); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := Load(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(file, []byte("\ndirr = 'x'"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || err.Error() != file+":2: unknown key dirr (hint: did you mean dir?)" {
		t.Errorf("mistake in a file: %v", err)
	}
}

// TestWriteExample holds that the example is true: as it is it sets nothing,
// and each of its settings is taken.
// acmeBeside is what a setting of [tls.acme] needs beside it.
func acmeBeside(name string) string {
	beside := map[string]string{"names": "['a.example']", "agree": "true", "challenges": "['http-01']"}
	if name == "hook" {
		beside["challenges"] = "['dns-01']"
	}
	delete(beside, name)
	var b strings.Builder
	for key, value := range beside {
		b.WriteString(key + " = " + value + "\n")
	}
	return b.String()
}

func TestWriteExample(t *testing.T) {
	var b strings.Builder
	if err := WriteExample(&b); err != nil {
		t.Fatal(err)
	}
	got, err := Parse("example", []byte(b.String()))
	if err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(Default(), got, compare); d != "" {
		t.Errorf("the example sets something (-default +got):\n%s", d)
	}
	for _, s := range settings() {
		in, name := split(s.key)
		line := "# " + name + " = " + s.example + "\n"
		if !strings.Contains(b.String(), line) {
			t.Errorf("the example lacks %q", line)
		}
		text := line[2:]
		switch {
		case s.key == "tls.cert":
			text += "key = 'x'\n"
		case s.key == "tls.key":
			text += "cert = 'x'\n"
		case s.key == "tls.second_cert":
			text += "cert = 'x'\nkey = 'x'\nsecond_key = 'x'\n"
		case s.key == "tls.second_key":
			text += "cert = 'x'\nkey = 'x'\nsecond_cert = 'x'\n"
		case s.key == "tls.strict_sni":
			text += "[[host]]\nnames = ['x']\n"
		case s.key == "host.cert":
			text += "names = ['x']\nkey = 'x'\n"
		case s.key == "host.key":
			text += "names = ['x']\ncert = 'x'\n"
		case s.key == "host.greeting":
			text += "names = ['x']\n"
		case s.key == "account.host":
			text += "name = 'x'\npassword = 'x'\n[[host]]\nnames = [" + s.example + "]\n"
		case s.key == "tls.ocsp_staple":
			text += "cert = 'x'\nkey = 'x'\n"
		case s.key == "tls.client_ca":
			text += "client_cert = 'request'\n"
		case s.key == "tls.client_crl":
			text += "client_cert = 'request'\nclient_ca = 'x'\n"
		case s.key == "account.certificate":
			text += "name = 'x'\npassword = 'x'\n[tls]\nclient_cert = 'request'\nclient_ca = 'x'\n"
		case s.key == "account.certificates":
			text += "certificate = 'both'\nname = 'x'\npassword = 'x'\n[tls]\nclient_cert = 'request'\nclient_ca = 'x'\n"
		case in == "tls.acme":
			text += acmeBeside(name)
		case s.key == "account.name":
			text += "password = 'x'\n"
		case s.account != nil && strings.HasPrefix(name, "password"):
			text += "name = 'x'\n"
		case s.account != nil:
			text += "name = 'x'\npassword = 'x'\n"
		}
		switch {
		case s.listed():
			text = "[[" + in + "]]\n" + text
		case in != "":
			text = "[" + in + "]\n" + text
		}
		if _, err := Parse("example", []byte(text)); err != nil {
			t.Error(err)
		}
	}
}
