package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealane/sealane/auth"
)

// Account is the record of one account.
type Account struct {
	Name         string
	Group        string // whose settings count where the account has none; empty: none
	PasswordHash string // empty: no password is right
	Disabled     bool
	// Certificates say which client certificates are its own, see
	// Settings.Certificate; none: those of its name (CN).
	Certificates []auth.CertificateRule
	// SecondFactor is the secret of its one-time passwords, MinSecret to MaxSecret
	// bytes; empty: it has none. RecoveryCodes are the sums of codes that each may
	// take the place of one, once, see [NewRecoveryCodes].
	SecondFactor  []byte
	RecoveryCodes [][sha256.Size]byte
	Settings

	// Kept by the store, in UTC; what a caller sets is not looked at.
	Created   time.Time
	LastLogin time.Time // to a minute; zero: never
}

// Group is a template of accounts.
type Group struct {
	Name     string
	Disabled bool // none of its accounts logs in
	Settings
}

// Settings are what an account and a group may each set; nil: unset. An empty
// list is set, to nothing.
type Settings struct {
	Expires     *time.Time     `json:"expires,omitzero"` // zero time: never
	Networks    []netip.Prefix `json:"networks,omitzero"`
	Certificate *string        `json:"certificate,omitzero"`
	Host        *string        `json:"host,omitzero"`
	Sessions    *int           `json:"sessions,omitzero"`
	Resumption  *string        `json:"resumption,omitzero"`
	LegacyEOF   *bool          `json:"legacy_eof,omitzero"`
	Dir         *string        `json:"dir,omitzero"`
	Mounts      []auth.Mount   `json:"mounts,omitzero"`
	Rules       []auth.Rule    `json:"rules,omitzero"`
	Durability  *string        `json:"durability,omitzero"`
	Uploads     *string        `json:"uploads,omitzero"`
	ReadOnly    *bool          `json:"read_only,omitzero"`
	NoOverwrite *bool          `json:"no_overwrite,omitzero"`
	HideDots    *bool          `json:"hide_dots,omitzero"`
	Windows     *bool          `json:"windows_names,omitzero"`
	Refuse      []string       `json:"refuse_names,omitzero"`
	Umask       *uint32        `json:"umask,omitzero"`
	FileMode    *uint32        `json:"file_mode,omitzero"`
	DirMode     *uint32        `json:"dir_mode,omitzero"`
	Owner       *auth.Owner    `json:"owner,omitzero"`
	OSGroups    []string       `json:"os_groups,omitzero"`
	QuotaBytes  *int64         `json:"quota_bytes,omitzero"`
	QuotaFiles  *int64         `json:"quota_files,omitzero"`
	RateUp      *int64         `json:"rate_up,omitzero"`
	RateDown    *int64         `json:"rate_down,omitzero"`
	SessionUp   *int64         `json:"session_rate_up,omitzero"`
	SessionDown *int64         `json:"session_rate_down,omitzero"`
}

// The values of Settings.Certificate: what a client certificate of the account is in
// its login. Where it is a second factor, as in both, one-time passwords may be a third;
// an account that has those needs its password in any case.
const (
	CertificateIgnored = auth.CertificateIgnored
	CertificateAlone   = auth.CertificateAlone
	CertificateBoth    = auth.CertificateBoth
	CertificateEither  = auth.CertificateEither
)

// The values of Settings.Resumption; see auth.Resumption.
const (
	ResumptionAuto    = "auto"
	ResumptionRequire = "require"
	ResumptionOff     = "off"
)

// Or gives s with what it does not set taken from template.
func (s Settings) Or(template Settings) Settings {
	own, other := reflect.ValueOf(&s).Elem(), reflect.ValueOf(template)
	for i := range own.NumField() { // every field is a pointer or a list: TestSettings
		if own.Field(i).IsNil() {
			own.Field(i).Set(other.Field(i))
		}
	}
	return s
}

// Describe gives what the account may do, from its settings and its group's.
func (a Account) Describe(g Group) auth.Account {
	s := a.Or(g.Settings)
	return auth.Account{
		Name: a.Name, Host: value(s.Host), Sessions: value(s.Sessions),
		Data: auth.DataPolicy{Resumption: resumption(value(s.Resumption)), LegacyEOF: value(s.LegacyEOF)},
		Storage: auth.Storage{
			Dir: value(s.Dir), Mounts: s.Mounts, Rules: s.Rules,
			Durability: value(s.Durability), Uploads: value(s.Uploads),
			ReadOnly: value(s.ReadOnly), NoOverwrite: value(s.NoOverwrite), HideDots: value(s.HideDots),
			Windows: value(s.Windows), Refuse: s.Refuse,
			Umask: s.Umask, FileMode: value(s.FileMode), DirMode: value(s.DirMode), Owner: s.Owner, Groups: s.OSGroups,
			QuotaBytes: value(s.QuotaBytes), QuotaFiles: value(s.QuotaFiles),
			RateUp: value(s.RateUp), RateDown: value(s.RateDown),
			SessionUp: value(s.SessionUp), SessionDown: value(s.SessionDown),
		},
	}
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func resumption(s string) auth.Resumption {
	switch s {
	case ResumptionAuto:
		return auth.ResumptionAuto
	case ResumptionRequire:
		return auth.ResumptionRequire
	case ResumptionOff:
		return auth.ResumptionOff
	}
	return auth.ResumptionDefault
}

// Bounds of what one account or group holds.
const (
	MaxRules     = 256  // of Mounts, Rules, Networks, Refuse, OSGroups, Certificates each
	MaxText      = 4096 // bytes of a path, a pattern or another text
	MinSecret    = 16   // bytes: RFC 4226 §4, R6
	MaxSecret    = 64
	MaxRecovery  = 100
	maxHashBytes = 512
)

// Check says what keeps an account from being kept. Errors wrap ErrInvalid, and
// hold nothing that is secret.
func (a Account) Check() error {
	if err := CheckName(a.Name); err != nil {
		return err
	}
	if a.Group != "" {
		if err := CheckName(a.Group); err != nil {
			return fmt.Errorf("group: %w", err)
		}
	}
	switch n := len(a.SecondFactor); {
	case n != 0 && (n < MinSecret || n > MaxSecret):
		return fmt.Errorf("%w: the secret of one-time passwords has %d bytes, needs %d to %d", ErrInvalid, n, MinSecret, MaxSecret)
	case len(a.RecoveryCodes) > MaxRecovery:
		return fmt.Errorf("%w: more than %d recovery codes", ErrInvalid, MaxRecovery)
	case len(a.PasswordHash) > maxHashBytes || !utf8.ValidString(a.PasswordHash) || strings.ContainsAny(a.PasswordHash, "\x00\r\n"):
		return fmt.Errorf("%w: the password's hash is not one", ErrInvalid)
	case len(a.Certificates) > MaxRules:
		return fmt.Errorf("%w: more than %d certificates", ErrInvalid, MaxRules)
	}
	for _, c := range a.Certificates {
		if again, err := auth.ParseCertificateRule(c.String()); err != nil || again != c || !utf8.ValidString(c.Value) {
			return fmt.Errorf("%w: a rule for certificates is not one", ErrInvalid)
		}
	}
	return a.Settings.check()
}

// Check says what keeps a group from being kept, as that of Account does.
func (g Group) Check() error {
	if err := CheckName(g.Name); err != nil {
		return err
	}
	return g.Settings.check()
}

func (s Settings) check() error {
	return errors.Join(
		oneOf("certificate", value(s.Certificate), CertificateIgnored, CertificateAlone, CertificateBoth, CertificateEither),
		oneOf("resumption", value(s.Resumption), ResumptionAuto, ResumptionRequire, ResumptionOff),
		oneOf("durability", value(s.Durability), auth.DurabilityFull, auth.DurabilityProcess),
		oneOf("uploads", value(s.Uploads), auth.UploadsAtomic, auth.UploadsDirect),
		atLeastNone("sessions", int64(value(s.Sessions))),
		atLeastNone("quota_bytes", value(s.QuotaBytes)), atLeastNone("quota_files", value(s.QuotaFiles)),
		atLeastNone("rate_up", value(s.RateUp)), atLeastNone("rate_down", value(s.RateDown)),
		atLeastNone("session_rate_up", value(s.SessionUp)), atLeastNone("session_rate_down", value(s.SessionDown)),
		permissions("umask", s.Umask), permissions("file_mode", s.FileMode), permissions("dir_mode", s.DirMode),
		text("host", value(s.Host)), text("dir", value(s.Dir)),
		texts("refuse_names", s.Refuse), texts("os_groups", s.OSGroups),
		s.checkFolders(), s.checkNetworks(),
	)
}

func (s Settings) checkFolders() error {
	var paths []string
	for _, m := range s.Mounts {
		if len(m.At) < 2 || m.At[0] != '/' {
			return fmt.Errorf("%w: a mount is not at a path from / on", ErrInvalid)
		}
		paths = append(paths, m.At, m.Dir)
	}
	for _, r := range s.Rules {
		if r.Folder == "" || r.Folder[0] != '/' || r.Allow&^auth.RightsAll != 0 {
			return fmt.Errorf("%w: a rule is not for a path from / on, or gives what is no right", ErrInvalid)
		}
		paths = append(paths, r.Folder)
	}
	if len(s.Mounts) > MaxRules || len(s.Rules) > MaxRules {
		return fmt.Errorf("%w: more than %d mounts or rules", ErrInvalid, MaxRules)
	}
	for _, p := range paths {
		if p == "" {
			return fmt.Errorf("%w: a mount has no folder", ErrInvalid)
		}
		if err := text("a folder", p); err != nil {
			return err
		}
	}
	return nil
}

func (s Settings) checkNetworks() error {
	wrong := func(p netip.Prefix) bool { return !p.IsValid() || p.Addr().Is4In6() }
	if len(s.Networks) > MaxRules || slices.ContainsFunc(s.Networks, wrong) {
		return fmt.Errorf("%w: networks: more than %d, or one that is none of IPv4 or IPv6", ErrInvalid, MaxRules)
	}
	return nil
}

func oneOf(field, v string, choice ...string) error {
	if v == "" || slices.Contains(choice, v) {
		return nil
	}
	return fmt.Errorf("%w: %s must be one of %q", ErrInvalid, field, choice)
}

func atLeastNone(field string, n int64) error {
	if n < 0 {
		return fmt.Errorf("%w: %s is below zero", ErrInvalid, field)
	}
	return nil
}

func permissions(field string, bits *uint32) error {
	if value(bits) > 0o777 {
		return fmt.Errorf("%w: %s is not of 0 to 0777", ErrInvalid, field)
	}
	return nil
}

func texts(field string, list []string) error {
	if len(list) > MaxRules {
		return fmt.Errorf("%w: more than %d in %s", ErrInvalid, MaxRules, field)
	}
	for _, s := range list {
		if s == "" {
			return fmt.Errorf("%w: %s holds an empty text", ErrInvalid, field)
		}
		if err := text(field, s); err != nil {
			return err
		}
	}
	return nil
}

func text(field, s string) error {
	if len(s) > MaxText || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r\n") {
		return fmt.Errorf("%w: %s is longer than %d bytes, not UTF-8, or holds NUL or a line break", ErrInvalid, field, MaxText)
	}
	return nil
}
