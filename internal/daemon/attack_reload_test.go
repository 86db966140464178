package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/auth/store/sqlite"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/vfs"
)

// held is what a server has of the system.
type held struct{ goroutines, files int }

func count(t *testing.T) held {
	h := held{goroutines: runtime.NumGoroutine()}
	if runtime.GOOS == "linux" {
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		h.files = len(names)
	}
	return h
}

// F-12: a thousand reloads, each third of them of settings with a mistake, leave neither
// goroutines nor open files behind, also where sessions come in between and accounts are kept.
// Not in parallel: the counts are of the whole process.
func TestReloadLeaksNothing(t *testing.T) {
	rounds := 1000
	if testing.Short() {
		rounds = 60
	}
	hash, err := (password.Params{Memory: 8, Time: 1, Threads: 1}).Hash(livePassword)
	if err != nil {
		t.Fatal(err)
	}
	l := startLive(t, func(c *config.Config) {
		c.Homes = filepath.Join(t.TempDir(), "homes")
		c.Accounts[0].PasswordHash = hash
		c.Accounts[0].Storage.QuotaFiles = 100
	})
	accounts, err := sqlite.Open(t.Context(), filepath.Join(l.state, keptFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(accounts.Add(t.Context(), store.Account{Name: "kept", PasswordHash: hash}), accounts.Close()); err != nil {
		t.Fatal(err)
	}
	more := t.TempDir()
	round := func(i int) {
		want := "settings read again"
		line := l.reload(func(c *config.Config) {
			c.Limits.Sessions = 100 + i%7
			c.Listen.Implicit = config.Listen{Set: true, Host: "127.0.0.1", Off: i%2 == 0}
			c.Accounts[0].Storage.QuotaBytes = int64(1000 + i%3)
			c.Accounts[0].Storage.Dir = ""
			switch i % 6 {
			case 1:
				c.Accounts[0].Storage.Dir = more
			case 2, 5: // found out late, when all else is made
				c.Accounts[0].Storage.Dir = filepath.Join(more, "none")
				want = "those before stay"
			}
		})
		if !strings.Contains(line, want) {
			t.Fatal(line)
		}
		if i%10 == 0 {
			for _, user := range []string{"anna", "kept"} {
				c, err := l.dialAs(user)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(send(c, "/f", "content"), c.Quit(context.Background()), c.Close()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for i := range 30 { // what is made once is made
		round(i)
	}
	settled := func(allowed held) held {
		for end := time.Now().Add(time.Minute); ; runtime.Gosched() { // for a test that hangs
			now := count(t)
			if now.goroutines <= allowed.goroutines && now.files <= allowed.files || time.Now().After(end) {
				return now
			}
		}
	}
	before := settled(count(t))
	allowed := held{before.goroutines + 10, before.files + 10} // connections that are just ending
	for i := range rounds {
		round(30 + i)
	}
	if after := settled(allowed); after.goroutines > allowed.goroutines || after.files > allowed.files {
		t.Errorf("before %+v, after %d reloads %+v", before, rounds, after)
	}
}

// S-78, F-12: what an account keeps of an upload that broke off is counted once, by whatever
// settings it is continued, and so is a file that is replaced.
func TestReloadQuotaOfBrokenUpload(t *testing.T) {
	t.Parallel()
	dir, both := t.TempDir(), newFolders()
	a := config.Account{Name: "anna", Storage: config.Storage{QuotaBytes: 10, QuotaFiles: 2}}
	open := func(dir string) vfs.FS {
		trees := newTrees(config.Default(), dir, both)
		t.Cleanup(func() { trees.Close() })
		tree, err := trees.account(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	before := open(dir)
	up, err := before.Create(t.Context(), clean(t, "/f"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(up, "12345"); err != nil {
		t.Fatal(err)
	}
	if err := up.Abort(vfs.ErrInterrupted); err != nil {
		t.Fatal(err)
	}
	a.Storage.QuotaBytes = 12
	after := open(dir + string(filepath.Separator))                         // the same, spelled otherwise
	refused(t, put(t, after, "/f", "67890", vfs.Create{Append: true}), nil) // 10 of 12
	refused(t, put(t, before, "/g", "x", vfs.Create{}), vfs.ErrQuota)       // whose limit is 10
	refused(t, put(t, after, "/g", "xyz", vfs.Create{}), vfs.ErrQuota)
	refused(t, put(t, after, "/g", "xy", vfs.Create{}), nil)
	refused(t, before.Remove(t.Context(), clean(t, "/f")), nil)
	refused(t, put(t, after, "/f", "1234567890", vfs.Create{}), nil)
	refused(t, put(t, after, "/h", "", vfs.Create{}), vfs.ErrQuota)
}

// S-78: sessions of before and after a change replace the same files at the same time; in
// the end exactly what is there is counted.
func TestReloadQuotaOfReplacedFiles(t *testing.T) {
	t.Parallel()
	const limit = 1000
	both, dir := newFolders(), t.TempDir()
	a := config.Account{Name: "anna", Storage: config.Storage{QuotaBytes: limit, Durability: config.DurabilityProcess}}
	var trees []vfs.FS
	for range 2 {
		own := newTrees(config.Default(), dir, both)
		t.Cleanup(func() { own.Close() })
		tree, err := own.account(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, tree)
	}
	done := make(chan error)
	for n := range 4 {
		go func() {
			var errs []error
			for i := range 100 {
				err := put(t, trees[n%2], fmt.Sprintf("/f%d", i%2), strings.Repeat("x", 10+n), vfs.Create{})
				if err != nil && !errors.Is(err, vfs.ErrConflict) {
					errs = append(errs, err)
				}
			}
			done <- errors.Join(errs...)
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	stored := int64(0)
	for _, name := range []string{"f0", "f1"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		stored += info.Size()
	}
	refused(t, put(t, trees[0], "/rest", strings.Repeat("x", int(limit-stored)+1), vfs.Create{}), vfs.ErrQuota)
	refused(t, put(t, trees[1], "/rest", strings.Repeat("x", int(limit-stored)), vfs.Create{}), nil)
}

// S-78, F-12: many clients at once store more than the quota has room for, replace, append
// and break off, while the settings are read again: never is there more than the quota, and in
// the end exactly what is left of it can be used.
func TestReloadQuotaOverTheWire(t *testing.T) {
	t.Parallel()
	const clients, limit, size = 30, 1_000_000, 90_000
	hash := cheapHash(t)
	l := startLive(t, func(c *config.Config) {
		c.Accounts[0].PasswordHash = hash
		c.Accounts[0].Storage.QuotaBytes = limit
		c.Limits.SessionsPerAddress = 2 * clients
	})
	stored := func() (sum int64) {
		entries, err := os.ReadDir(l.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().IsRegular() {
				sum += info.Size()
			}
		}
		return sum
	}
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			c, err := l.dialAs("anna")
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for i := range 4 {
				name := fmt.Sprint("/f", (n+i)%15)
				switch {
				case i == 3:
					err = c.Remove(t.Context(), name)
				case (n+i)%3 == 0:
					_, err = c.Store(t.Context(), name, 10, strings.NewReader(strings.Repeat("x", size)))
				default:
					err = send(c, name, strings.Repeat("x", size+n))
				}
				var refused *ftp.Error
				if err != nil && !errors.As(err, &refused) && !errors.Is(err, ftpclient.ErrNotVerified) { // another one was faster
					t.Errorf("%s: %v", name, err)
					return
				}
				if sum := stored(); sum > limit {
					t.Errorf("%d bytes are stored", sum)
				}
			}
		})
	}
	for i := range 5 {
		if line := l.reload(func(c *config.Config) { c.Limits.Sessions = 100 + i }); !strings.Contains(line, "settings read again") {
			t.Error(line)
		}
	}
	all.Wait()
	c := l.dial()
	left := int(limit - stored())
	if err := send(c, "/rest", strings.Repeat("x", left+1)); err == nil {
		t.Error("a byte more than the quota was stored")
	}
	if err := send(c, "/rest", strings.Repeat("x", left)); err != nil {
		t.Errorf("%d bytes that are left cannot be used: %v", left, err)
	}
}
