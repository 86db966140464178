//go:build linux

package durability

import (
	"bytes"
	"maps"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names lists what is on the disk.
func names(d *disk) []string { return slices.Sorted(maps.Keys(d.files())) }

// must fails the test after a call that should have worked.
func must(t *testing.T, err syscall.Errno) {
	t.Helper()
	if err != 0 {
		t.Fatal(err)
	}
}

// put makes a file without syncing anything.
func put(t *testing.T, d *disk, name, content string) uint64 {
	t.Helper()
	id, err := d.create(rootNode, name, false, 0o600)
	must(t, err)
	must(t, d.write(id, 0, []byte(content)))
	return id
}

// D-05: the disk keeps what was synced, and not a byte more.
func TestDiskForgets(t *testing.T) {
	d := newDisk(traits{})
	kept := put(t, d, "kept", "safe")
	put(t, d, "empty", "bytes without fsync")
	must(t, d.sync(kept))
	must(t, d.sync(rootNode))
	nameless := put(t, d, "nameless", "synced, its name not")
	must(t, d.sync(nameless))
	must(t, d.write(kept, 4, []byte(", and more")))

	d.powerUp()
	if diff := cmp.Diff([]string{"empty", "kept"}, names(d)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if got := d.files(); string(got["kept"]) != "safe" || len(got["empty"]) != 0 {
		t.Errorf("kept = %q, empty = %q", got["kept"], got["empty"])
	}
}

// D-05: a rename lasts from the fsync of both directories on, and a deletion that
// was not synced is undone.
func TestDiskRename(t *testing.T) {
	d := newDisk(traits{})
	sub, err := d.create(rootNode, "sub", true, 0o755)
	must(t, err)
	put(t, d, "a", "1")
	put(t, d, "b", "2")
	d.syncAll()
	must(t, d.rename(rootNode, "a", sub, "c", false))
	must(t, d.unlink(rootNode, "b", false))
	must(t, d.sync(sub))
	if diff := cmp.Diff([]string{"sub/", "sub/c"}, names(d)); diff != "" {
		t.Errorf("before the cut (-want +got):\n%s", diff)
	}
	d.powerUp()
	if diff := cmp.Diff([]string{"a", "b", "sub/", "sub/c"}, names(d)); diff != "" {
		t.Errorf("after the cut (-want +got):\n%s", diff)
	}
}

// D-05: a file without a name gets one by link, and is lost without.
func TestDiskTmpfile(t *testing.T) {
	d := newDisk(traits{})
	for _, name := range []string{"linked", ""} {
		id, err := d.create(rootNode, "", false, 0o600)
		must(t, err)
		must(t, d.write(id, 0, []byte("x")))
		must(t, d.sync(id))
		if name != "" {
			must(t, d.link(id, rootNode, name))
			if err := d.link(id, rootNode, name); err != syscall.EEXIST {
				t.Errorf("linked twice: %v", err)
			}
		}
	}
	must(t, d.sync(rootNode))
	d.powerUp()
	if got := d.files(); len(got) != 1 || !bytes.Equal(got["linked"], []byte("x")) {
		t.Errorf("got %q", got)
	}
	d.liar = true
	put(t, d, "lie", "x")
	must(t, d.sync(rootNode))
	d.powerUp()
	if got := names(d); len(got) != 1 {
		t.Errorf("a disk that syncs nothing has %q", got)
	}
	d.noTmpfile = true
	if _, err := d.create(rootNode, "", false, 0o600); err != syscall.EOPNOTSUPP {
		t.Errorf("without O_TMPFILE: %v", err)
	}
}

// D-04, D-05: the power fails before the call that is asked for and stays off, and
// faults hit the call that they name.
func TestDiskFails(t *testing.T) {
	d := newDisk(traits{})
	d.arm(2)
	id := put(t, d, "a", "1") // calls 0 and 1
	for range 2 {
		if err := d.sync(id); err != syscall.EIO {
			t.Errorf("after the cut: %v", err)
		}
	}
	if n := len(d.trace()); n != 2 || !d.cut() {
		t.Errorf("%d calls were counted, want 2; the power is off: %t", n, d.cut())
	}
	d.powerUp()
	d.arm(-1)
	d.hook(func(c call) syscall.Errno {
		if c.verb == "fsync" {
			return syscall.EDQUOT
		}
		return 0
	}, nil)
	id = put(t, d, "b", "2")
	if err := d.sync(id); err != syscall.EDQUOT {
		t.Errorf("fsync: %v", err)
	}
	if got := d.trace(); len(got) != 3 || got[2].err != syscall.EDQUOT || got[2].node != id {
		t.Errorf("trace: %+v", got)
	}
}

// D-04: after an fsync that failed, the next one says yes and has saved nothing of
// what the first one was about.
func TestDiskSyncTwice(t *testing.T) {
	d := newDisk(traits{})
	put(t, d, "old", "0")
	d.syncAll()
	failed := false
	d.hook(func(c call) syscall.Errno {
		if c.verb != "fsyncdir" || failed {
			return 0
		}
		failed = true
		return syscall.EIO
	}, nil)
	put(t, d, "first", "1")
	must(t, d.rename(rootNode, "first", rootNode, "old", false))
	put(t, d, "first", "1")
	one, other := 0, 0
	if err := d.syncBy(rootNode, &one); err != syscall.EIO {
		t.Errorf("fsync: %v", err)
	}
	put(t, d, "second", "2")
	must(t, d.syncBy(rootNode, &one))
	if err := d.syncBy(rootNode, &other); err != syscall.EIO {
		t.Errorf("a descriptor that was open meanwhile: %v", err)
	}
	must(t, d.syncBy(rootNode, &other))
	d.powerUp()
	if diff := cmp.Diff([]string{"old", "second"}, names(d)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if got := string(d.files()["old"]); got != "0" {
		t.Errorf("old = %q", got)
	}
}

// D-05: where only the processes die, all that was written is there.
func TestDiskKeeps(t *testing.T) {
	d := newDisk(traits{keeps: true})
	d.arm(2)
	id := put(t, d, "a", "1")
	if err := d.sync(id); err != syscall.EIO {
		t.Errorf("after the cut: %v", err)
	}
	d.powerUp()
	if got := d.files(); string(got["a"]) != "1" || d.cut() {
		t.Errorf("got %q", got)
	}
}

// The errors of names are those of the kernel, which the server turns into replies.
func TestDiskNames(t *testing.T) {
	d := newDisk(traits{})
	dir, err := d.create(rootNode, "dir", true, 0o755)
	must(t, err)
	put(t, d, "a", "1")
	put(t, d, "b", "2")
	if _, err := d.create(dir, "x", false, 0o600); err != 0 {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ got, want syscall.Errno }{
		"unlink a directory":         {d.unlink(rootNode, "dir", false), syscall.EISDIR},
		"rmdir a file":               {d.unlink(rootNode, "a", true), syscall.ENOTDIR},
		"rmdir what is not empty":    {d.unlink(rootNode, "dir", true), syscall.ENOTEMPTY},
		"unlink what is not there":   {d.unlink(rootNode, "c", false), syscall.ENOENT},
		"rename exclusively":         {d.rename(rootNode, "a", rootNode, "b", true), syscall.EEXIST},
		"rename over a directory":    {d.rename(rootNode, "a", rootNode, "dir", false), syscall.EISDIR},
		"rename a directory on file": {d.rename(rootNode, "dir", rootNode, "a", false), syscall.ENOTDIR},
		"rename over a file":         {d.rename(rootNode, "a", rootNode, "b", false), 0},
		"cut b":                      {d.set(d.nodes[rootNode].names["b"], 0o640, 0), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	buf := make([]byte, 4)
	if n, err := d.read(d.nodes[rootNode].names["b"], 0, buf); n != 0 || err != 0 {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
