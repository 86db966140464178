package memfs

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealane/sealane/vfs"
)

// FS is a tree in memory. Make one with New or From.
type FS struct {
	limit     int64 // bytes; 0: none
	keepBytes int64 // of unfinished uploads; less than 0: no bound

	mu     sync.Mutex
	root   *node
	broken map[vfs.Path]*unfinished
	used   int64 // bytes of all files and of all uploads, in progress and unfinished
	lastID uint64
	closed bool
}

var _ vfs.FS = (*FS)(nil)

// node is a file or a directory. The data of a file is never written to.
type node struct {
	id      uint64
	modTime time.Time
	created time.Time
	mode    fs.FileMode // permission bits
	data    []byte
	entries map[string]*node // nil for a file
}

func (n *node) isDir() bool { return n.entries != nil }

// An Option changes how an FS behaves.
type Option func(*FS)

// Limit sets how many bytes all files and uploads, in progress and unfinished,
// may hold together; more is vfs.ErrNoSpace. As on a disk, the old version of a
// file counts until the new one is committed. 0 means no limit.
func Limit(bytes int64) Option {
	return func(f *FS) { f.limit = bytes }
}

// KeepBytes sets how many bytes of uploads that broke off are kept together; the
// oldest go first, and one that is larger is not kept. 0 means that none are
// kept. Without this option only Limit bounds them.
func KeepBytes(bytes int64) Option {
	return func(f *FS) { f.keepBytes = max(0, bytes) }
}

// New makes an empty tree.
func New(opts ...Option) *FS {
	f := &FS{keepBytes: -1, broken: map[vfs.Path]*unfinished{}}
	for _, o := range opts {
		o(f)
	}
	f.root = f.newDir()
	return f
}

// From makes a tree of files, given as contents by name. Directories are made
// as needed; a name that ends in "/" is an empty directory, its content is
// ignored. It panics if a name is not allowed or is both file and directory: it
// is for trees that are written down in a program.
func From(files map[string]string) *FS {
	f := New()
	for name, content := range files {
		p, err := vfs.Clean(name)
		if err != nil {
			panic(fmt.Sprintf("memfs.From: %q: %v", name, err))
		}
		dirs := p.Dir()
		if strings.HasSuffix(name, "/") {
			dirs = p
		}
		parent := f.mustMkdirAll(dirs)
		if dirs == p {
			continue
		}
		if parent.entries[p.Base()] != nil {
			panic(fmt.Sprintf("memfs.From: %q is there twice", name))
		}
		n := f.newFile([]byte(content))
		f.used += int64(len(content))
		parent.entries[p.Base()] = n
	}
	return f
}

func (f *FS) mustMkdirAll(p vfs.Path) *node {
	if p.IsRoot() {
		return f.root
	}
	parent := f.mustMkdirAll(p.Dir())
	n := parent.entries[p.Base()]
	if n == nil {
		n = f.newDir()
		parent.entries[p.Base()] = n
	}
	if !n.isDir() {
		panic(fmt.Sprintf("memfs.From: %q is both a file and a directory", p))
	}
	return n
}

func (f *FS) newDir() *node {
	f.lastID++
	now := time.Now()
	return &node{id: f.lastID, modTime: now, created: now, mode: 0o755, entries: map[string]*node{}}
}

func (f *FS) newFile(data []byte) *node {
	f.lastID++
	now := time.Now()
	return &node{id: f.lastID, modTime: now, created: now, mode: 0o644, data: data}
}

// begin takes the lock for an operation, unless the context or f has ended.
func (f *FS) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return fs.ErrClosed
	}
	return nil
}

// find needs the lock.
func (f *FS) find(p vfs.Path) (*node, error) {
	n := f.root
	if p.IsRoot() {
		return n, nil
	}
	for name := range strings.SplitSeq(p.Rel(), "/") {
		if !n.isDir() {
			return nil, vfs.ErrNotDir
		}
		if n = n.entries[name]; n == nil {
			return nil, vfs.ErrNotExist
		}
	}
	return n, nil
}

// parent finds the directory that p is or would be in; it needs the lock.
func (f *FS) parent(p vfs.Path) (*node, error) {
	n, err := f.find(p.Dir())
	if err != nil {
		return nil, err
	}
	if !n.isDir() {
		return nil, vfs.ErrNotDir
	}
	return n, nil
}

func (n *node) entry(name string) vfs.Entry {
	e := vfs.Entry{Name: name, ModTime: n.modTime, Created: n.created, Unique: strconv.FormatUint(n.id, 16)}
	if n.isDir() {
		e.Kind, e.Mode = vfs.KindDir, fs.ModeDir|n.mode
	} else {
		e.Kind, e.Mode, e.Size = vfs.KindFile, n.mode, int64(len(n.data))
	}
	e.Rights = vfs.RightsOf(e, true)
	return e
}

func fail(op string, p vfs.Path, err error) error {
	return fmt.Errorf("memfs: cannot %s %q: %w", op, p, err)
}

// Caps implements vfs.FS.
func (f *FS) Caps() vfs.Caps {
	return vfs.Caps{Write: true, SetModTime: true, SetMode: true, Resume: f.keepBytes != 0}
}

// Close implements vfs.FS.
func (f *FS) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// Stat implements vfs.FS.
func (f *FS) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := f.begin(ctx); err != nil {
		return vfs.Entry{}, fail("stat", p, err)
	}
	defer f.mu.Unlock()
	n, err := f.find(p)
	if err != nil {
		return vfs.Entry{}, fail("stat", p, err)
	}
	return n.entry(p.Base()), nil
}

// Symlink implements vfs.FS: there are none.
func (f *FS) Symlink(ctx context.Context, _, p vfs.Path) error {
	if err := ctx.Err(); err != nil {
		return fail("link", p, err)
	}
	return fail("link", p, vfs.ErrUnsupported)
}

// Hash implements vfs.FS.
func (f *FS) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	file, err := f.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	sum, err := vfs.HashFile(ctx, file, h, from, to)
	if err != nil {
		return nil, fail("hash", p, err)
	}
	return sum, nil
}

// Space implements vfs.FS.
func (f *FS) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	if err := f.begin(ctx); err != nil {
		return vfs.Space{}, fail("tell the space of", p, err)
	}
	defer f.mu.Unlock()
	n, err := f.find(p)
	if err == nil && !n.isDir() {
		err = vfs.ErrNotDir
	}
	if err != nil {
		return vfs.Space{}, fail("tell the space of", p, err)
	}
	if f.limit == 0 {
		return vfs.Space{Free: -1, Total: -1}, nil
	}
	return vfs.Space{Free: max(0, f.limit-f.used), Total: f.limit}, nil
}
