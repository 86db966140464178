package ftpfs_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// What a refusal means follows from its code where that says enough, and else from what
// is there; the reply itself can be had from the error too.
func TestReplies(t *testing.T) {
	there := map[string]string{"/f": "type=file;size=1;", "/d": "type=dir;"}
	for _, tt := range []struct {
		reply, path string
		want        error // nil: none of vfs
	}{
		{"452 full", "/new", vfs.ErrNoSpace},
		{"552 full", "/new", vfs.ErrQuota},
		{"500 what", "/new", vfs.ErrUnsupported},
		{"502 no", "/new", vfs.ErrUnsupported},
		{"504 no", "/new", vfs.ErrUnsupported},
		{"553 no", "/new", vfs.ErrBadName},
		{"550 no", "/new", vfs.ErrPermission},
		{"521 no", "/new", vfs.ErrPermission},
		{"550 no", "/d", vfs.ErrExist},
		{"553 no", "/f", vfs.ErrExist},
		{"550 no", "/none/x/y", vfs.ErrNotExist},
		{"550 no", "/f/x/y", vfs.ErrNotDir},
		{"550 no", "/d/x", vfs.ErrPermission},
		{"530 who are you?", "/new", vfs.ErrPermission},
		{"451 it is there", "/d", vfs.ErrExist},
		{"450 no such directory", "/none/x", vfs.ErrNotExist},
		{"421 bye", "/d", nil},
		{"450 busy", "/new", nil},
		{"451 disk", "/new", nil},
	} {
		p := &pretend{answer: map[string]func(*ftptest.Session, string){"MKD": says(tt.reply), "MLST": facts(there)}}
		against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
			err := f.Mkdir(t.Context(), path(t, tt.path))
			var refused *ftp.Error
			if !errors.As(err, &refused) || refused.Command != "MKD" || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%s to %s: %v, want %v", tt.reply, tt.path, err, tt.want)
			}
			for _, kind := range []error{vfs.ErrNotExist, vfs.ErrExist, vfs.ErrPermission, vfs.ErrBadName, vfs.ErrNotDir, vfs.ErrUnsupported} {
				if kind != tt.want && errors.Is(err, kind) {
					t.Errorf("%s to %s: %v is also %v", tt.reply, tt.path, err, kind)
				}
			}
		})
	}
}

// A session that is lost, or a login that is refused, says nothing of files.
func TestNetwork(t *testing.T) {
	p := &pretend{answer: map[string]func(*ftptest.Session, string){
		"MLST": func(s *ftptest.Session, _ string) { s.RST() },
		"MKD":  says("421 bye"),
	}}
	against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
		_, err := f.Stat(t.Context(), path(t, "/f"))
		if !errors.Is(err, ftpclient.ErrNetwork) || errors.Is(err, vfs.ErrNotExist) || !ftpclient.Temporary(err) {
			t.Errorf("Stat: %v", err)
		}
		err = f.Mkdir(t.Context(), path(t, "/d"))
		if !ftpclient.Temporary(err) || errors.Is(err, vfs.ErrPermission) {
			t.Errorf("Mkdir: %v", err)
		}
	})
}

// One connection is enough for who lists and acts on what is listed.
func TestOneConnection(t *testing.T) {
	tree := memfs.From(map[string]string{"a": "1", "b": "2", "d/": "", "d/c": "3"})
	srv := ftptest.NewServerFS(tree, nil)
	defer srv.Close()
	u, err := ftp.ParseURL("ftpes://" + srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	u.User, u.Password, u.HasPassword = ftptest.User, ftptest.Password, true
	pool := ftpclient.NewPool(ftpclient.PoolOptions{Client: ftpclient.Options{RootCAs: srv.Pool}, Limit: 1})
	defer pool.Close()
	f, err := ftpfs.New(t.Context(), pool, u, ftpfs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for e, err := range f.List(t.Context(), vfs.Path{}, vfs.WantAll) {
		if err != nil {
			t.Fatal(err)
		}
		count++
		p := path(t, "/"+e.Name)
		if e.IsDir() {
			for range f.List(t.Context(), p, vfs.WantAll) {
				count++
			}
			continue
		}
		file, err := f.Open(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		if err := f.Remove(t.Context(), p); err != nil {
			t.Error(err)
		}
	}
	if count != 4 {
		t.Errorf("%d entries", count)
	}
	// Who waits for a connection that is held waits no longer than its context.
	up, err := f.Create(t.Context(), path(t, "/new"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() {
		_, err := f.Stat(ctx, path(t, "/d"))
		waited <- err
	}()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("Stat: %v", err)
	}
	if _, err := up.Commit(t.Context()); err != nil {
		t.Error(err)
	}
}

// A hash that nobody waits for any more does not hold its caller.
func TestHashCancelled(t *testing.T) {
	p := &pretend{features: []string{"MLST type*;", "HASH SHA-256*"}, answer: map[string]func(*ftptest.Session, string){
		"HASH": func(s *ftptest.Session, _ string) { s.Silence() },
	}}
	against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := f.Hash(ctx, path(t, "/f"), vfs.SHA256, 0, -1)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}

// What the server does not offer is ErrUnsupported; nothing is fetched to make up for it.
func TestUnsupported(t *testing.T) {
	p := &pretend{features: []string{"MLST type*;size*;", "HASH SHA-256*"}, answer: map[string]func(*ftptest.Session, string){
		"MLST": facts(map[string]string{"/f": "type=file;size=9;", "/d": "type=dir;"}),
	}}
	against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
		if caps := f.Caps(); caps.SetModTime || caps.SetMode || caps.Symlink || caps.Resume {
			t.Errorf("%+v", caps)
		}
		file, when := path(t, "/f"), time.Unix(1e9, 0)
		_, md5 := f.Hash(t.Context(), file, vfs.MD5, 0, -1)
		_, part := f.Hash(t.Context(), file, vfs.SHA256, 1, 3)
		for what, err := range map[string]error{
			"Hash": md5, "Hash of a part": part, "SetAttr": f.SetAttr(t.Context(), file, vfs.Attr{ModTime: when}),
			"Symlink": f.Symlink(t.Context(), file, path(t, "/l")),
		} {
			if !errors.Is(err, vfs.ErrUnsupported) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if room, err := f.Space(t.Context(), path(t, "/d")); err != nil || room != (vfs.Space{Free: -1, Total: -1}) {
			t.Errorf("Space: %+v, %v", room, err)
		}
	})
}

// What says nothing of names is not taken for a name that is not there.
func TestNoAnswer(t *testing.T) {
	for _, reply := range []string{"530 log in", "500 what", "421 bye", "451 disk", "599 never"} {
		p := &pretend{answer: map[string]func(*ftptest.Session, string){
			"MLST": says(reply), "CWD": says(reply), "SIZE": says(reply), "MDTM": says(reply), "RETR": says(reply), "DELE": says("550 no"),
		}}
		against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
			_, err := f.Stat(t.Context(), path(t, "/f"))
			for what, err := range map[string]error{"Stat": err, "Remove": f.Remove(t.Context(), path(t, "/f"))} {
				if err == nil || errors.Is(err, vfs.ErrNotExist) {
					t.Errorf("%s after %s: %v", what, reply, err)
				}
			}
		})
	}
}

// MLST need not tell sizes; then SIZE does.
func TestMLSTWithoutSize(t *testing.T) {
	p := &pretend{features: []string{"MLST type*;size;modify*;", "SIZE"}, answer: map[string]func(*ftptest.Session, string){
		"MLST": facts(map[string]string{"/f": "type=file;"}), "SIZE": says("213 7"), "RETR": sends("content"),
	}}
	against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
		file, err := f.Open(t.Context(), path(t, "/f"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(file); err != nil || string(got) != "content" || file.Entry().Size != 7 {
			t.Errorf("%q, %v of %+v", got, err, file.Entry())
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The capabilities are those of FEAT, in the ways in which servers write them.
func TestCaps(t *testing.T) {
	base := vfs.Caps{Write: true, InPlace: true, Durability: vfs.DurableProcess}
	with := func(change func(*vfs.Caps)) vfs.Caps { c := base; change(&c); return c }
	for feature, want := range map[string]vfs.Caps{
		"MFMT":                             with(func(c *vfs.Caps) { c.SetModTime = true }),
		"SITE UTIME":                       with(func(c *vfs.Caps) { c.SetModTime = true }),
		"MFF modify;UNIX.group;UNIX.mode;": with(func(c *vfs.Caps) { c.SetMode = true }),
		"MFF modify;UNIX.group;":           base,
		"SITE CHMOD":                       with(func(c *vfs.Caps) { c.SetMode = true }),
		"SITE MKDIR;CHMOD;SYMLINK":         with(func(c *vfs.Caps) { c.SetMode, c.Symlink = true, true }),
		"SITE SYMLINK\r\n SITE UTIME":      with(func(c *vfs.Caps) { c.Symlink, c.SetModTime = true, true }),
		"X-MFMT":                           base,
		"REST STREAM":                      base,
	} {
		p := &pretend{features: []string{feature}}
		against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
			if got := f.Caps(); got != want {
				t.Errorf("%q: %+v, want %+v", feature, got, want)
			}
		})
	}
	p := &pretend{features: []string{"MLST type*;", "SITE SYMLINK", "AVBL"}, answer: map[string]func(*ftptest.Session, string){
		"MLST": facts(map[string]string{"/l": "type=OS.unix=slink:;"}), "AVBL": says("213 42"),
		"SITE": func(s *ftptest.Session, arg string) {
			s.Reply(map[string]string{"SYMLINK /f /new": "200 made", "SYMLINK /f /l": "550 there"}[arg])
		},
	}}
	against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
		if err := f.Symlink(t.Context(), path(t, "/f"), path(t, "/new")); err != nil {
			t.Error(err)
		}
		if err := f.Symlink(t.Context(), path(t, "/f"), path(t, "/l")); !errors.Is(err, vfs.ErrExist) {
			t.Error(err)
		}
		if _, err := f.Open(t.Context(), path(t, "/l")); !errors.Is(err, vfs.ErrNotRegular) {
			t.Error(err)
		}
		if room, err := f.Space(t.Context(), path(t, "/")); err != nil || room.Free != 42 {
			t.Errorf("%+v, %v", room, err)
		}
	})
}
