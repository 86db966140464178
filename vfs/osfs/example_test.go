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
