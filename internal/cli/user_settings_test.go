package cli

import (
	"net/netip"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sealane/sealane/auth/store"
)

// Every setting of an account has one flag, which reads what is shown of it; --unset takes
// it back.
func TestUserSettings(t *testing.T) {
	values := map[string][]string{
		"dir": {"/srv/a"}, "mount": {"/a = /b (read-only)", "/c = /d"}, "allow": {"/in=list,upload", "/a=b=all", "/=none"},
		"refuse-name": {"*.exe"}, "uploads": {"direct"}, "durability": {"process"}, "quota-bytes": {"10 B"}, "quota-files": {"7"},
		"rate-up": {"5 B/s"}, "rate-down": {"none"}, "session-rate-up": {"6 B/s"}, "session-rate-down": {"7 B/s"}, "sessions": {"3"},
		"network": {"192.0.2.0/24", "2001:db8::/32"}, "host": {"a.example"}, "certificate": {"both"}, "expires": {"2027-01-31T00:00:00Z"},
		"resumption": {"off"}, "umask": {"0027"}, "file-mode": {"0640"}, "dir-mode": {"0750"}, "owner": {"1000:100"}, "os-group": {"none"},
		"read-only": {"true"}, "no-overwrite": {"false"}, "hide-dots": {"true"}, "windows-names": {"true"}, "legacy-eof": {"true"},
	}
	var all store.Settings
	for _, row := range userSettings() {
		texts := values[row.flag]
		if texts == nil {
			t.Errorf("--%s is not tested", row.flag)
			continue
		}
		var one store.Settings
		if err := row.set(&one, texts); err != nil {
			t.Errorf("--%s: %v", row.flag, err)
			continue
		}
		if got := row.show(&one); !cmp.Equal(got, texts) {
			t.Errorf("--%s: shown as %q, want %q", row.flag, got, texts)
		}
		if n := fieldsSet(one); n != 1 {
			t.Errorf("--%s sets %d settings", row.flag, n)
		}
		all = one.Or(all)
		row.unset(&one)
		if !cmp.Equal(one, store.Settings{}, cmpopts.EquateComparable(netip.Prefix{})) || row.show(&one) != nil {
			t.Errorf("--unset %s leaves %+v", row.flag, one)
		}
		if row.set(&one, []string{"\x00"}) == nil {
			t.Errorf("--%s takes NUL", row.flag)
		}
	}
	if got, want := fieldsSet(all), reflect.TypeFor[store.Settings]().NumField(); got != want {
		t.Errorf("the flags set %d of %d settings", got, want)
	}
	if err := (store.Account{Name: "x", Settings: all}).Check(); err != nil {
		t.Error(err)
	}
}

func fieldsSet(s store.Settings) (n int) {
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			n++
		}
	}
	return n
}
