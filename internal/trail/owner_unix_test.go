//go:build linux || darwin || freebsd

package trail

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What root writes, as "sealane user" without a server does, stays the server's.
func TestRootTakesNothingAway(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	top := t.TempDir()
	const server = 4711
	if err := os.Chown(top, server, server); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "trail")
	for range 3 {
		write(t, Options{Dir: dir, MaxSize: 20_000}, 600)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) < 5 {
		t.Fatalf("%q, %v", names, err)
	}
	for _, name := range append(names, dir) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if own := info.Sys().(*syscall.Stat_t); own.Uid != server || own.Gid != server {
			t.Errorf("%s belongs to %d:%d", name, own.Uid, own.Gid)
		}
	}
}
