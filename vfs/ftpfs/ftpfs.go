package ftpfs

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

// Options says how an FS uses its server. The zero value costs the fewest commands.
type Options struct {
	// TempNames has a new file uploaded under a name of its own, ".name.<random>.part"
	// in the same directory, which is renamed when the whole file has arrived (RNFR,
	// RNTO). Without it files are sent under their final names, as those expect who
	// watch a directory for them. An upload that builds on what is there (Offset,
	// Append) goes to the final name in any case.
	TempNames bool
	// StatOnCommit has Commit ask the server for the whole Entry, which costs a command
	// for each upload. Without it the Entry has name, kind and size.
	StatOnCommit bool
}

// FS is the tree below one path of a server. Make one with New.
type FS struct {
	pool *ftpclient.Pool
	url  ftp.URL
	root vfs.Path
	o    Options
	caps vfs.Caps
	told features

	sole chan struct{} // held while a name is checked to be free, and taken

	mu     sync.Mutex // guards what follows
	closed bool
	making map[vfs.Path]struct{} // by exclusive uploads under their final names
}

var _ vfs.FS = (*FS)(nil)

// features is what the server said of itself when New asked it.
type features struct {
	mlst, perm, sized bool // the facts of files; rights and sizes among them
	mdtm, avbl        bool
}

// New gives the tree below u.Path of the server of u; "" and "/" are the root that the
// account sees. Whether that directory is there is not checked. Connections come from
// pool, which stays the caller's; one of them is made, or taken, to learn what the
// server can do, so that a login that fails is found out here.
func New(ctx context.Context, pool *ftpclient.Pool, u ftp.URL, o Options) (*FS, error) {
	root, err := vfs.Clean(u.Path)
	if err != nil {
		return nil, fmt.Errorf("ftpfs: the path of the server cannot be used: %w", err)
	}
	c, err := pool.Get(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("ftpfs: cannot connect to %s: %w", u, err)
	}
	defer pool.Put(c)
	f := &FS{pool: pool, url: u, root: root, o: o, sole: make(chan struct{}, 1), making: map[vfs.Path]struct{}{}}
	f.caps = vfs.Caps{Write: true, InPlace: !o.TempNames, Durability: vfs.DurableProcess}
	for _, feature := range c.Features() {
		f.learn(feature)
	}
	return f, nil
}

// learn takes up one line of FEAT.
func (f *FS) learn(feature ftp.Feature) {
	params := strings.ToUpper(feature.Params)
	switch feature.Name {
	case "MLST":
		f.told.mlst = true
		f.told.perm = strings.Contains(params, "PERM*")
		f.told.sized = strings.Contains(params, "SIZE*")
	case "MDTM":
		f.told.mdtm = true
	case "AVBL":
		f.told.avbl = true
	case "MFMT":
		f.caps.SetModTime = true
	case "MFF":
		f.caps.SetMode = f.caps.SetMode || strings.Contains(params, "UNIX.MODE;")
	case "SITE":
		for word := range strings.FieldsFuncSeq(params, func(r rune) bool { return r == ' ' || r == ';' || r == ',' }) {
			switch word {
			case "CHMOD":
				f.caps.SetMode = true
			case "UTIME":
				f.caps.SetModTime = true
			case "SYMLINK":
				f.caps.Symlink = true
			}
		}
	}
}

// Caps implements vfs.FS.
func (f *FS) Caps() vfs.Caps { return f.caps }

// Close implements vfs.FS. It closes no connection: those are the pool's.
func (f *FS) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// begin looks at what has to be true before anything is sent.
func (f *FS) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fs.ErrClosed
	}
	return nil
}

// with lends a connection to use.
func (f *FS) with(ctx context.Context, op string, p vfs.Path, use func(c *ftpclient.Client) error) error {
	err := f.begin(ctx)
	if err == nil {
		err = f.lend(ctx, use)
	}
	if err != nil {
		return fail(op, p, err)
	}
	return nil
}

func (f *FS) lend(ctx context.Context, use func(c *ftpclient.Client) error) error {
	c, err := f.pool.Get(ctx, f.url)
	if err != nil {
		return err
	}
	defer f.pool.Put(c)
	return use(c)
}

// remote gives the path of p on the server.
func (f *FS) remote(p vfs.Path) string {
	switch {
	case f.root.IsRoot():
		return p.String()
	case p.IsRoot():
		return f.root.String()
	}
	return f.root.String() + p.String()
}

// alone has what is between it and its end happen to one caller at a time: a server
// cannot check a name and take it in one step.
func (f *FS) alone(ctx context.Context) (end func(), err error) {
	select {
	case f.sole <- struct{}{}:
		return func() { <-f.sole }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
