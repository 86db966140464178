package cli

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/config"
)

// userSetting is one row of the table of what can be set of accounts and groups. Texts
// that show gives are such that set reads them.
type userSetting struct {
	flag  string
	doc   string // with the form of the value in `...`
	set   func(s *store.Settings, texts []string) error
	unset func(s *store.Settings)
	show  func(s *store.Settings) []string // none: not set
	list  bool
	yes   bool // a flag without a value is true
}

// userNone is the text of no limit, and of an empty list.
const userNone = "none"

// userSettings is the table.
func userSettings() []userSetting {
	type S = store.Settings
	text := func(s string) string { return s }
	return []userSetting{
		one("dir", "the `FOLDER` that it sees", func(s *S) **string { return &s.Dir }, parseFolder, text),
		many("mount", "`\"/AT = FOLDER\"` in its tree, with (read-only) behind it or not", func(s *S) *[]auth.Mount { return &s.Mounts }, parseMount, mountText),
		many("allow", "`\"/FOLDER=RIGHTS\"`: what it may do there and below: all, none, or some of list,download,upload,overwrite,append,delete,rmdir,rename,renamedir,mkdir,attributes,hash,link",
			func(s *S) *[]auth.Rule { return &s.Rules }, config.ParseRule, func(r auth.Rule) string { return r.Folder + "=" + r.Allow.String() }),
		yes("read-only", "let it look and download only", func(s *S) **bool { return &s.ReadOnly }),
		yes("no-overwrite", "let it replace and append to no file", func(s *S) **bool { return &s.NoOverwrite }),
		yes("hide-dots", "hide files whose names begin with a dot", func(s *S) **bool { return &s.HideDots }),
		yes("windows-names", "refuse names that Windows cannot hold", func(s *S) **bool { return &s.Windows }),
		many("refuse-name", "refuse names like `PATTERN`", func(s *S) *[]string { return &s.Refuse }, plainText, text),
		one("uploads", "`atomic|direct`", func(s *S) **string { return &s.Uploads }, config.ParseUploads, text),
		one("durability", "`full|process`", func(s *S) **string { return &s.Durability }, config.ParseDurability, text),
		one("quota-bytes", "how much its folder may hold: `SIZE`, such as \"10 GiB\", or none", func(s *S) **int64 { return &s.QuotaBytes }, orNone(config.ParseBytes), bytesText("")),
		one("quota-files", "how many files: `NUMBER` or none", func(s *S) **int64 { return &s.QuotaFiles }, orNone(parseNumber[int64]), numberText[int64]),
		one("rate-up", "of all its uploads together: `RATE`, such as \"5 MB/s\", or none", func(s *S) **int64 { return &s.RateUp }, orNone(config.ParseRate), bytesText("/s")),
		one("rate-down", "of all its downloads together: `RATE` or none", func(s *S) **int64 { return &s.RateDown }, orNone(config.ParseRate), bytesText("/s")),
		one("session-rate-up", "of the upload of one session: `RATE` or none", func(s *S) **int64 { return &s.SessionUp }, orNone(config.ParseRate), bytesText("/s")),
		one("session-rate-down", "of the download of one session: `RATE` or none", func(s *S) **int64 { return &s.SessionDown }, orNone(config.ParseRate), bytesText("/s")),
		one("sessions", "how many may be open at once: `NUMBER` or none", func(s *S) **int { return &s.Sessions }, orNone(parseNumber[int]), numberText[int]),
		many("network", "let it log in from `ADDRESS|NETWORK` only", func(s *S) *[]netip.Prefix { return &s.Networks }, config.ParseNetwork, netip.Prefix.String),
		one("host", "let it log in at this virtual host only: one of its `NAMES`", func(s *S) **string { return &s.Host }, config.ParseHostName, text),
		one("certificate", "client certificates: `ignored|alone|both|either`", func(s *S) **string { return &s.Certificate },
			choice(store.CertificateIgnored, store.CertificateAlone, store.CertificateBoth, store.CertificateEither), text),
		one("expires", "when it can no longer log in: `DATE` (its beginning in UTC), time as in RFC 3339, or never", func(s *S) **time.Time { return &s.Expires }, parseExpires, expiresText),
		one("resumption", "data connections that do not resume the TLS session: `auto|require|off`", func(s *S) **string { return &s.Resumption }, config.ParseResumption, text),
		yes("legacy-eof", "take uploads for whole that end without close_notify", func(s *S) **bool { return &s.LegacyEOF }),
		one("umask", "permission `BITS` that new files and directories do not get, octal", func(s *S) **uint32 { return &s.Umask }, config.ParsePermissions, bitsText),
		one("file-mode", "permission `BITS` of new files, octal", func(s *S) **uint32 { return &s.FileMode }, config.ParsePermissions, bitsText),
		one("dir-mode", "permission `BITS` of new directories, octal", func(s *S) **uint32 { return &s.DirMode }, config.ParsePermissions, bitsText),
		owner("owner", "whom new files belong to: `UID:GID`"),
		many("os-group", "a `GROUP` of the system that it may give its files to", func(s *S) *[]string { return &s.OSGroups }, plainText, text),
	}
}

// one is a row of one value.
func one[T any](flag, doc string, field func(*store.Settings) **T, parse func(string) (T, error), show func(T) string) userSetting {
	return userSetting{
		flag: flag, doc: doc,
		set: func(s *store.Settings, texts []string) error {
			v, err := parse(texts[len(texts)-1])
			if err == nil {
				*field(s) = &v
			}
			return err
		},
		unset: func(s *store.Settings) { *field(s) = nil },
		show: func(s *store.Settings) []string {
			if p := *field(s); p != nil {
				return []string{show(*p)}
			}
			return nil
		},
	}
}

func yes(flag, doc string, field func(*store.Settings) **bool) userSetting {
	row := one(flag, doc, field, func(s string) (bool, error) {
		if s != "true" && s != "false" {
			return false, fmt.Errorf("%.20q is not true or false", s)
		}
		return s == "true", nil
	}, strconv.FormatBool)
	row.yes = true
	return row
}

// many is a row of several values. A nil list is not set; an empty one is.
func many[T any](flag, doc string, field func(*store.Settings) *[]T, parse func(string) (T, error), show func(T) string) userSetting {
	return userSetting{
		flag: flag, doc: doc + "; repeatable, or none", list: true,
		set: func(s *store.Settings, texts []string) error {
			list := []T{}
			for _, text := range texts {
				if text == userNone && len(texts) == 1 {
					break
				}
				v, err := parse(text)
				if err != nil {
					return err
				}
				list = append(list, v)
			}
			*field(s) = list
			return nil
		},
		unset: func(s *store.Settings) { *field(s) = nil },
		show: func(s *store.Settings) (out []string) {
			list := *field(s)
			if list != nil && len(list) == 0 {
				return []string{userNone}
			}
			for _, v := range list {
				out = append(out, show(v))
			}
			return out
		},
	}
}

func owner(flag, doc string) userSetting {
	row := one(flag, doc, func(s *store.Settings) **auth.Owner { return &s.Owner }, func(text string) (auth.Owner, error) {
		o, err := config.ParseOwner(text)
		if err != nil {
			return auth.Owner{}, err
		}
		return *o, nil
	}, func(o auth.Owner) string { return fmt.Sprintf("%d:%d", o.UID, o.GID) })
	return row
}

func plainText(s string) (string, error) {
	if s == "" || strings.ContainsAny(s, "\x00\r\n") {
		return "", fmt.Errorf("it is empty, or holds NUL or a line break")
	}
	return s, nil
}

func choice(of ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		for _, c := range of {
			if s == c {
				return s, nil
			}
		}
		return "", fmt.Errorf("%.20q is not one of %s", s, strings.Join(of, ", "))
	}
}

func orNone[T int | int64](parse func(string) (T, error)) func(string) (T, error) {
	return func(s string) (T, error) {
		if s == userNone {
			return 0, nil
		}
		return parse(s)
	}
}

func parseNumber[T int | int64](s string) (T, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%.20q is not a whole number from 1", s)
	}
	return T(n), nil
}

func numberText[T int | int64](n T) string {
	if n == 0 {
		return userNone
	}
	return fmt.Sprint(n)
}

func bytesText(behind string) func(int64) string {
	return func(n int64) string {
		if n == 0 {
			return userNone
		}
		return fmt.Sprintf("%d B%s", n, behind)
	}
}

func bitsText(n uint32) string { return fmt.Sprintf("%04o", n) }

func mountText(m auth.Mount) string {
	if m.ReadOnly {
		return m.At + " = " + m.Dir + " (read-only)"
	}
	return m.At + " = " + m.Dir
}

// parseFolder makes a folder absolute: the server runs elsewhere.
func parseFolder(s string) (string, error) {
	if _, err := plainText(s); err != nil {
		return "", err
	}
	return filepath.Abs(s)
}

func parseMount(s string) (auth.Mount, error) {
	m, err := config.ParseMount(s)
	if err == nil {
		m.Dir, err = filepath.Abs(m.Dir)
	}
	return m, err
}

func parseExpires(s string) (time.Time, error) {
	if s == "never" {
		return time.Time{}, nil
	}
	return config.ParseTime(s)
}

func expiresText(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// settingFlag is the value of the flag of a row.
type settingFlag struct {
	row   userSetting
	texts []string
}

// Set is that of pflag.Value. It checks the value, so that a mistake names its flag, and keeps
// what is meant by it: folders from their root.
func (f *settingFlag) Set(text string) error {
	if !f.row.list {
		f.texts = nil
	}
	var s store.Settings
	if err := f.row.set(&s, append(f.texts, text)); err != nil {
		return err
	}
	if f.row.flag == "dir" || f.row.flag == "mount" {
		f.texts = f.row.show(&s)
	} else {
		f.texts = append(f.texts, text)
	}
	return nil
}

// String is that of pflag.Value.
func (f *settingFlag) String() string { return strings.Join(f.texts, " ") }

// Type is that of pflag.Value.
func (f *settingFlag) Type() string {
	if f.row.yes {
		return "bool" // pflag then shows no value
	}
	return "VALUE"
}

// settingFlags are the flags of the whole table.
type settingFlags struct {
	rows  []*settingFlag
	unset []string
}

// flags adds them; with unset, also the flag that takes settings away.
func (f *settingFlags) flags(cmd *cobra.Command, unset bool) {
	for _, row := range userSettings() {
		v := &settingFlag{row: row}
		f.rows = append(f.rows, v)
		added := cmd.Flags().VarPF(v, row.flag, "", row.doc)
		if row.yes {
			added.NoOptDefVal = "true"
		}
	}
	if unset {
		cmd.Flags().StringArrayVar(&f.unset, "unset", nil, "leave a setting to the group and the server: `NAME` of its flag; repeatable")
	}
}

// apply puts what was given into s.
func (f *settingFlags) apply(s *store.Settings) error {
	known := map[string]userSetting{}
	for _, r := range f.rows {
		known[r.row.flag] = r.row
	}
	for _, name := range f.unset {
		row, ok := known[strings.TrimPrefix(name, "--")]
		if !ok {
			return withHint(usagef("there is no setting %s", name), "it is the name of a flag, such as --unset quota-bytes")
		}
		row.unset(s)
	}
	for _, r := range f.rows {
		if len(r.texts) == 0 {
			continue
		}
		if err := r.row.set(s, r.texts); err != nil {
			return usageError{fmt.Errorf("--%s: %w", r.row.flag, err)}
		}
	}
	return nil
}

// given reports whether any flag was.
func (f *settingFlags) given() bool {
	for _, r := range f.rows {
		if len(r.texts) > 0 {
			return true
		}
	}
	return len(f.unset) > 0
}
