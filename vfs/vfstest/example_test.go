package vfstest_test

import (
	"context"
	"fmt"

	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

func Example() {
	ctx := context.Background()
	fsys := memfs.New()
	if err := vfstest.Fill(ctx, fsys, map[string]string{"a/b/file": "content", "empty/": ""}); err != nil {
		fmt.Println(err)
		return
	}
	tree, err := vfstest.Tree(ctx, fsys)
	fmt.Println(tree, err)
	// Output: map[a/: a/b/: a/b/file:content empty/:] <nil>
}
