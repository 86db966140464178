package cli

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// onLine calls do when a line that begins with prefix is written.
type onLine struct {
	prefix string
	do     func()
	text   bytes.Buffer
}

func (o *onLine) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), o.prefix) {
		o.do()
	}
	return o.text.Write(p)
}

// D-09: a mirror that is interrupted ends at once, says how to go on, and does so.
func TestMirrorInterrupted_D09(t *testing.T) {
	src, dst := t.TempDir(), filepath.Join(t.TempDir(), "dst")
	for name, size := range map[string]int{"a.txt": 3, "b.bin": 3 << 20} {
		if err := os.WriteFile(filepath.Join(src, name), bytes.Repeat([]byte("x"), size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, errs := &onLine{prefix: "copy", do: cancel}, &bytes.Buffer{}
	env := &Env{Stdin: strings.NewReader(""), Stdout: out, Stderr: errs, Getenv: func(string) string { return "" }}
	// At this rate the second file would take a quarter of an hour.
	if code := Main(ctx, env, []string{"mirror", "--limit-rate", "4k", "--parallel", "1", src, dst}); code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if !strings.Contains(errs.String(), "run the same command again") {
		t.Errorf("%s", errs)
	}
	if _, err := os.Stat(filepath.Join(dst, "b.bin")); err == nil {
		t.Error("half a file is to be seen")
	}
	if code := Main(t.Context(), env, []string{"mirror", src, dst}); code != exitOK {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if info, err := os.Stat(filepath.Join(dst, "b.bin")); err != nil || info.Size() != 3<<20 {
		t.Error(info, err)
	}
}

// breaking is a tree whose files break off.
type breaking struct {
	vfs.FS
	after int
	err   error
}

func (b *breaking) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	f, err := b.FS.Open(ctx, p)
	return &breakingFile{f, b.after, b.err}, err
}

type breakingFile struct {
	vfs.File
	left int
	err  error
}

func (f *breakingFile) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, f.err
	}
	n, err := f.File.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

// treeOf gives what srv serves, until end.
func treeOf(t *testing.T, srv *ftptest.Server) (tree *ftpfs.FS, end func()) {
	t.Helper()
	u, err := ftp.ParseURL("ftpes://" + ftptest.User + "@" + srv.Addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	u.Password, u.HasPassword = ftptest.Password, true
	pool := ftpclient.NewPool(ftpclient.PoolOptions{Client: ftpclient.Options{RootCAs: srv.Pool}})
	tree, err = ftpfs.New(t.Context(), pool, u, ftpfs.Options{})
	if err != nil {
		pool.Close()
		t.Fatal(err)
	}
	return tree, func() { pool.Close() }
}

// D-09: an upload that breaks off in a large file is gone on with by the next run, where
// the server shows what came.
func TestMirrorResumesUpload_D09(t *testing.T) {
	const size, first = 3 << 20, 2 << 20
	there, err := osfs.Open(t.TempDir(), osfs.With(osfs.Policy{Durability: vfs.DurableProcess, Direct: true}))
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	srv := ftptest.NewServerFS(there, nil)
	defer srv.Close()
	to, end := treeOf(t, srv)
	defer end()
	from := memfs.From(map[string]string{"big": strings.Repeat("0123456789abcdef", size/16)})
	p, err := vfs.Clean("big")
	if err != nil {
		t.Fatal(err)
	}
	if err := from.SetAttr(t.Context(), p, vfs.Attr{ModTime: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	cut := errors.New("cut")
	var o mirror.Options
	half := &breaking{from, first, cut}
	if _, err := mirror.Apply(t.Context(), half, to, mirror.Plan(t.Context(), half, to, o), o); !errors.Is(err, cut) {
		t.Fatal(err)
	}
	kept, err := there.Stat(t.Context(), p)
	if err != nil || kept.Size == 0 {
		t.Fatal(kept.Size, err)
	}
	rep, err := mirror.Apply(t.Context(), from, to, mirror.Plan(t.Context(), from, to, o), o)
	if err != nil || rep.Bytes != size-kept.Size {
		t.Errorf("%d bytes, and %d were kept: %v", rep.Bytes, kept.Size, err)
	}
	if rep, err = mirror.Apply(t.Context(), from, to, mirror.Plan(t.Context(), from, to, o), o); err != nil || rep.Equal != 1 {
		t.Errorf("a further run: %+v, %v", rep, err)
	}
}

// C-26: whatever a server can tell of times and whether it can set them, the second run
// moves nothing, up and down, and a change of equal size is seen.
func TestMirrorOldServers_C26(t *testing.T) {
	for name, off := range map[string][]string{
		"all there is":        nil,
		"listings by LIST":    {"MLSD", "MLST"},
		"no times to be set":  {"MFMT", "MFF"},
		"LIST, and no MFMT":   {"MLSD", "MLST", "MFMT", "MFF"},
		"nothing about times": {"MLSD", "MLST", "MFMT", "MFF", "MDTM"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := ftptest.NewServer(nil, func(s *ftpserver.Server) { s.Verbs.Off = off })
			defer srv.Close()
			tree, end := treeOf(t, srv)
			defer end()
			local, back := memfs.From(map[string]string{"a/new": "1", "old": "22", "b": "333"}), memfs.New()
			now := time.Now().Truncate(time.Second)
			times := map[string]time.Time{"a/new": now.Add(-time.Hour), "old": now.AddDate(-3, 0, 0), "b": now.Add(-50 * time.Hour)}
			for name, at := range times {
				p, err := vfs.Clean(name)
				if err == nil {
					err = local.SetAttr(t.Context(), p, vfs.Attr{ModTime: at})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			folder := func(f vfs.FS) *mirrorSide { return &mirrorSide{fs: f, clock: ftpfs.Clock{Known: true}} }
			run := func(from, to *mirrorSide, want int) {
				t.Helper()
				for _, side := range []*mirrorSide{from, to} {
					if side.remote {
						clock, err := tree.Clock(t.Context())
						if err != nil {
							t.Fatal(err)
						}
						side.clock = clock
					}
				}
				m := &mirrorCommand{env: &Env{Stderr: os.Stderr}}
				m.adapt(from, to)
				rep, err := mirror.Apply(t.Context(), from.fs, to.fs, mirror.Plan(t.Context(), from.fs, to.fs, m.opt), m.opt)
				if err != nil || rep.Copied+rep.Updated != want || rep.Equal != 3-want {
					t.Errorf("%+v, %v, want %d", rep, err, want)
				}
			}
			server := &mirrorSide{fs: tree, remote: true}
			run(folder(local), server, 3)
			run(folder(local), server, 0)
			run(server, folder(back), 3)
			run(server, folder(back), 0)
			p, err := vfs.Clean("b")
			if err == nil {
				err = local.SetAttr(t.Context(), p, vfs.Attr{ModTime: now.Add(30 * time.Minute)})
			}
			if err != nil {
				t.Fatal(err)
			}
			run(folder(local), server, 1)
		})
	}
}

// C-11: names of a server that must not become names here are refused one by one.
func TestLocalCheck_C11(t *testing.T) {
	check := localCheck()
	for _, name := range []string{`..`, `.`, ``, `a/b`, `C:\x`, `a\..\b`, "n\x00", "c\r", strings.Repeat("n", 300)} {
		if check(name) == nil {
			t.Errorf("%q is taken", name)
		}
	}
	for _, name := range []string{"-rf", "~", "a b"} {
		if err := check(name); err != nil {
			t.Error(err)
		}
	}
}

// TestHowtoMirror follows the page: its commands on folders print what it says. Of those
// that need a server, flags and arguments are looked at.
func TestHowtoMirror(t *testing.T) {
	steps := howtoSteps(t, "../../docs/howto/mirror.md")
	if len(steps) < 5 {
		t.Fatalf("the page has %d commands", len(steps))
	}
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("photos/2026", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"may": "12345", "june": "123456"} {
		if err := os.WriteFile("photos/2026/"+name+".jpg", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range steps {
		var out, errs bytes.Buffer
		env := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}
		if strings.Contains(strings.Join(s.args, " "), "://") {
			s.understood(t, env)
			continue
		}
		if code := Main(t.Context(), env, s.args); code != 0 {
			t.Fatalf("sealane %s: exit code %d\n%s", strings.Join(s.args, " "), code, errs.String())
		}
		want, got := lines(strings.Join(s.want, "\n")), lines(out.String())
		for i, line := range want {
			before, _, cut := strings.Cut(line, "…")
			if i >= len(got) || len(got) != len(want) || got[i] != line && !(cut && strings.HasPrefix(got[i], before)) {
				t.Fatalf("sealane %s printed\n%s", strings.Join(s.args, " "), out.String())
			}
		}
	}
}

// lines gives the lines of a text, sorted: files that move together come as they end.
func lines(s string) []string {
	all := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	slices.Sort(all)
	return all
}

// D-09: a large upload that broke off, and that the server has kept, is gone on with; what
// comes of it is the whole file.
func TestMirrorResumesKeptUpload_D09(t *testing.T) {
	tree := memfs.New()
	var sent int64
	ended := make(chan struct{}, 10)
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
		s.Observe = func(_ context.Context, e ftpserver.Event) {
			if e.Kind == ftpserver.EventTransfer && e.Verb == "STOR" {
				sent = e.Bytes
				ended <- struct{}{}
			}
		}
	})
	t.Cleanup(srv.Close)
	body := bytes.Repeat([]byte("0123456789abcdef"), 3<<16)
	src := t.TempDir()
	file := filepath.Join(src, "big.bin")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	p, err := vfs.Clean("/big.bin")
	if err != nil {
		t.Fatal(err)
	}
	up, err := tree.Create(t.Context(), p, vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up.Write(body[:2<<20]); err != nil {
		t.Fatal(err)
	}
	if err := up.Abort(vfs.ErrInterrupted); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	env := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(name string) string {
		return map[string]string{"SEALANE_PASSWORD": ftptest.Password}[name]
	}}
	leaf, err := x509.ParseCertificate(srv.Certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pin := certs.PinOf(leaf)
	if code := Main(t.Context(), env, []string{"mirror", src, "ftpes://" + ftptest.User + "@" + srv.Addr + "/", "--pin", pin.String()}); code != exitOK {
		t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	<-ended
	if want := int64(len(body) - 2<<20); sent != want {
		t.Errorf("%d bytes were sent, want %d", sent, want)
	}
	f, err := tree.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes of %d, %v", len(got), len(body), err)
	}
}
