//go:build unix

package osfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealane/sealane/vfs"
)

// S-87: SetAttr sets what it may, and never setuid, setgid or sticky; those that
// an operator has set on a directory stay.
func TestSetAttr(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	group := strconv.Itoa(os.Getgid())
	f := mustOpen(t, dir, noSync, With(Policy{Groups: []string{group}}))
	must(t, put(t, f, "/f", vfs.Create{}, "x"))
	must(t, f.Mkdir(ctx, mustPath(t, "/d")))
	must(t, os.Chmod(filepath.Join(dir, "f"), 0o755|fs.ModeSetuid))
	must(t, os.Chmod(filepath.Join(dir, "d"), 0o777|fs.ModeSticky))
	old, later := time.Unix(1e9, 5e8), time.Unix(2e9, 0)
	for name, kept := range map[string]fs.FileMode{"/f": 0, "/d": fs.ModeSticky | fs.ModeDir} {
		p := mustPath(t, name)
		must(t, f.SetAttr(ctx, p, vfs.Attr{ModTime: old, AccessTime: later, Mode: new(fs.FileMode(0o640)), Group: group}))
		e, err := f.Stat(ctx, p)
		if err != nil || !e.ModTime.Equal(old) || e.Mode != 0o640|kept {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		must(t, f.SetAttr(ctx, p, vfs.Attr{AccessTime: old}))
		must(t, f.SetAttr(ctx, p, vfs.Attr{}))
		for what, a := range map[string]vfs.Attr{
			"setuid":  {ModTime: later, Mode: new(fs.FileMode(0o777) | fs.ModeSetuid)},
			"04000":   {ModTime: later, Mode: new(fs.FileMode(0o4755))},
			"dir":     {ModTime: later, Mode: new(fs.FileMode(0o755) | fs.ModeDir)},
			"group":   {ModTime: later, Group: "4294967"},
			"no name": {ModTime: later, Group: " " + group},
		} {
			if err := f.SetAttr(ctx, p, a); !errors.Is(err, vfs.ErrPermission) {
				t.Errorf("%s of %s: %v", what, name, err)
			}
		}
		if err := f.SetAttr(ctx, p, vfs.Attr{ModTime: later, Created: old}); !errors.Is(err, vfs.ErrUnsupported) {
			t.Errorf("Created of %s: %v", name, err)
		}
		if e, err := f.Stat(ctx, p); err != nil || !e.ModTime.Equal(old) {
			t.Errorf("%s: refused, and yet changed: %+v, %v", name, e, err)
		}
	}
}

// S-87: what is new gets the permissions and the owner of the policy, in a setgid
// directory too; no policy can have it setuid.
func TestPolicyModes(t *testing.T) {
	for _, m := range []fs.FileMode{0o4755, 0o755 | fs.ModeSetgid, 0o1777} {
		for _, p := range []Policy{{FileMode: m}, {DirMode: m}, {Umask: &m}} {
			if f, err := Open(t.TempDir(), With(p)); err == nil {
				f.Close()
				t.Errorf("Open with %v: no error", m)
			}
		}
	}
	for name, opts := range map[string][]Option{"nameless": {noSync}, "named": {noSync, Named()}} {
		dir := t.TempDir()
		must(t, os.Chmod(dir, 0o770|fs.ModeSetgid))
		top, err := os.Stat(dir)
		must(t, err)
		f := mustOpen(t, dir, append(opts, With(Policy{FileMode: 0o664, DirMode: 0o775, Umask: new(fs.FileMode(0o002))}))...)
		must(t, put(t, f, "/f", vfs.Create{}, ""))
		must(t, f.Mkdir(t.Context(), mustPath(t, "/d")))
		for _, e := range []struct {
			name string
			want fs.FileMode
		}{{"f", 0o664}, {"d", 0o775 | fs.ModeDir | top.Mode()&fs.ModeSetgid}} {
			in, err := os.Stat(filepath.Join(dir, e.name))
			must(t, err)
			if in.Mode() != e.want || in.Sys().(*syscall.Stat_t).Gid != top.Sys().(*syscall.Stat_t).Gid {
				t.Errorf("%s: %s has %v, want %v", name, e.name, in.Mode(), e.want)
			}
		}
	}
}

// Files can be given to another user only by a process that may; one that may not
// is told when the folder is opened.
func TestPolicyOwner(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync)
	stranger := uint32(os.Getuid()) + 4711
	v, err := f.For(Policy{UID: &stranger, GID: &stranger})
	if os.Geteuid() != 0 {
		if err == nil || !strings.Contains(err.Error(), "may not give files") {
			t.Errorf("For = %v", err)
		}
		v, err = f.For(Policy{UID: new(uint32(os.Getuid())), GID: new(uint32(os.Getgid()))})
		stranger = uint32(os.Getuid())
	}
	must(t, err)
	must(t, put(t, v, "/f", vfs.Create{}, ""))
	must(t, v.Mkdir(t.Context(), mustPath(t, "/d")))
	for _, name := range []string{"/f", "/d"} {
		if e, err := f.Stat(t.Context(), mustPath(t, name)); err != nil || e.Owner.UID != stranger || !e.Owner.Known {
			t.Errorf("%s = %+v, %v", name, e, err)
		}
	}
	if got := onDisk(t, dir); len(got) != 2 {
		t.Errorf("on the disk: %q", got)
	}
	if _, err := f.For(Policy{Groups: []string{"no such group"}}); err == nil {
		t.Error("a group that is not there: no error")
	}
	tr := &tracer{}
	g := mustOpen(t, t.TempDir(), traced(tr))
	tr.arm(1, syscall.EPERM)
	if _, err := g.For(Policy{UID: &stranger}); err == nil || tr.failed != "chown" {
		t.Errorf("chown refused (%s): %v", tr.failed, err)
	}
}
