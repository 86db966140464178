package cli

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseNetrc(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []netrcEntry
	}{
		{"", nil},
		{"# nothing\n", nil},
		{"machine h login u password p", []netrcEntry{{machine: "h", login: "u", password: "p", hasPassword: true}}},
		{"machine h\n\tlogin u\r\n\tpassword #p # a comment password x\n", []netrcEntry{{machine: "h", login: "u", password: "#p", hasPassword: true}}},
		{`machine h user u password "a \"b\\ c" account x`, []netrcEntry{{machine: "h", login: "u", password: `a "b\ c`, account: "x", hasPassword: true}}},
		{`machine h login u password ""`, []netrcEntry{{machine: "h", login: "u", hasPassword: true}}},
		{"machine a login u\nmacdef init\ncd /\nmachine evil password x\n\nmachine b login v\ndefault login anonymous password me", []netrcEntry{
			{machine: "a", login: "u"}, {machine: "b", login: "v"}, {login: "anonymous", password: "me", hasPassword: true},
		}},
		{"macdef m\nno end", nil},
		// Words stand for themselves where a value is expected.
		{"machine login login password password login", []netrcEntry{{machine: "login", login: "password", password: "login", hasPassword: true}}},
	} {
		got, err := parseNetrc(tt.text)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(netrcEntry{})); diff != "" || err != nil {
			t.Errorf("%q: %v %s", tt.text, err, diff)
		}
	}
}

// C-17, C-25: what is not understood is refused, and nothing of it is shown.
func TestParseNetrcStrict_C25(t *testing.T) {
	for _, text := range []string{
		"machine", "machine h login", "machine h pasword secret", "login secret", "machine h login a login secret",
		`machine h password "secret`, "machine h password \"secret\n\"", `machine h password "sec\nret"`, `machine h password "secret"x`,
		"machine h password sec\x00ret", "machine h password " + strings.Repeat("x", maxNetrcToken+1), `machine ""`,
		"machine h password \"secret\rNOOP\"", `machine h password "secret\`,
	} {
		_, err := parseNetrc(text)
		if !errors.Is(err, errNetrc) {
			t.Errorf("%q: %v", text, err)
		} else if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// C-25: the password of one user, or host, never goes to another.
func TestFindNetrc_C25(t *testing.T) {
	entries, err := parseNetrc("machine h login u password 1\nmachine H login v password 2\nmachine g password 3\ndefault login w password 4")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ host, user, want string }{
		{"h", "u", "1"}, {"H", "v", "2"}, {"h", "", "1"}, {"h", "x", ""}, {"h", "w", "4"}, {"g", "any", "3"}, {"g", "", "4"},
		{"other", "", "4"}, {"other", "w", "4"}, {"other", "u", ""}, {"h.evil", "u", ""},
	} {
		if got, _ := findNetrc(entries, tt.host, tt.user); got.password != tt.want {
			t.Errorf("%s@%s: %q, want %q", tt.user, tt.host, got.password, tt.want)
		}
	}
}

// C-25: a file that others can read is refused, one that is too large too, and a file
// that nobody has named may be missing.
func TestNetrcFile_C25(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	good := write("good", "machine h login u password p", 0o600)
	bad := []string{write("large", strings.Repeat("#\n", maxNetrc), 0o600), write("broken", "password p", 0o600), dir, filepath.Join(dir, "none")}
	if runtime.GOOS != "windows" {
		bad = append(bad, write("all", "machine h login u password p", 0o604), write("group", "machine h login u password p", 0o640))
	}
	env := func(netrc, home string) *Env {
		return &Env{Getenv: func(key string) string {
			return map[string]string{"NETRC": netrc, "HOME": home, "USERPROFILE": home}[key]
		}}
	}
	for _, name := range bad {
		if _, _, err := (&clientFlags{netrcFile: name}).netrc(env(good, ""), "h", "u"); err == nil {
			t.Errorf("%s was taken by its flag", name)
		}
		if _, _, err := (&clientFlags{}).netrc(env(name, ""), "h", "u"); err == nil {
			t.Errorf("%s was taken by NETRC", name)
		}
	}
	if e, ok, err := (&clientFlags{}).netrc(env(good, ""), "h", "u"); err != nil || !ok || e.password != "p" {
		t.Errorf("%v, %v", ok, err)
	}
	if _, ok, err := (&clientFlags{}).netrc(env("", filepath.Join(dir, "nobody")), "h", "u"); err != nil || ok {
		t.Errorf("no home: %v, %v", ok, err)
	}
}

func FuzzParseNetrc(f *testing.F) {
	f.Add("machine h login u password p # x\nmacdef m\nx\n\ndefault account \"a\\\"\"")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parseNetrc(text)
		for _, e := range entries {
			for _, word := range []string{e.machine, e.login, e.password, e.account} {
				if strings.ContainsAny(word, "\r\n\x00") || len(word) > maxNetrcToken {
					t.Errorf("%q holds what no command can", word)
				}
			}
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n\x00\x1b") {
			t.Errorf("%q", err)
		}
	})
}
