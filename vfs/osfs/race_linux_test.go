package osfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sealane/sealane/vfs"
)

// S-72, V-24: a local process flips a directory and a link that leads out, at full
// speed, while sessions use it in every way. Nothing outside is read, described
// or changed.
func TestRaceDirectoryAndLink(t *testing.T) {
	raceWith(t, func(root, outside string) {
		must(t, os.Symlink(outside, filepath.Join(root, "flip")))
	})
}

// S-72, S-74: the same with a link that is relative, and with a FIFO, which would
// have an open wait forever.
func TestRaceDirectoryAndOthers(t *testing.T) {
	raceWith(t, func(root, outside string) {
		must(t, os.Symlink("../outside", filepath.Join(root, "flip")))
	})
	raceWith(t, func(root, outside string) {
		must(t, syscall.Mkfifo(filepath.Join(root, "flip"), 0o666))
	})
}

const raceRounds = 150

func raceWith(t *testing.T, plant func(root, outside string)) {
	top := t.TempDir()
	root, outside := filepath.Join(top, "root"), filepath.Join(top, "outside")
	for _, d := range []string{root, outside, filepath.Join(root, "x"), filepath.Join(outside, "sub")} {
		must(t, os.Mkdir(d, 0o755))
	}
	for _, name := range []string{"f", "gone"} {
		must(t, os.WriteFile(filepath.Join(outside, name), []byte("SECRET"), 0o600))
		must(t, os.WriteFile(filepath.Join(root, "x", name), []byte("mine"), 0o644))
	}
	plant(root, outside)
	before := snapshot(t, outside)

	stop := make(chan struct{})
	var flipper, sessions sync.WaitGroup
	flipper.Go(func() {
		a, b := filepath.Join(root, "x"), filepath.Join(root, "flip")
		for {
			select {
			case <-stop:
				return
			default:
				unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
			}
		}
	})
	for _, opts := range [][]Option{{noSync}, {noSync, Named()}, {noSync, With(Policy{Direct: true})}} {
		f := mustOpen(t, root, opts...)
		for s := range 2 {
			sessions.Go(func() {
				for i := range raceRounds {
					raceRound(t, f, fmt.Sprintf("s%d-%d", s, i))
				}
			})
		}
	}
	sessions.Wait()
	close(stop)
	flipper.Wait()
	if after := snapshot(t, outside); after != before {
		t.Errorf("outside was:\n%s\nand is:\n%s", before, after)
	}
}

// raceRound does one of everything below the name that flips.
func raceRound(t *testing.T, f *FS, mine string) {
	ctx := context.Background()
	p := func(name string) vfs.Path { return mustPath(t, "/x/"+name) }
	if file, err := f.Open(ctx, p("f")); err == nil {
		b, _ := io.ReadAll(file)
		file.Close()
		if strings.Contains(string(b), "SECRET") {
			t.Error("read what is outside")
		}
	}
	for e, err := range f.List(ctx, mustPath(t, "/x"), vfs.WantAll) {
		if err == nil && e.Name == "sub" {
			t.Error("listed what is outside")
		}
	}
	if e, err := f.Stat(ctx, p("f")); err == nil && e.Mode.Perm() == 0o600 {
		t.Errorf("described what is outside: %+v", e)
	}
	_ = put(t, f, "/x/"+mine, vfs.Create{}, "new")
	_ = put(t, f, "/x/f", vfs.Create{Append: true}, "")
	_ = breakOff(t, f, "/x/"+mine, vfs.Create{}, "cut")
	_ = f.Mkdir(ctx, p(mine+"d"))
	_ = f.SetAttr(ctx, p("f"), vfs.Attr{Mode: new(os.FileMode(0o644))})
	_ = f.Rename(ctx, p(mine), p(mine+"r"), vfs.Rename{})
	_ = f.Symlink(ctx, p("f"), p(mine+"l"))
	for _, name := range []string{"gone", mine, mine + "r", mine + "l"} {
		_ = f.Remove(ctx, p(name))
	}
	_ = f.Rmdir(ctx, p(mine+"d"))
	if _, err := f.Space(ctx, mustPath(t, "/x")); errors.Is(err, vfs.ErrUnsupported) {
		t.Error(err)
	}
}

// snapshot is all that can be seen of a directory.
func snapshot(t *testing.T, dir string) string {
	var b strings.Builder
	must(t, filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		in, err := e.Info()
		fmt.Fprintln(&b, name, in.Mode(), in.Size(), in.ModTime(), in.Sys().(*syscall.Stat_t).Ctim)
		return err
	}))
	return b.String()
}
