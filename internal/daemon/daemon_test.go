package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
)

func TestStateDir(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("XDG base directories are of other systems")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, test := range []struct{ setting, xdg, want string }{
		{"", "", filepath.Join(home, ".local", "state", "sealane")},
		{"", filepath.Join(home, "xdg"), filepath.Join(home, "xdg", "sealane")},
		{"", "relative", filepath.Join(home, ".local", "state", "sealane")}, // to be ignored, says the XDG specification
		{filepath.Join(home, "own"), filepath.Join(home, "xdg"), filepath.Join(home, "own")},
	} {
		t.Setenv("XDG_STATE_HOME", test.xdg)
		dir, err := stateDir(config.Config{State: test.setting})
		if err != nil || dir != test.want {
			t.Errorf("%+v: got %s, %v", test, dir, err)
			continue
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: the probe left %v, %v", dir, left, err)
		}
	}
}

// The first start makes an account, the next one finds it, and only its hash is
// kept, where nobody else can read it.
func TestAccountOfTheFirstStart(t *testing.T) {
	state := t.TempDir()
	list, fresh, err := accounts(config.Config{}, state, false)
	if err != nil || fresh == "" || len(list) != 1 || list[0].Name != firstAccount {
		t.Fatalf("%+v, %q, %v", list, fresh, err)
	}
	if ok, err := password.Verify(list[0].PasswordHash, fresh); !ok || err != nil {
		t.Errorf("the password does not fit the hash: %v", err)
	}
	name := filepath.Join(state, accountsFile)
	text, err := os.ReadFile(name)
	if err != nil || bytes.Contains(text, []byte(fresh)) {
		t.Errorf("%s: %v\n%s", name, err, text)
	}
	if info, _ := os.Stat(name); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v", name, info.Mode())
	}
	again, fresh, err := accounts(config.Config{}, state, false)
	if err != nil || fresh != "" || len(again) != 1 || !reflect.DeepEqual(again[0], list[0]) {
		t.Errorf("second start: %+v, %q, %v", again, fresh, err)
	}
	if err := os.WriteFile(name, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	var start *StartError
	if _, _, err := accounts(config.Config{}, state, false); !errors.As(err, &start) || start.Hint() == "" {
		t.Errorf("damaged file: %v", err)
	}
}

// S-37: whatever a peer calls itself or its files, an event is one line.
func TestLogEventIsOneLine(t *testing.T) {
	hostile := "x\r\nlevel=ERROR msg=forged \x1b[31m\x00\u2028\""
	e := ftpserver.Event{
		Kind: ftpserver.EventTransfer, User: hostile, Path: hostile, Account: hostile, Err: errors.New(hostile),
	}
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		logEvent(newLogger(&out, format))(context.Background(), e)
		line, ended := strings.CutSuffix(out.String(), "\n")
		if !ended || strings.ContainsAny(line, "\r\n\x00\x1b\u2028") {
			t.Errorf("%s: %q", format, out.String())
		}
		if format == "json" && !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}
