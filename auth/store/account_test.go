package store

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/auth"
)

// everything sets every setting, each to something else than none.
func everything() Settings {
	return Settings{
		Expires: new(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)), Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Certificate: new(CertificateBoth), Host: new("a.example.org"), Sessions: new(3), Resumption: new(ResumptionRequire), LegacyEOF: new(true),
		Dir: new("/srv/anna"), Mounts: []auth.Mount{{At: "/x", Dir: "/srv/x", ReadOnly: true}},
		Rules:      []auth.Rule{{Folder: "/", Allow: auth.RightList | auth.RightDownload}},
		Durability: new(auth.DurabilityProcess), Uploads: new(auth.UploadsDirect), ReadOnly: new(true), NoOverwrite: new(true), HideDots: new(true),
		Windows: new(true), Refuse: []string{"*.exe"}, Umask: new(uint32(0o27)), FileMode: new(uint32(0o640)), DirMode: new(uint32(0o750)),
		Owner: &auth.Owner{UID: 1, GID: 2}, OSGroups: []string{"staff"}, QuotaBytes: new(int64(1)), QuotaFiles: new(int64(2)),
		RateUp: new(int64(3)), RateDown: new(int64(4)), SessionUp: new(int64(5)), SessionDown: new(int64(6)),
	}
}

// Every setting can be unset, is kept, and is inherited.
func TestSettings(t *testing.T) {
	all := everything()
	v := reflect.ValueOf(all)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if k := v.Field(i).Kind(); k != reflect.Pointer && k != reflect.Slice || v.Field(i).IsNil() {
			t.Errorf("%s cannot be unset, or this test does not set it", name)
		}
	}
	text, err := json.Marshal(all)
	var again Settings
	if err == nil {
		err = json.Unmarshal(text, &again)
	}
	if diff := cmp.Diff(all, again, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if text, err := json.Marshal(Settings{Networks: []netip.Prefix{}, ReadOnly: new(false)}); string(text) != `{"networks":[],"read_only":false}` || err != nil {
		t.Errorf("%s, %v", text, err)
	}
	if got := (Settings{}).Or(all); !reflect.DeepEqual(got, all) {
		t.Errorf("inherited: %+v", got)
	}
	if got := all.Or(Settings{}); !reflect.DeepEqual(got, all) {
		t.Errorf("own: %+v", got)
	}
	own := Settings{ReadOnly: new(false), Refuse: []string{}}.Or(all)
	if *own.ReadOnly || len(own.Refuse) != 0 || !*all.ReadOnly || len(all.Refuse) != 1 {
		t.Error("what is set to nothing is inherited")
	}
}

func TestDescribe(t *testing.T) {
	d := Account{Name: "anna"}.Describe(Group{Settings: everything()})
	want := auth.Account{
		Name: "anna", Host: "a.example.org", Sessions: 3, Data: auth.DataPolicy{Resumption: auth.ResumptionRequire, LegacyEOF: true},
		Storage: auth.Storage{
			Dir: "/srv/anna", Mounts: []auth.Mount{{At: "/x", Dir: "/srv/x", ReadOnly: true}}, Rules: []auth.Rule{{Folder: "/", Allow: 3}},
			Durability: "process", Uploads: "direct", ReadOnly: true, NoOverwrite: true, HideDots: true, Windows: true,
			Refuse: []string{"*.exe"}, Umask: new(uint32(0o27)), FileMode: 0o640, DirMode: 0o750, Owner: &auth.Owner{UID: 1, GID: 2},
			Groups: []string{"staff"}, QuotaBytes: 1, QuotaFiles: 2, RateUp: 3, RateDown: 4, SessionUp: 5, SessionDown: 6,
		},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(auth.Account{Name: "anna"}, Account{Name: "anna"}.Describe(Group{})); diff != "" {
		t.Error(diff)
	}
}

func TestCheck(t *testing.T) {
	good := Account{Name: "anna", Group: "staff", SecondFactor: NewSecret(), Settings: everything(),
		Certificates: []auth.CertificateRule{{Kind: auth.CertificateEmail, Value: "a@b"}, {Kind: auth.CertificateKey, Value: strings.Repeat("A", 43) + "="}}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", MaxText+1)
	for name, spoil := range map[string]func(*Account){
		"name":            func(a *Account) { a.Name = "../x" },
		"group":           func(a *Account) { a.Group = ".." },
		"short secret":    func(a *Account) { a.SecondFactor = []byte("short") },
		"codes":           func(a *Account) { _, a.RecoveryCodes = NewRecoveryCodes(MaxRecovery + 1) },
		"hash":            func(a *Account) { a.PasswordHash = "a\nb" },
		"kind":            func(a *Account) { a.Certificates[0].Kind = "any" },
		"empty rule":      func(a *Account) { a.Certificates[0].Value = "" },
		"fingerprint":     func(a *Account) { a.Certificates[1].Value = strings.Repeat("A", 43) },
		"certificate":     func(a *Account) { a.Certificate = new("maybe") },
		"resumption":      func(a *Account) { a.Resumption = new("on") },
		"durability":      func(a *Account) { a.Durability = new("half") },
		"uploads":         func(a *Account) { a.Uploads = new("x") },
		"sessions":        func(a *Account) { a.Sessions = new(-1) },
		"quota":           func(a *Account) { a.QuotaBytes = new(int64(-1)) },
		"mode":            func(a *Account) { a.FileMode = new(uint32(0o4755)) },
		"dir":             func(a *Account) { a.Dir = new("a\x00") },
		"dir bytes":       func(a *Account) { a.Dir = new("\xff") },
		"dir length":      func(a *Account) { a.Dir = &long },
		"mount path":      func(a *Account) { a.Mounts = []auth.Mount{{At: "x", Dir: "/"}} },
		"mount folder":    func(a *Account) { a.Mounts = []auth.Mount{{At: "/x"}} },
		"rule path":       func(a *Account) { a.Rules = []auth.Rule{{Folder: "x"}} },
		"rule rights":     func(a *Account) { a.Rules = []auth.Rule{{Folder: "/", Allow: 1 << 15}} },
		"refuse":          func(a *Account) { a.Refuse = []string{""} },
		"many":            func(a *Account) { a.Refuse = make([]string, MaxRules+1) },
		"network":         func(a *Account) { a.Networks = []netip.Prefix{{}} },
		"network mapped":  func(a *Account) { a.Networks = []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")} },
		"many mounts":     func(a *Account) { a.Mounts = make([]auth.Mount, MaxRules+1) },
		"many rules cert": func(a *Account) { a.Certificates = make([]auth.CertificateRule, MaxRules+1) },
	} {
		bad := good
		bad.Certificates = append([]auth.CertificateRule(nil), good.Certificates...)
		spoil(&bad)
		if err := bad.Check(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Group{Name: "x", Settings: Settings{Sessions: new(-1)}}).Check(); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}
