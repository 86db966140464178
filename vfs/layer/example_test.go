package layer_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
)

// A partner may leave files in /in and fetch them from /out, within a budget and at
// a rate; every finished operation is told.
func Example() {
	ctx := context.Background()
	must := func(s string) vfs.Path {
		p, err := vfs.Clean(s)
		if err != nil {
			panic(err)
		}
		return p
	}
	var tree vfs.FS = memfs.From(map[string]string{"in/": "", "out/report.csv": "1;2;3"})
	used, err := layer.Count(ctx, tree)
	if err != nil {
		fmt.Println(err)
		return
	}
	budget := layer.NewBudget(layer.NewCounter(used), layer.Usage{Bytes: 1000})
	tree = layer.Quota(tree, budget, "partner")
	tree, err = layer.Access(tree, layer.Policy{
		Rules: []layer.Rule{
			{Folder: must("/"), Allow: layer.AllowList},
			{Folder: must("/in"), Allow: layer.AllowList | layer.AllowUpload | layer.AllowRename},
			{Folder: must("/out"), Allow: layer.AllowRead},
		},
		Hide: []string{".*"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	tree = layer.Throttle(tree, layer.Rates{Write: []*layer.Limiter{layer.NewLimiter(10 << 20)}})
	tree = layer.Observe(tree, func(_ context.Context, o layer.Operation) {
		fmt.Println(o.Op, o.Path, o.Bytes, o.Err)
	})

	for _, file := range []struct{ name, content string }{
		{"/in/order", "a hundred apples"},
		{"/in/order", "no, pears"},
		{"/in/big", strings.Repeat("x", 1000)},
		{"/out/mine", ""},
	} {
		up, err := tree.Create(ctx, must(file.name), vfs.Create{})
		if err != nil {
			continue
		}
		if _, err := io.WriteString(up, file.content); err != nil {
			up.Abort(err)
			continue
		}
		up.Commit(ctx)
	}
	fmt.Println(budget.Usage())
	// Output:
	// write /in/order 16 <nil>
	// write /in/order 0 memfs: cannot create "/in/order": file already exists
	// write /in/big 0 upload given up: layer: cannot write "/in/big": quota exceeded
	// write /out/mine 0 layer: cannot create "/out/mine": permission denied
	// {21 4}
}
