package config

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/sealane/sealane/internal/guard"
)

// Config is the settings of a server. Each field's meaning stands in the table
// of settings.go under the key that is its name in the file.
type Config struct {
	Dir      string
	State    string
	Listen   ListenConfig
	Data     DataConfig
	Proxy    ProxyConfig
	TLS      TLSConfig
	Uploads  UploadsConfig
	Verbs    VerbsConfig
	Hosts    []Host
	Homes    string // accounts.homes; empty: none
	Accounts []Account
	Limits   Limits
	Guard    guard.Policy
	Log      Log
	Trail    TrailConfig
	Control  Control
}

// ListenConfig is the section [listen].
type ListenConfig struct {
	Explicit Listen
	Implicit Listen
	Legacy   Listen // zero or off: none; else it has a Host
	// As ClientCertConfig.Ask; empty: that one counts.
	ExplicitClientCert string
	ImplicitClientCert string
}

// DataConfig is the section [data].
type DataConfig struct {
	Ports         PortRange
	Mode          string    // ModeShared or ModeExclusive
	Fallback      PortRange // zero: none
	Resumption    string    // ResumptionAuto, ResumptionRequire or ResumptionOff
	PublicAddress PublicAddress
	// PublicNetworks goes over PublicAddress for the clients of some networks; of
	// those that hold a client the smallest counts.
	PublicNetworks []PublicNetwork
	Active         bool
	Compression    bool
}

// ProxyConfig is the section [proxy].
type ProxyConfig struct {
	Trusted []netip.Prefix // none: no headers are looked for
}

// TLSConfig is the section [tls].
type TLSConfig struct {
	Cert              string
	Key               string
	SecondCert        string // for clients that cannot use Cert
	SecondKey         string
	Staple            string // file with an OCSP response for Cert
	InsecurePlaintext bool
	StrictSNI         bool
	ACME              ACMEConfig
	Client            ClientCertConfig
}

// Limits is the section [limits]. Every one of them is above zero.
type Limits struct {
	Sessions           int
	SessionsPerAddress int
	Idle               time.Duration
	Login              time.Duration
	Stall              time.Duration
	Grace              time.Duration
}

// Log is the section [log].
type Log struct {
	Format string // FormatText or FormatJSON
}

// Control is the section [control].
type Control struct {
	Socket string // a path, ControlOff, or empty: in the state folder
}

// ControlOff is Control.Socket where there is none.
const ControlOff = "off"

// The values of DataConfig.Mode.
const (
	ModeShared    = "shared"
	ModeExclusive = "exclusive"
)

// The values of DataConfig.Resumption.
const (
	ResumptionAuto    = "auto"
	ResumptionRequire = "require"
	ResumptionOff     = "off"
)

// MaxSharedPorts bounds data.ports in shared mode, where each of them is open all
// the time.
const MaxSharedPorts = 256

// The values of Log.Format.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// Default gives the settings of a server without a file.
func Default() Config {
	return Config{
		Data:    DataConfig{Ports: PortRange{From: 2991, To: 2998}, Mode: ModeShared, Resumption: ResumptionAuto},
		TLS:     TLSConfig{Client: ClientCertConfig{Ask: ClientCertOff}},
		Uploads: UploadsConfig{Durability: DurabilityFull, Keep: 24 * time.Hour},
		Limits: Limits{
			Sessions:           10_000,
			SessionsPerAddress: 1_000,
			Idle:               10 * time.Minute,
			Login:              time.Minute,
			Stall:              time.Minute,
			Grace:              30 * time.Second,
		},
		Guard: guard.DefaultPolicy(),
		Log:   Log{Format: FormatText},
		Trail: defaultTrail(),
	}
}

// maxFile bounds a file of settings: 1 MiB is some five thousand accounts.
const maxFile = 1 << 20

// Load reads the file at path as [Parse] does. Relative paths in it mean files
// beside it, wherever the server is started from.
func Load(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, &unreadable{path, err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Config{}, &unreadable{path, err}
	}
	c, err := Parse(path, data)
	if err != nil {
		return Config{}, err
	}
	c.resolve(filepath.Dir(path))
	return c, nil
}

func (c *Config) resolve(dir string) {
	paths := []*string{&c.Dir, &c.State, &c.Homes, &c.Trail.Dir, &c.TLS.Cert, &c.TLS.Key, &c.TLS.SecondCert, &c.TLS.SecondKey, &c.TLS.Staple, &c.TLS.ACME.Roots, &c.TLS.Client.CA, &c.TLS.Client.CRL}
	for i := range c.Hosts {
		paths = append(paths, &c.Hosts[i].Cert, &c.Hosts[i].Key)
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		paths = append(paths, &a.PasswordFile, &a.Storage.Dir)
		for j := range a.Storage.Mounts {
			paths = append(paths, &a.Storage.Mounts[j].Dir)
		}
	}
	if c.Control.Socket != ControlOff {
		paths = append(paths, &c.Control.Socket)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}

// Parse reads settings over those of [Default] and validates them. name stands
// for the file in messages. The error joins one *Error for each mistake, in the
// order of lines; a mistake of TOML's own syntax is the only one reported. Where
// there is an error the Config is empty.
func Parse(name string, data []byte) (Config, error) {
	if len(data) > maxFile {
		return Config{}, &Error{File: name, Message: "the file is larger than 1 MiB", Hint: "check the path"}
	}
	tree := map[string]any{}
	if _, err := toml.Decode(string(data), &tree); err != nil {
		return Config{}, syntaxError(name, err)
	}
	d := decoder{config: Default(), keys: scan(string(data))}
	d.unknownKeys()
	d.decode(tree)
	d.found = append(d.found, d.config.check(d.wrong())...)
	if len(d.found) > 0 {
		return Config{}, d.errors(name)
	}
	return d.config, nil
}

// Partly reads the file at path as [Load] does, but for the mistakes: it gives the settings that
// are right, if those with the given keys are among them. It is for who must reach a server
// while somebody edits its settings.
func Partly(path string, keys ...string) (Config, bool) {
	data, err := os.ReadFile(path)
	tree := map[string]any{}
	if err != nil || len(data) > maxFile {
		return Config{}, false
	}
	if _, err := toml.Decode(string(data), &tree); err != nil {
		return Config{}, false
	}
	d := decoder{config: Default(), keys: scan(string(data))}
	d.decode(tree)
	for _, key := range keys {
		if d.wrong()[key] {
			return Config{}, false
		}
	}
	d.config.resolve(filepath.Dir(path))
	return d.config, true
}

func syntaxError(name string, err error) error {
	e := &Error{File: name, Message: err.Error(), Hint: "this is not TOML; see https://toml.io"}
	var p toml.ParseError
	if errors.As(err, &p) {
		e.Line, e.Message = p.Position.Line, p.Message
	}
	return e
}
