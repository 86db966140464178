//go:build linux

package durability

import (
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"
)

// disk is a file system as bad as POSIX allows: of a file it keeps through a power
// cut the bytes of its last fsync, of a directory the entries of its last fsync,
// and nothing else. (Journals of real file systems keep more, and hide what a
// program forgets.) It can fail any call, and cut the power before any call.
type disk struct {
	mu    sync.Mutex
	nodes map[uint64]*node
	last  uint64
	dead  bool
	armed bool
	cutAt int    // the power fails before this call; -1: it does not
	calls []call // since arm
	fault func(call) syscall.Errno
	// pause is called before every call, without the lock, and may block.
	pause func(call)
	traits
}

// traits are what one disk does otherwise than the next.
type traits struct {
	// noTmpfile makes O_TMPFILE fail, as many FUSE and network file systems do.
	noTmpfile bool
	// liar says yes to every fsync and does nothing: what a test must notice.
	liar bool
	// keeps makes a power cut harmless: only the processes die, at any call.
	keeps bool
}

// call is one request that could change something on the disk.
type call struct {
	n    int    // its place since arm, from 0
	verb string // such as "fsync"
	node uint64
	name string // the entry it is about, if it has one
	err  syscall.Errno
}

type node struct {
	id      uint64
	dir     bool
	mode    uint32
	links   int
	data    []byte
	names   map[string]uint64
	changed time.Time

	// What a power cut leaves.
	synced      []byte
	syncedNames map[string]uint64
	// lost are the entries that were to be synced when that failed. As on Linux,
	// where the pages count as clean after it, no later fsync brings them to the
	// disk.
	lost     map[string]uint64
	failures int // of fsync
}

const rootNode = 1

func newDisk(traits traits) *disk {
	d := &disk{nodes: map[uint64]*node{}, cutAt: -1, traits: traits}
	d.make(true, 0o755).links = 2
	return d
}

// arm starts to count calls, and cuts the power before call cutAt unless that is
// negative.
func (d *disk) arm(cutAt int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls, d.cutAt, d.armed = nil, cutAt, true
}

// cut says whether the power has failed.
func (d *disk) cut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// trace is a copy of the calls since arm.
func (d *disk) trace() []call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// hook sets what fails calls and what holds them up; nil for neither.
func (d *disk) hook(fault func(call) syscall.Errno, pause func(call)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.pause = fault, pause
}

// powerUp ends a power cut, or makes one now: what was not synced is gone.
func (d *disk) powerUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead, d.armed, d.cutAt, d.calls, d.fault, d.pause = false, false, -1, nil, nil, nil
	if d.keeps {
		return
	}
	for _, n := range d.nodes {
		n.data, n.names, n.links = slices.Clone(n.synced), maps.Clone(n.syncedNames), 0
		if n.dir && n.names == nil {
			n.names = map[string]uint64{}
		}
	}
	for _, n := range d.nodes {
		for _, child := range n.names {
			d.nodes[child].links++
		}
	}
}

// syncAll makes all that is there safe, as sync(1) does.
func (d *disk) syncAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.nodes {
		n.synced, n.syncedNames = slices.Clone(n.data), maps.Clone(n.names)
	}
}

// files gives the content of every file below the root by its path, and "dir" for
// directories with a slash at the end.
func (d *disk) files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string][]byte{}
	d.collect(d.nodes[rootNode], "", out)
	return out
}

func (d *disk) collect(dir *node, path string, out map[string][]byte) {
	for name, id := range dir.names {
		if n := d.nodes[id]; n.dir {
			out[path+name+"/"] = nil
			d.collect(n, path+name+"/", out)
		} else {
			out[path+name] = slices.Clone(n.data)
		}
	}
}

// begin is the start of every call: it counts it, fails it or cuts the power. It
// returns with the lock held.
func (d *disk) begin(verb string, id uint64, name string) syscall.Errno {
	d.mu.Lock()
	c := call{n: len(d.calls), verb: verb, node: id, name: name}
	if pause := d.pause; pause != nil {
		d.mu.Unlock()
		pause(c)
		d.mu.Lock()
		c.n = len(d.calls)
	}
	switch {
	case d.dead || d.armed && d.cutAt == c.n:
		d.dead = true
		return syscall.EIO
	case d.fault != nil:
		c.err = d.fault(c)
	}
	if d.armed {
		d.calls = append(d.calls, c)
	}
	return c.err
}
