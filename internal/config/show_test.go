package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

// What is shown as a default is one: the presets make of an empty Config what Default gives.
func TestPresets(t *testing.T) {
	left := presets()
	var c Config
	for _, s := range settings() {
		if v, ok := left[s.key]; ok {
			if err := s.set(&c, v); err != nil {
				t.Errorf("%s: %v", s.key, err)
			}
			delete(left, s.key)
		}
	}
	for key := range left {
		t.Errorf("%s is no setting", key)
	}
	if d := cmp.Diff(Default(), c, compare); d != "" {
		t.Error(d)
	}
}

// What Show writes, but for secrets, is a file of settings that means the same; it says where
// each line is from.
func TestShow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.toml")
	text := full + "\n[[account]]\nname = \"env\"\npassword_env = \"HOME\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err := Show(&b, file, map[string]Override{"log.format": {Value: "text", From: "--log-format"}})
	if err != nil {
		t.Fatal(err)
	}
	shown := b.String()
	for _, want := range []string{`format = "text"`, "# --log-format", "# line 72\n", file, `password_hash = "(hidden)"`} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not in it:\n%s", want, shown)
		}
	}
	want, err := Parse(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range want.Accounts {
		for _, secret := range []string{a.Password, a.PasswordHash} {
			if secret != "" && strings.Contains(shown, secret) {
				t.Errorf("%s is shown", secret)
			}
		}
	}
	tree := map[string]any{}
	if _, err := toml.Decode(shown, &tree); err != nil {
		t.Fatalf("%v\n%s", err, shown)
	}
	d := decoder{config: Default(), keys: scan(shown)}
	d.unknownKeys()
	d.decode(tree)
	want.Log.Format = FormatText
	for i := range want.Accounts {
		a, got := &want.Accounts[i], &d.config.Accounts[i]
		a.Password, a.PasswordHash, got.Password, got.PasswordHash = "", "", "", ""
	}
	for _, e := range d.found {
		if e.Key == "" || !strings.Contains(e.Key, "password") {
			t.Error(e)
		}
	}
	if diff := cmp.Diff(want, d.config, compare); diff != "" {
		t.Error(diff)
	}
}

// Without a file there are the defaults and what goes over them.
func TestShowDefaults(t *testing.T) {
	var b strings.Builder
	err := Show(&b, "", map[string]Override{
		"dir":     {Value: "/srv/\"x\"\x1b", From: "the command line"},
		"account": {Value: []any{map[string]any{"name": "a", "password": "b c d"}}, From: "--user"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`dir = "/srv/\"x\"\U0000001B"`, "[[account]]", `name = "a"`, `password = "(hidden)"  # --user`, "# default\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in it:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "b c d") || strings.Contains(b.String(), "\x1b") {
		t.Errorf("secrets or control characters:\n%s", b.String())
	}
}

// Each weak setting is told of with its line; a careful file has none.
func TestWeak(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.toml")
	write := func(text string, mode os.FileMode) Config {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		c, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	text := `[listen]
legacy = "192.0.2.1:2122"
[data]
resumption = "off"
active = true
compression = true
[proxy]
trusted = ["0.0.0.0/0"]
[tls]
insecure_plaintext = true
[uploads]
durability = "process"
[guard]
allow = ["2000::/3"]
[trail]
file = false
[[account]]
name = "a"
password = "a long password"
legacy_eof = true
resumption = "off"
durability = "process"
uploads = "direct"
certificate = "ignored"
`
	found := write(text, 0o644).Weak(file)
	want := map[string]int{
		"listen.legacy": 2, "data.resumption": 4, "data.active": 5, "data.compression": 6, "proxy.trusted": 8, "tls.insecure_plaintext": 10,
		"uploads.durability": 12, "guard.allow": 14, "trail.file": 16, "account[0].password": 19, "account[0].legacy_eof": 20,
		"account[0].resumption": 21, "account[0].durability": 22, "account[0].uploads": 23, "account[0].certificate": 24,
	}
	if runtime.GOOS != "windows" {
		want[""] = 0 // the rights of the file
	}
	got := map[string]int{}
	for _, e := range found {
		got[e.Key] = e.Line
		if e.Hint == "" || e.File != file {
			t.Errorf("%+v", e)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	careful := "[proxy]\ntrusted = [\"10.1.2.3\"]\n[[account]]\nname = \"a\"\npassword_env = \"HOME\"\n"
	if found := write(careful, 0o644).Weak(file); len(found) > 0 {
		t.Errorf("%v", found[0])
	}
	if found := Default().Weak(""); len(found) > 0 {
		t.Errorf("the defaults: %v", found[0])
	}
}

// A password can stand in the environment, and nothing of it in an error.
func TestPasswordEnv(t *testing.T) {
	t.Setenv("SEALANE_TEST_SECRET", "from outside")
	a := Account{Name: "a", PasswordEnv: "SEALANE_TEST_SECRET"}
	if plain, hash, err := a.Secret(); plain != "from outside" || hash != "" || err != nil {
		t.Errorf("%q, %q, %v", plain, hash, err)
	}
	const hashed = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	t.Setenv("SEALANE_TEST_SECRET", hashed)
	if plain, hash, err := a.Secret(); plain != "" || hash != hashed || err != nil {
		t.Errorf("%q, %q, %v", plain, hash, err)
	}
	for _, bad := range []string{"", "two\nlines"} {
		t.Setenv("SEALANE_TEST_SECRET", bad)
		if _, _, err := a.Secret(); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	a.PasswordEnv = "SEALANE_TEST_NONE"
	if _, _, err := a.Secret(); err == nil {
		t.Error("a variable that is not there gives a password")
	}
	if _, err := Parse("x.toml", []byte("[[account]]\nname = 'a'\npassword_env = 'A B'\n")); err == nil {
		t.Error("a name that no variable has is taken")
	}
}
