package ftpserver_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/osfs"
)

// S-71, R-177: SITE RMDIR takes a tree with the links in it, and not what they lead to;
// SITE SYMLINK stays within the tree. Both are off until a policy turns them on.
func TestSiteTreeAndLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there that tests do not have")
	}
	dir := t.TempDir()
	for _, name := range []string{"d/e/f", "d/g", "kept/f"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := osfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) { s.Verbs.On = []string{"SITE RMDIR", "SITE SYMLINK"} })
	t.Cleanup(srv.Close)
	c := dialStrict(t, srv.Addr)
	c.must(530, "SITE RMDIR d")
	c.secure(srv)
	c.login()
	c.must(200, "SITE SYMLINK kept d/link")
	c.must(200, `SITE SYMLINK kept "d/a link"`)
	c.must(250, "MLST d/link/f")
	c.must(250, "MLST d/a link/f")
	c.must(550, "SITE SYMLINK kept d/link")
	c.must(501, "SITE SYMLINK kept")
	c.must(501, `SITE SYMLINK kept "d`)
	c.must(550, "SITE RMDIR /")
	c.must(550, "SITE RMDIR d/g")
	c.must(550, "SITE RMDIR absent")
	c.must(250, "SITE RMDIR d")
	c.must(550, "MLST d")
	c.must(250, "MLST kept/f")
}
