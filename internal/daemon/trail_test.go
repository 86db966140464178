package daemon

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/guard"
	"github.com/sealane/sealane/internal/trail"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// Every event of the server is told in the words of the trail: with the rule that
// refused, TLS facts, verdict, rate and how a data connection ended.
func TestTrailEvent(t *testing.T) {
	remote := netip.MustParseAddrPort("[::ffff:192.0.2.7]:4711")
	when := time.Unix(1e9, 0)
	base := ftpserver.Event{Time: when, Session: "s", Remote: remote}
	cert := &x509.Certificate{Raw: []byte("x"), Subject: pkix.Name{CommonName: "scanner\n7"}}
	for _, tc := range []struct {
		name   string
		change func(*ftpserver.Event)
		want   func(*trail.Event)
	}{
		{"start", func(e *ftpserver.Event) { e.Kind, e.Implicit = ftpserver.EventSessionStart, true },
			func(e *trail.Event) { e.Listener = "implicit" }},
		{"tls", func(e *ftpserver.Event) {
			e.Kind, e.TLS, e.Legacy = ftpserver.EventTLS, "TLS 1.3", true
			e.Handshake = &ftpserver.Handshake{Suite: "S", Group: "G", ALPN: "ftp", ServerName: "a.example", Certificate: cert}
		}, func(e *trail.Event) {
			e.Listener, e.Legacy, e.TLS, e.Suite, e.Group, e.ALPN, e.SNI, e.Verdict = "legacy", true, "TLS 1.3", "S", "G", "ftp", "a.example", "ok"
			e.Certificate, e.CertificateSum = "CN=scanner\n7", "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
		}},
		{"wrong password", func(e *ftpserver.Event) {
			e.Kind, e.User, e.Reply, e.Err = ftpserver.EventLoginFailed, "anna", 530, fmt.Errorf("%w: wrong password", auth.ErrDenied)
		}, func(e *trail.Event) {
			e.User, e.Method, e.Reply, e.Rule, e.Verdict = "anna", "password", 530, "wrong password", "refused"
		}},
		{"by certificate", func(e *ftpserver.Event) {
			e.Kind, e.User, e.Account, e.Certificate, e.Reply = ftpserver.EventLogin, "anna", "anna", true, 232
		}, func(e *trail.Event) {
			e.User, e.Account, e.Method, e.Reply, e.Verdict = "anna", "anna", "certificate", 232, "ok"
		}},
		{"too many", func(e *ftpserver.Event) {
			e.Kind, e.Err, e.Reply = ftpserver.EventRefused, errors.New("too many sessions"), 421
		},
			func(e *trail.Event) { e.Rule, e.Reply, e.Verdict = "too many sessions", 421, "refused" }},
		{"download", func(e *ftpserver.Event) {
			e.Kind, e.Verb, e.Path, e.Bytes, e.Took, e.Reply = ftpserver.EventTransfer, "RETR", "/f", 3000, 2*time.Second, 226
			e.Transfer = &ftpserver.Transfer{Offset: 5, End: ftpserver.EndCloseNotify, ASCII: true}
		}, func(e *trail.Event) {
			e.Verb, e.Path, e.Bytes, e.Duration, e.Rate, e.Reply, e.Verdict = "RETR", "/f", 3000, 2e6, 1500, 226, "ok"
			e.Offset, e.End, e.Type = 5, "close_notify", "ascii"
		}},
		{"cut upload", func(e *ftpserver.Event) {
			e.Kind, e.Verb, e.Reply, e.Err = ftpserver.EventTransfer, "STOR", 426, errors.New("cut")
			e.Transfer = &ftpserver.Transfer{Upload: true, End: ftpserver.EndFIN}
		}, func(e *trail.Event) {
			e.Verb, e.Reply, e.Error, e.End, e.Type, e.Verdict = "STOR", 426, "cut", "fin", "binary", "failed"
		}},
		{"aborted", func(e *ftpserver.Event) {
			e.Kind, e.Err = ftpserver.EventTransfer, errors.New("aborted")
			e.Transfer = &ftpserver.Transfer{Aborted: true, End: ftpserver.EndAborted}
		}, func(e *trail.Event) { e.Error, e.End, e.Type, e.Verdict = "aborted", "aborted", "binary", "aborted" }},
		{"rename", func(e *ftpserver.Event) {
			e.Kind, e.Verb, e.Path, e.To, e.Facts = ftpserver.EventChange, "RNTO", "/a", "/b", "Modify=1;"
		}, func(e *trail.Event) {
			e.Verb, e.Path, e.To, e.Attributes, e.Verdict = "RNTO", "/a", "/b", "Modify=1;", "ok"
		}},
		{"not done", func(e *ftpserver.Event) {
			e.Kind, e.Verb, e.Path, e.Reply, e.Err = ftpserver.EventNotDone, "DELE", "/a", 550, errors.New("not there")
		}, func(e *trail.Event) {
			e.Verb, e.Path, e.Reply, e.Error, e.Verdict = "DELE", "/a", 550, "not there", "refused"
		}},
		{"end", func(e *ftpserver.Event) {
			e.Kind, e.Took = ftpserver.EventSessionEnd, time.Millisecond
			e.Totals = &ftpserver.Totals{Commands: 1, Transfers: 2, Received: 3, Sent: 4, Client: "c"}
		}, func(e *trail.Event) {
			e.Duration, e.Commands, e.Transfers, e.Received, e.Sent, e.Client = 1000, 1, 2, 3, 4, "c"
		}},
	} {
		in := base
		tc.change(&in)
		want := trail.Event{Time: when, Kind: trail.Kind(in.Kind), Session: "s", Address: "192.0.2.7", Port: 4711}
		tc.want(&want)
		if d := cmp.Diff(want, trailEvent(&in)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
	if got := trailEvent(&ftpserver.Event{Kind: ftpserver.EventRefused}); got.Address != "" || got.Port != 0 {
		t.Errorf("without an address: %+v", got)
	}
}

// Each kind of event that the server has is in the documentation of the trail.
func TestTrailKinds(t *testing.T) {
	known := map[string]bool{}
	for _, row := range trail.Kinds() {
		known[row[0]] = true
	}
	for _, kind := range []ftpserver.EventKind{
		ftpserver.EventSessionStart, ftpserver.EventSessionEnd, ftpserver.EventTLS, ftpserver.EventTLSFailed, ftpserver.EventLogin,
		ftpserver.EventLoginFailed, ftpserver.EventRefused, ftpserver.EventNotDone, ftpserver.EventTransfer, ftpserver.EventChange, ftpserver.EventHash,
	} {
		if !known[string(kind)] {
			t.Errorf("%s is not among them", kind)
		}
	}
}

// Where the trail is required, nothing happens unrecorded; where it is not, all goes on.
func TestTrailRequired(t *testing.T) {
	c := config.Default()
	c.Trail.Required = true
	state := t.TempDir()
	r, err := openTrail(c, state, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	tree := memfs.From(map[string]string{"/f": "x"})
	login := r.login(func(context.Context, auth.Credentials) (*auth.Grant, error) {
		return &auth.Grant{Account: "anna", FS: tree}, nil
	})
	ctx := t.Context()
	grant, err := login(ctx, auth.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := vfs.Clean("/f")
	if err != nil {
		t.Fatal(err)
	}
	use := map[string]func() error{
		"Mkdir":   func() error { p, _ := vfs.Clean("/d"); return grant.FS.Mkdir(ctx, p) },
		"SetAttr": func() error { return grant.FS.SetAttr(ctx, f, vfs.Attr{ModTime: time.Unix(1e9, 0)}) },
		"Open": func() error {
			file, err := grant.FS.Open(ctx, f)
			if err == nil {
				file.Close()
			}
			return err
		},
		"Create": func() error {
			up, err := grant.FS.Create(ctx, f, vfs.Create{})
			if err == nil {
				err = up.Abort(nil)
			}
			return err
		},
		"List": func() error {
			for _, err := range grant.FS.List(ctx, vfs.Path{}, vfs.WantKind) {
				return err
			}
			return nil
		},
		"Rename": func() error { return grant.FS.Rename(ctx, f, f, vfs.Rename{}) },
	}
	for name, do := range use {
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := r.close(); err != nil { // it is not written any more
		t.Fatal(err)
	}
	use["Remove"] = func() error { return grant.FS.Remove(ctx, f) }
	use["Rmdir"] = func() error { return grant.FS.Rmdir(ctx, f) }
	use["Symlink"] = func() error { return grant.FS.Symlink(ctx, f, f) }
	for name, do := range use {
		if err := do(); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s, unrecorded: %v", name, err)
		}
	}
	if grant, err := login(ctx, auth.Credentials{}); grant != nil || !errors.Is(err, auth.ErrBusy) {
		t.Errorf("a login, unrecorded: %v, %v", grant, err)
	}
	if _, err := grant.FS.Stat(ctx, f); err != nil {
		t.Errorf("Stat: %v", err)
	}
	// A reload can take it back.
	c.Trail.Required = false
	own, err := r.prepare(c, state, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.use(own); err == nil {
		t.Error("a trail that is closed has other settings")
	}
	if err := use["Open"](); err != nil {
		t.Errorf("not required: %v", err)
	}
	if _, err := login(ctx, auth.Credentials{}); err != nil {
		t.Errorf("not required: %v", err)
	}
}

// Without files and sinks there is no trail, and all that would use it does without.
func TestTrailOff(t *testing.T) {
	c := config.Default()
	c.Trail.File = false
	state := t.TempDir()
	r, err := openTrail(c, state, slog.New(slog.DiscardHandler))
	if err != nil || r.now.Load() != nil {
		t.Fatalf("%v, %v", r, err)
	}
	r.admin("", "reload", "", "", nil)
	reloadTrail(t, r, c, state)
	told := false
	r.observe(func(context.Context, ftpserver.Event) { told = true })(t.Context(), ftpserver.Event{})
	if err := r.close(); err != nil || !told {
		t.Errorf("%v, %v", told, err)
	}
	if left, err := os.ReadDir(state); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// A folder that cannot be used is said at the start, with what to do.
func TestTrailCannotStart(t *testing.T) {
	c := config.Default()
	c.Trail.Dir = filepath.Join(t.TempDir(), "file", "trail")
	if err := os.WriteFile(filepath.Dir(c.Trail.Dir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var start *StartError
	if _, err := openTrail(c, t.TempDir(), slog.New(slog.DiscardHandler)); !errors.As(err, &start) || start.Hint() == "" {
		t.Errorf("%v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if dir, err := TrailDir(config.Config{State: "/s"}); dir != "/s/trail" || err != nil {
		t.Errorf("%s, %v", dir, err)
	}
}

// reloadTrail gives a recorder other settings, as a reload does.
func reloadTrail(t *testing.T, r *recorder, c config.Config, state string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	own, err := r.prepare(c, state, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.use(own); err != nil {
		t.Fatal(err)
	}
}

// admins gives what the administration did, as a trail has it.
func admins(t *testing.T, dir string) (list []string) {
	t.Helper()
	files, err := trail.Files(dir)
	if err == nil {
		_, err = trail.Scan(t.Context(), files, func(l trail.Line, _ []byte) error {
			if e := l.Event; e.Kind == trail.Admin {
				list = append(list, strings.Join([]string{e.Actor, e.Action, e.Object, e.Detail, e.Verdict, e.Error}, "|"))
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Administration is recorded, with who did it and what came of it, and once: a ban of the
// guard is its own, a ban of the administrator is his.
func TestTrailAdmin(t *testing.T) {
	c := config.Default()
	state := t.TempDir()
	r, err := openTrail(c, state, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r.admin("", "reload", "", "", errors.New("line 3"))
	r.admin("root", "ban", "192.0.2.7", "for 1h", nil)
	network := netip.MustParsePrefix("192.0.2.7/32")
	r.guarded(guard.Event{Kind: guard.EventBan, Network: network, Reason: "by hand"})
	r.guarded(guard.Event{Kind: guard.EventUnban, Network: network})
	r.guarded(guard.Event{Kind: guard.EventBan, Network: network, Failures: 9, Reason: "failures"})
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	want := []string{"server|reload|||failed|line 3", "root|ban|192.0.2.7|for 1h|ok|", "guard|ban|192.0.2.7/32|failures|ok|"}
	if d := cmp.Diff(want, admins(t, filepath.Join(state, trailFolder))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
