package ftpfs_test

import (
	"testing"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// What no server can be made to do; doc.go says so too.
var notRemote = []vfstest.Without{
	{Subtest: "NoneKept", Why: "a server may keep what FEAT does not tell of; see TestKept"},
	{Subtest: "InPlace", Why: "what was written is still under way, and Abort cuts it"},
	{Subtest: "HashCancelled", Why: "the server reads the file: nothing here looks at the context; TestHashCancelled does it"},
	{Subtest: "ReaderKeepsItsVersion", Why: "a file is asked for when it is read"},
	{Subtest: "Concurrent", Why: "a file is asked for when it is read"},
}

func TestSuite(t *testing.T) {
	onDisk := func(t *testing.T) vfs.FS {
		tree, err := osfs.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	for name, tt := range map[string]struct {
		tree func(t *testing.T) vfs.FS
		root string
		o    ftpfs.Options
	}{
		"memfs": {func(*testing.T) vfs.FS { return memfs.New() }, "/", ftpfs.Options{StatOnCommit: true}},
		"memfs, below the root, temp names": {func(*testing.T) vfs.FS {
			return memfs.From(map[string]string{"a/b c/": "", "a/outside": "x"})
		}, "/a/b c", ftpfs.Options{StatOnCommit: true, TempNames: true}},
		"osfs":             {onDisk, "/", ftpfs.Options{StatOnCommit: true}},
		"osfs, temp names": {onDisk, "", ftpfs.Options{StatOnCommit: true, TempNames: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vfstest.Run(t, func(t *testing.T) vfs.FS { return serve(t, tt.tree(t), tt.root, tt.o) }, notRemote...)
		})
	}
}

// serve gives the tree below root of a server over tree.
func serve(t testing.TB, tree vfs.FS, root string, o ftpfs.Options) *ftpfs.FS {
	t.Helper()
	srv := ftptest.NewServerFS(tree, nil)
	t.Cleanup(func() {
		srv.Close()
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	u, err := ftp.ParseURL("ftpes://" + srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	u.User, u.Password, u.HasPassword, u.Path = ftptest.User, ftptest.Password, true, root
	pool := ftpclient.NewPool(ftpclient.PoolOptions{Client: ftpclient.Options{RootCAs: srv.Pool}, Limit: 64})
	t.Cleanup(pool.Close)
	f, err := ftpfs.New(t.Context(), pool, u, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func path(t testing.TB, s string) vfs.Path {
	t.Helper()
	p, err := vfs.Clean(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
