package osfs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/osfs"
)

func Example() {
	dir, err := os.MkdirTemp("", "osfs")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	folder, err := osfs.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer folder.Close()

	ctx := context.Background()
	p, err := vfs.Clean("/../../report.txt") // ".." ends at the root
	if err != nil {
		log.Fatal(err)
	}
	up, err := folder.Create(ctx, p, vfs.Create{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.WriteString(up, "all is well\n"); err != nil {
		log.Fatal(errors.Join(err, up.Abort(err)))
	}
	_, err = folder.Stat(ctx, p)
	fmt.Println("before Commit, not there:", errors.Is(err, vfs.ErrNotExist))
	e, err := up.Commit(ctx)
	fmt.Println("after Commit:", e.Name, e.Size, err)
	// Output:
	// before Commit, not there: true
	// after Commit: report.txt 12 <nil>
}

// One folder, two accounts: each finds the uploads of its own that broke off.
func ExampleFS_For() {
	dir, err := os.MkdirTemp("", "osfs")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	folder, err := osfs.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer folder.Close()
	ann, err := folder.For(osfs.Policy{Owner: "ann"})
	if err != nil {
		log.Fatal(err)
	}
	bob, err := folder.For(osfs.Policy{Owner: "bob", Durability: vfs.DurableProcess})
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	p, err := vfs.Clean("film.mkv")
	if err != nil {
		log.Fatal(err)
	}
	up, err := ann.Create(ctx, p, vfs.Create{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.WriteString(up, "the first part"); err != nil {
		log.Fatal(errors.Join(err, up.Abort(err)))
	}
	if err := up.Abort(vfs.ErrInterrupted); err != nil { // the connection broke
		log.Fatal(err)
	}
	e, err := ann.Unfinished(ctx, p)
	fmt.Println("ann goes on from", e.Size, err)
	_, err = bob.Unfinished(ctx, p)
	fmt.Println("bob finds nothing:", errors.Is(err, vfs.ErrNotExist))
	// Output:
	// ann goes on from 14 <nil>
	// bob finds nothing: true
}
