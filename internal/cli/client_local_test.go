package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// breaks is a server that, when the client leaves in the middle, answers as servers do: that
// the connection broke, which is for the moment only.
func breaks(t *testing.T, text string) (h *ftptest.Hostile, tries *atomic.Int32) {
	tries = new(atomic.Int32)
	return start(t, wicked{files: map[string]string{"/f": text}, retr: func(s *ftptest.Session, _ string) bool {
		tries.Add(1)
		s.Reply("150 go")
		s.Data().Send(text)
		s.Reply("426 the data connection broke")
		return true
	}}), tries
}

// What this machine cannot write is not fetched again, however often: its disk stays full. A
// download that had got on would be tried for ever.
func TestLocalFailureEnds(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 20_000)
	h, tries := breaks(t, text)
	t.Chdir(t.TempDir())
	var errs safeBuffer
	env := &Env{Stdout: &errs, Stderr: &errs, Getenv: func(string) string { return "" }}
	f := clientFlags{pins: []string{certs.PinOf(h.Certificate.Leaf).String()}, timeout: 1 << 35, retries: 3, tlsMin: "1.2"}
	r := newReporter(env, "get", &f, false)
	u, err := parseURL("ftpes://" + ftptest.User + "@" + h.Addr + "/f")
	if err != nil {
		t.Fatal(err)
	}
	u.Password, u.HasPassword = ftptest.Password, true
	pool, u, err := f.pool(t.Context(), env, u, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	m := &mover{tells: r, conns: pool, goingOn: true}
	err = m.download(t.Context(), u, "f", -1, func() (*part, error) {
		p, err := openPart("f", true)
		if err != nil {
			return nil, err
		}
		_ = p.file.Close()
		p.file, err = os.Open("f.part") // which nothing can be written to
		return p, err
	})
	var path *os.PathError
	if !errors.As(err, &path) || path.Op != "write" || exitCode(err) != exitOther {
		t.Errorf("%v, exit code %d", err, exitCode(err))
	}
	if n := tries.Load(); n != 1 || strings.Contains(errs.String(), "trying again") {
		t.Errorf("%d attempts\n%s", n, errs.String())
	}
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "here", Err: errors.New("full")}
}

// A standard output that takes nothing is no refusal of the server.
func TestLocalFailureStdout(t *testing.T) {
	for _, args := range [][]string{{"cat", "URL/f"}, {"get", "URL/f", "-"}} {
		h, tries := breaks(t, "content")
		var errs bytes.Buffer
		env := &Env{Stdout: fullDisk{}, Stderr: &errs, Getenv: func(key string) string {
			return map[string]string{"SEALANE_PASSWORD": ftptest.Password}[key]
		}}
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "URL", "ftpes://"+ftptest.User+"@"+h.Addr)
		}
		code := Main(t.Context(), env, append(args, "--pin", certs.PinOf(h.Certificate.Leaf).String()))
		if code != exitOther || tries.Load() != 1 || !strings.Contains(errs.String(), "write here: full") || strings.Contains(errs.String(), "426") {
			t.Errorf("%s: exit code %d, %d attempts\n%s", args[0], code, tries.Load(), errs.String())
		}
	}
}

// A file that is cut short, or written to, while it is sent has not been sent whole, although
// the server has what was read.
func TestPutChangedMeanwhile(t *testing.T) {
	for name, change := range map[string]func() error{
		"cut short": func() error { return os.Truncate("f", 3) },
		"written":   func() error { return os.WriteFile("f", []byte("CONTENT"), 0o600) },
	} {
		h := takes(t, func(s *ftptest.Session, d *ftptest.Stream, nth int32) {
			_ = d.Drain()
			d.End()
			if nth == 2 { // it gives a wrong size of the first one
				if err := change(); err != nil {
					t.Error(err)
				}
			}
			s.Reply("226 all of it")
		})
		localFile(t)
		if err := os.Chtimes("f", time.Time{}, time.Unix(1_700_000_000, 0)); err != nil {
			t.Fatal(err)
		}
		code, out, errs := against(t.Context(), t, h, "put", "--check=size", "f", "URL/f")
		if code != exitNotVerified || out != "" || !strings.Contains(errs, "\nsealane: not verified: f was changed while it was sent\nhint: ") {
			t.Errorf("%s: %d, %q, %q", name, code, out, errs)
		}
	}
}

// Folders that were moved are not moved again, whatever a server can tell of times.
func TestFoldersAgain(t *testing.T) {
	for name, off := range map[string][]string{"MLSD": nil, "LIST": {"MLSD", "MLST"}, "LIST, and no MFMT": {"MLSD", "MLST", "MFMT", "MFF"}} {
		t.Run(name, func(t *testing.T) {
			srv := ftptest.NewServer(nil, func(s *ftpserver.Server) { s.Verbs.Off = off })
			defer srv.Close()
			t.Chdir(t.TempDir())
			if err := os.MkdirAll("d", 0o700); err != nil {
				t.Fatal(err)
			}
			for file, at := range map[string]time.Time{"new": time.Now().Add(-49 * time.Hour), "old": time.Now().AddDate(-3, 0, 0)} {
				file = filepath.Join("d", file)
				if err := errors.Join(os.WriteFile(file, []byte(file), 0o600), os.Chtimes(file, time.Time{}, at)); err != nil {
					t.Fatal(err)
				}
			}
			run := func(want string, args ...string) {
				t.Helper()
				var out, errs bytes.Buffer
				env := &Env{Stdout: &out, Stderr: &errs, Getenv: func(key string) string {
					return map[string]string{"SEALANE_PASSWORD": ftptest.Password}[key]
				}}
				args = append(args, "--json", "--pin", certs.PinOf(srv.Certificate.Leaf).String())
				if code := Main(t.Context(), env, args); code != 0 || !strings.Contains(out.String(), want) {
					t.Errorf("%q: exit code %d, want %s\n%s%s", args, code, want, out.String(), errs.String())
				}
			}
			url := "ftpes://" + ftptest.User + "@" + srv.Addr + "/d"
			run(`"done":2,"skipped":0`, "put", "-r", "d", url)
			run(`"done":0,"skipped":2`, "put", "-r", "d", url)
			run(`"done":2,"skipped":0`, "get", "-r", url, "back")
			run(`"done":0,"skipped":2`, "get", "-r", url, "back")
		})
	}
}

// Who takes a server of another kind for one of FTP is told so.
func TestNoFTPServer(t *testing.T) {
	h := ftptest.NewHostile(func(s *ftptest.Session) { s.Reply("SSH-2.0-OpenSSH_9.2") })
	t.Cleanup(func() { _ = h.Close() })
	if code, _, errs := against(t.Context(), t, h, "ls", "URL/"); code != exitOther || !strings.Contains(errs, "\nhint: check that host and port are those of an FTP server") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}
