//go:build linux

package durability

import (
	"maps"
	"slices"
	"syscall"
	"time"
)

func (d *disk) make(dir bool, mode uint32) *node {
	d.last++
	n := &node{id: d.last, dir: dir, mode: mode, changed: time.Now()}
	if dir {
		n.names = map[string]uint64{}
	}
	d.nodes[n.id] = n
	return n
}

// child finds an entry; it needs the lock.
func (d *disk) child(dir uint64, name string) (*node, syscall.Errno) {
	parent := d.nodes[dir]
	if parent == nil || !parent.dir {
		return nil, syscall.ENOTDIR
	}
	id, ok := parent.names[name]
	if !ok {
		return nil, syscall.ENOENT
	}
	return d.nodes[id], 0
}

// create makes a file or a directory under a name, or, without a name, a file that
// has none yet.
func (d *disk) create(parent uint64, name string, dir bool, mode uint32) (uint64, syscall.Errno) {
	verb := "create"
	switch {
	case dir:
		verb = "mkdir"
	case name == "":
		verb = "tmpfile"
	}
	err := d.begin(verb, parent, name)
	defer d.mu.Unlock()
	if err != 0 {
		return 0, err
	}
	if name == "" {
		if d.noTmpfile {
			return 0, syscall.EOPNOTSUPP
		}
		return d.make(false, mode).id, 0
	}
	if _, err := d.child(parent, name); err != syscall.ENOENT {
		if err == 0 {
			err = syscall.EEXIST
		}
		return 0, err
	}
	n := d.make(dir, mode)
	n.links = 1
	d.enter(parent, name, n.id)
	return n.id, 0
}

func (d *disk) enter(parent uint64, name string, id uint64) {
	d.nodes[parent].names[name] = id
	d.nodes[parent].changed = time.Now()
}

func (d *disk) write(id uint64, offset int64, data []byte) syscall.Errno {
	err := d.begin("write", id, "")
	defer d.mu.Unlock()
	if err != 0 {
		return err
	}
	n := d.nodes[id]
	if grow := int(offset) + len(data) - len(n.data); grow > 0 {
		n.data = append(n.data, make([]byte, grow)...)
	}
	copy(n.data[offset:], data)
	n.changed = time.Now()
	return 0
}

func (d *disk) read(id uint64, offset int64, buf []byte) (int, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.nodes[id]
	switch {
	case d.dead:
		return 0, syscall.EIO
	case offset >= int64(len(n.data)):
		return 0, 0
	}
	return copy(buf, n.data[offset:]), 0
}

// set changes the mode or the length where they are not negative.
func (d *disk) set(id uint64, mode, size int64) syscall.Errno {
	err := d.begin("setattr", id, "")
	defer d.mu.Unlock()
	if err != 0 {
		return err
	}
	n := d.nodes[id]
	if mode >= 0 {
		n.mode = uint32(mode) & 0o7777
	}
	if size >= 0 {
		n.data = append(n.data, make([]byte, max(0, int(size)-len(n.data)))...)[:size]
	}
	return 0
}

// sync is fsync of a file or a directory.
func (d *disk) sync(id uint64) syscall.Errno { return d.syncBy(id, nil) }

// syncBy is fsync by a descriptor that has seen so many failures of it: as on
// Linux, one that was open when an fsync failed is told of it once, even if its own
// works.
func (d *disk) syncBy(id uint64, seen *int) syscall.Errno {
	n := d.node(id)
	verb := "fsync"
	if n.dir {
		verb = "fsyncdir"
	}
	d.mu.Lock()
	dirty := maps.Clone(n.names)
	d.mu.Unlock()
	err := d.begin(verb, id, "")
	defer d.mu.Unlock()
	if err != 0 {
		n.failures++
		for name, child := range dirty {
			if n.syncedNames[name] != child {
				if n.lost == nil {
					n.lost = map[string]uint64{}
				}
				n.lost[name] = child
			}
		}
	}
	told := seen == nil || *seen == n.failures
	if seen != nil {
		*seen = n.failures
	}
	switch {
	case err != 0:
		return err
	case d.liar:
		return 0
	}
	n.synced = slices.Clone(n.data)
	safe := maps.Clone(n.names)
	for name, child := range n.lost {
		if safe[name] != child {
			continue // it was changed again
		}
		if old, ok := n.syncedNames[name]; ok {
			safe[name] = old
		} else {
			delete(safe, name)
		}
	}
	n.syncedNames = safe
	if !told {
		return syscall.EIO
	}
	return 0
}

func (d *disk) node(id uint64) *node {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.nodes[id]
}

func (d *disk) link(id, parent uint64, name string) syscall.Errno {
	err := d.begin("link", parent, name)
	defer d.mu.Unlock()
	if err != 0 {
		return err
	}
	if _, err := d.child(parent, name); err == 0 {
		return syscall.EEXIST
	}
	d.enter(parent, name, id)
	d.nodes[id].links++
	return 0
}

// unlink takes an entry away: a file's, or that of an empty directory.
func (d *disk) unlink(parent uint64, name string, dir bool) syscall.Errno {
	verb := "unlink"
	if dir {
		verb = "rmdir"
	}
	err := d.begin(verb, parent, name)
	defer d.mu.Unlock()
	if err != 0 {
		return err
	}
	n, err := d.child(parent, name)
	switch {
	case err != 0:
		return err
	case dir && !n.dir:
		return syscall.ENOTDIR
	case !dir && n.dir:
		return syscall.EISDIR
	case dir && len(n.names) > 0:
		return syscall.ENOTEMPTY
	}
	delete(d.nodes[parent].names, name)
	n.links--
	return 0
}

// rename is renameat2 with the flag RENAME_NOREPLACE or without.
func (d *disk) rename(from uint64, name string, to uint64, as string, exclusive bool) syscall.Errno {
	err := d.begin("rename", to, as)
	defer d.mu.Unlock()
	if err != 0 {
		return err
	}
	n, err := d.child(from, name)
	if err != 0 {
		return err
	}
	if old, err := d.child(to, as); err == 0 {
		switch {
		case exclusive:
			return syscall.EEXIST
		case old == n:
			return 0
		case old.dir && !n.dir:
			return syscall.EISDIR
		case old.dir && len(old.names) > 0:
			return syscall.ENOTEMPTY
		case !old.dir && n.dir:
			return syscall.ENOTDIR
		}
		old.links--
	}
	delete(d.nodes[from].names, name)
	d.enter(to, as, n.id)
	return 0
}
