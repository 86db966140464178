package memfs_test

import (
	"context"
	"fmt"
	"io"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

func Example() {
	ctx := context.Background()
	tree := memfs.From(map[string]string{"pub/hello.txt": "hello"})
	defer tree.Close()

	p, err := vfs.Clean("/pub/hello.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	up, err := tree.Create(ctx, p, vfs.Create{Append: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := io.WriteString(up, ", world"); err != nil {
		fmt.Println(err, up.Abort(err))
		return
	}
	e, err := up.Commit(ctx)
	fmt.Println(e.Name, e.Size, err)
	// Output: hello.txt 12 <nil>
}
