package mirror_test

import (
	"context"
	"fmt"

	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs/memfs"
)

func Example() {
	from, to := memfs.From(map[string]string{"a/b.txt": "hello"}), memfs.New()
	ctx, o := context.Background(), mirror.Options{}
	for range 2 {
		rep, err := mirror.Apply(ctx, from, to, mirror.Plan(ctx, from, to, o), o)
		fmt.Println(rep.Copied, rep.Made, rep.Bytes, err)
	}
	// Output:
	// 1 1 5 <nil>
	// 0 0 0 <nil>
}
