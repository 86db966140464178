//go:build interop

package interop

import (
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
)

// T-12: every end of the data with every end of the control connection, through the
// program: it says 0 to close_notify with 226 and to nothing else; exit code and
// message tell what was missing, and nothing has the name of the file.
func TestClientDownloadEnds(t *testing.T) {
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	const content = "half of the file, or all of it"
	type data struct {
		name  string
		end   func(*ftptest.Stream)
		clean bool
	}
	type control struct {
		name string
		end  func(*ftptest.Session)
		says string // in the message
	}
	for _, d := range []data{
		{"close_notify", (*ftptest.Stream).End, true},
		{"FIN", (*ftptest.Stream).FIN, false},
		{"FIN in a record", func(d *ftptest.Stream) { d.SendClear("\x17\x03\x03\x40\x00half"); d.FIN() }, false},
		{"RST", (*ftptest.Stream).RST, false},
		{"clear text", func(d *ftptest.Stream) { d.SendClear("226 done\r\n") }, false},
	} {
		for _, c := range []control{
			{"226", func(s *ftptest.Session) { s.Reply("226 done") }, ""},
			{"426", func(s *ftptest.Session) { s.Reply("426 cut, sorry") }, "426 cut, sorry"},
			{"451", func(s *ftptest.Session) { s.Reply("451 disk, sorry") }, "451 disk, sorry"},
			{"552", func(s *ftptest.Session) { s.Reply("552 quota, sorry") }, "552 quota, sorry"},
			{"FIN", func(s *ftptest.Session) { s.FIN(); s.Silence() }, "control connection was lost"},
			{"RST", func(s *ftptest.Session) { s.RST() }, "control connection was lost"},
		} {
			t.Run(strings.ReplaceAll(d.name+", "+c.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				h := ftptest.NewHostile(func(s *ftptest.Session) {
					s.Login("SIZE")
					s.Answer("SIZE /f", "550 not told") // so that the ends are all that tells
					stream := s.Transfer("RETR /f")
					stream.Send(content)
					d.end(stream)
					c.end(s)
				})
				defer h.Close() // what the script did not expect is of no interest here
				local := filepath.Join(t.TempDir(), "f")
				err := againstHostile(t, h, program, "get", hostileURL(h), local, "--timeout=5s")
				if d.clean && c.says == "" {
					if got, readErr := os.ReadFile(local); err != nil || readErr != nil || string(got) != content {
						t.Errorf("%v; %q, %v", err, got, readErr)
					}
					return
				}
				var exit *exec.ExitError
				if !errors.As(err, &exit) || !slices.Contains([]int{6, 7}, exit.ExitCode()) {
					t.Fatalf("%v", err)
				}
				if c.says != "" && !strings.Contains(err.Error(), c.says) {
					t.Errorf("the message does not tell of the control connection (%s): %v", c.says, err)
				}
				if !d.clean && !strings.Contains(err.Error(), "data connection") {
					t.Errorf("the message does not tell of the data connection: %v", err)
				}
				if _, err := os.Stat(local); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("there is a file: %v", err)
				}
			})
		}
	}
}

func hostileURL(h *ftptest.Hostile) string { return "ftpes://" + ftptest.User + "@" + h.Addr + "/f" }

// againstHostile runs a command of the program, once.
func againstHostile(t *testing.T, h *ftptest.Hostile, program string, args ...string) error {
	t.Helper()
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate.Certificate[0]})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	args = append(args, "--ca", ca, "--trust-store", filepath.Join(dir, "known"), "--retries=0")
	_, err := command(t, patience, []string{"SEALANE_PASSWORD=" + ftptest.Password}, "", program, args...)
	return err
}

// T-14: a server that refuses while 64 MB are being sent is heard: the program shows
// its words, and says that it was refused.
func TestClientRefusedWhileSending(t *testing.T) {
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	h := ftptest.NewHostile(func(s *ftptest.Session) {
		s.Login()
		s.Transfer("STOR /f") // of which it reads nothing
		s.Reply("522 sorry, session reuse is required here")
	})
	defer h.Close()
	local := filepath.Join(t.TempDir(), "f")
	f, err := os.Create(local)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(64<<20), f.Close()); err != nil {
		t.Fatal(err)
	}
	err = againstHostile(t, h, program, "put", local, hostileURL(h))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 4 || !strings.Contains(err.Error(), "522 sorry, session reuse is required here") {
		t.Errorf("%v", err)
	}
}
