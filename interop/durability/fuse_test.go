//go:build interop && linux && !386

package durability

import (
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// go-fuse does not compile on 32-bit systems, so what needs it is left out there.

// mounted is a disk that a server can use: the disk model on /dev/fuse. The test
// itself never looks into the mounted folder, since it would wait for itself.
type mounted struct {
	fuse.RawFileSystem
	*disk
	dir    string
	server *fuse.Server
	ended  chan struct{} // closed when the server has ended

	mu      sync.Mutex
	handles map[uint64]*handle
	lastFh  uint64
}

// handle is an open directory: what its reader will see, and how many failures of
// fsync it knows of.
type handle struct {
	list     []fuse.DirEntry
	failures int
}

// mountDisk mounts a disk; the end of the test unmounts it.
func mountDisk(t *testing.T, d *disk) *mounted {
	t.Helper()
	needRoot(t)
	if _, err := os.Stat("/dev/fuse"); err != nil {
		lack(t, "this system has no FUSE: %v", err)
	}
	m := &mounted{RawFileSystem: fuse.NewDefaultRawFileSystem(), disk: d, dir: t.TempDir(), handles: map[uint64]*handle{}}
	if err := m.attach(); err != nil {
		lack(t, "this system does not mount FUSE file systems: %v", err)
	}
	t.Cleanup(func() {
		m.hook(nil, nil) // what still waits goes on
		m.detach(t)
	})
	return m
}

// attach mounts the disk, as at the start of a machine.
func (m *mounted) attach() error {
	server, err := fuse.NewServer(m, m.dir, &fuse.MountOptions{
		Name: "lossy", FsName: "lossy", DirectMountStrict: true, DisableReadDirPlus: true, DisableXAttrs: true,
	})
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	m.server, m.ended = server, ended
	go func() {
		defer close(ended)
		server.Serve()
	}()
	return server.WaitMount()
}

func (m *mounted) detach(t *testing.T) {
	t.Helper()
	if m.server == nil {
		return
	}
	if err := m.server.Unmount(); err != nil {
		t.Errorf("%s: %v", m.dir, err)
	}
	<-m.ended
	m.server = nil
}

// restart takes the disk away from a server that is dead, gives it power again and
// mounts it: nothing that was not synced is there.
func (m *mounted) restart(t *testing.T) {
	t.Helper()
	m.detach(t)
	m.powerUp()
	if err := m.attach(); err != nil {
		t.Fatal(err)
	}
}

func (m *mounted) String() string { return "lossy" }

// describe fills in attributes of a node.
func (m *mounted) describe(id uint64, out *fuse.Attr) fuse.Status {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	n := m.nodes[id]
	switch {
	case m.dead:
		return fuse.EIO
	case n == nil:
		return fuse.ENOENT
	}
	*out = fuse.Attr{Ino: id, Size: uint64(len(n.data)), Blocks: uint64(len(n.data)+511) / 512, Blksize: 4096, Nlink: uint32(n.links)}
	out.Mode = n.mode | syscall.S_IFREG
	if n.dir {
		out.Mode, out.Nlink = n.mode|syscall.S_IFDIR, 2
	}
	out.SetTimes(&n.changed, &n.changed, &n.changed)
	return fuse.OK
}

// found answers with a node; nothing may be cached, so that all calls come here.
func (m *mounted) found(id uint64, err syscall.Errno, out *fuse.EntryOut) fuse.Status {
	if err != 0 {
		return fuse.Status(err)
	}
	out.NodeId, out.Generation = id, 1
	return m.describe(id, &out.Attr)
}

func (m *mounted) Lookup(_ <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	m.disk.mu.Lock()
	n, err := m.child(h.NodeId, name)
	dead := m.dead
	m.disk.mu.Unlock()
	switch {
	case dead:
		return fuse.EIO
	case err != 0:
		return fuse.Status(err)
	}
	return m.found(n.id, 0, out)
}

func (m *mounted) Forget(uint64, uint64) {}

func (m *mounted) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	return m.describe(in.NodeId, &out.Attr)
}

func (m *mounted) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	mode, size := int64(-1), int64(-1)
	if v, ok := in.GetMode(); ok {
		mode = int64(v)
	}
	if v, ok := in.GetSize(); ok {
		size = int64(v)
	}
	if err := m.set(in.NodeId, mode, size); err != 0 {
		return fuse.Status(err)
	}
	return m.describe(in.NodeId, &out.Attr)
}

func (m *mounted) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	id, err := m.create(in.NodeId, name, true, in.Mode&0o7777)
	return m.found(id, err, out)
}

func (m *mounted) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	id, err := m.create(in.NodeId, name, false, in.Mode&0o7777)
	return m.found(id, err, &out.EntryOut)
}

func (m *mounted) Tmpfile(_ <-chan struct{}, in *fuse.CreateIn, out *fuse.CreateOut) fuse.Status {
	id, err := m.create(in.NodeId, "", false, in.Mode&0o7777)
	return m.found(id, err, &out.EntryOut)
}

func (m *mounted) Unlink(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return fuse.Status(m.unlink(h.NodeId, name, false))
}

func (m *mounted) Rmdir(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return fuse.Status(m.unlink(h.NodeId, name, true))
}

func (m *mounted) Rename(_ <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	const noReplace = 1
	if in.Flags&^noReplace != 0 {
		return fuse.EINVAL
	}
	return fuse.Status(m.rename(in.NodeId, from, in.Newdir, to, in.Flags&noReplace != 0))
}

func (m *mounted) Link(_ <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	err := m.link(in.Oldnodeid, in.NodeId, name)
	return m.found(in.Oldnodeid, err, out)
}

func (m *mounted) Access(<-chan struct{}, *fuse.AccessIn) fuse.Status { return fuse.OK }

func (m *mounted) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if in.Flags&syscall.O_TRUNC != 0 {
		return fuse.Status(m.set(in.NodeId, -1, 0))
	}
	return fuse.OK
}

func (m *mounted) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	n, err := m.read(in.NodeId, int64(in.Offset), buf)
	return fuse.ReadResultData(buf[:n]), fuse.Status(err)
}

func (m *mounted) Write(_ <-chan struct{}, in *fuse.WriteIn, b []byte) (uint32, fuse.Status) {
	if err := m.write(in.NodeId, int64(in.Offset), b); err != 0 {
		return 0, fuse.Status(err)
	}
	return uint32(len(b)), fuse.OK
}

func (m *mounted) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }
func (m *mounted) Release(<-chan struct{}, *fuse.ReleaseIn)         {}

func (m *mounted) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return fuse.Status(m.sync(in.NodeId))
}

func (m *mounted) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	m.mu.Lock()
	h := m.handles[in.Fh]
	m.mu.Unlock()
	return fuse.Status(m.syncBy(in.NodeId, &h.failures))
}

func (m *mounted) OpenDir(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	m.disk.mu.Lock()
	h := &handle{failures: m.nodes[in.NodeId].failures}
	dead := m.dead
	for _, name := range slices.Sorted(maps.Keys(m.nodes[in.NodeId].names)) {
		n := m.nodes[m.nodes[in.NodeId].names[name]]
		mode := uint32(syscall.S_IFREG)
		if n.dir {
			mode = syscall.S_IFDIR
		}
		h.list = append(h.list, fuse.DirEntry{Name: name, Ino: n.id, Mode: mode})
	}
	m.disk.mu.Unlock()
	if dead {
		return fuse.EIO
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lastFh++
	out.Fh = m.lastFh
	m.handles[out.Fh] = h
	return fuse.OK
}

func (m *mounted) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	m.mu.Lock()
	list := m.handles[in.Fh].list
	m.mu.Unlock()
	for i := int(in.Offset); i < len(list); i++ {
		if !out.AddDirEntry(list[i]) {
			break
		}
	}
	return fuse.OK
}

func (m *mounted) ReleaseDir(in *fuse.ReleaseIn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.handles, in.Fh)
}

func (m *mounted) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	*out = fuse.StatfsOut{Bsize: 4096, Frsize: 4096, Blocks: 1 << 20, Bfree: 1 << 20, Bavail: 1 << 20, Files: 1 << 20, Ffree: 1 << 20, NameLen: 255}
	return fuse.OK
}
