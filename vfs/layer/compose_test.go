package layer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// S-73, S-76, S-78: a stack of layers does what one plain tree does, operation for
// operation, but for what mounts and links must not; and its counter is right at
// every step.
func TestStackAgainstModel(t *testing.T) {
	names := []string{"/", "/a", "/b", "/m", "/a/a", "/a/b", "/m/a", "/m/b", "/m/a/b", "/m/b/a"}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 7))
		b := layer.NewBudget(layer.NewCounter(layer.Usage{Files: 1}), layer.Usage{Bytes: 1 << 30, Files: 1 << 30})
		stack := mount(t, layer.Point{FS: memfs.New()}, layer.Point{At: path(t, "/m"), FS: memfs.New()})
		stack = access(t, stack, layer.Policy{Rules: everything(), Refuse: []string{"never"}})
		stack = layer.Throttle(layer.Quota(stack, b, "a"), fast())
		model := memfs.From(map[string]string{"m/": ""})
		for step := range 150 {
			op, p, q := random.IntN(12), path(t, names[random.IntN(len(names))]), path(t, names[random.IntN(len(names))])
			size := random.IntN(30)
			what := fmt.Sprint("seed ", seed, " step ", step, ": ", op, " ", p, " ", q)
			if want := mountRefuses(t, model, op, p, q); want != nil {
				_, err := one(t.Context(), stack, op, p, q, size)
				wantErr(t, what, err, want)
				continue
			}
			want, werr := one(t.Context(), model, op, p, q, size)
			got, gerr := one(t.Context(), stack, op, p, q, size)
			if want != got || verdict(werr) != verdict(gerr) {
				t.Fatalf("%s: the stack %q, %v; the model %q, %v", what, got, gerr, want, werr)
			}
			if m := path(t, "/m"); (op == 4 || op == 5) && werr == nil && m.Contains(p) != m.Contains(q) {
				// A copy is an upload, and forgets one that broke off at its name.
				if up, err := model.Create(t.Context(), q, vfs.Create{}); err == nil {
					up.Abort(nil)
				}
			}
			tree, err := layer.Count(t.Context(), stack)
			for _, name := range names {
				if e, err := stack.Unfinished(t.Context(), path(t, name)); err == nil {
					tree.Bytes += e.Size
					tree.Files++
				}
			}
			if tree != b.Usage() || err != nil {
				t.Fatalf("%s: the tree has %+v, %v; the counter %+v", what, tree, err, b.Usage())
			}
		}
		want, werr := vfstest.Tree(t.Context(), model)
		got, gerr := vfstest.Tree(t.Context(), stack)
		if diff := cmp.Diff(want, got); diff != "" || werr != nil || gerr != nil {
			t.Errorf("seed %d: %v, %v (-model +stack):\n%s", seed, werr, gerr, diff)
		}
	}
}

// mountRefuses gives the error by which a mount at /m differs from a directory.
func mountRefuses(t *testing.T, model vfs.FS, op int, p, q vfs.Path) error {
	m := path(t, "/m")
	switch {
	case op == 6 && p == m:
		return vfs.ErrPermission
	case op != 4 && op != 5:
		return nil
	}
	e, err := model.Stat(t.Context(), p)
	switch {
	case err == nil && (p == m || q == m):
		return vfs.ErrPermission
	case err == nil && e.IsDir() && m.Contains(p) != m.Contains(q) && !p.IsRoot() && !q.IsRoot():
		if _, err := model.Stat(t.Context(), q); err == nil {
			return vfs.ErrExist
		} else if errors.Is(err, vfs.ErrNotDir) {
			return vfs.ErrNotDir
		}
		return vfs.ErrUnsupported
	}
	return nil
}

// one does one operation and puts what comes of it into words.
func one(ctx context.Context, f vfs.FS, op int, p, q vfs.Path, size int) (string, error) {
	var e vfs.Entry
	var err error
	content := fmt.Sprintf("%*d", size+1, size)
	switch op {
	case 0:
		err = f.Mkdir(ctx, p)
	case 1:
		err = put(ctx, f, p, vfs.Create{}, content)
	case 2:
		err = put(ctx, f, p, vfs.Create{Append: true}, content)
	case 3:
		err = put(ctx, f, p, vfs.Create{Offset: int64(size)}, content)
	case 4:
		err = f.Rename(ctx, p, q, vfs.Rename{})
	case 5:
		err = f.Rename(ctx, p, q, vfs.Rename{Exclusive: true})
	case 6:
		err = f.Rmdir(ctx, p)
	case 7:
		err = f.Remove(ctx, p)
	case 8:
		e, err = f.Stat(ctx, p)
	case 9:
		var up vfs.Upload
		if up, err = f.Create(ctx, p, vfs.Create{Append: size%2 == 0}); err == nil {
			_, err = up.Write([]byte(content))
			err = errors.Join(err, up.Abort(vfs.ErrInterrupted))
		}
	case 10:
		e, err = f.Unfinished(ctx, p)
	case 11:
		content, err = get(ctx, f, p)
		return content, err
	}
	return fmt.Sprint(e.Name, " ", e.Kind, " ", e.Size), err
}

// verdict is the sentinel of an error.
func verdict(err error) error {
	for _, s := range []error{
		vfs.ErrNotExist, vfs.ErrExist, vfs.ErrPermission, vfs.ErrBadName, vfs.ErrIsDir,
		vfs.ErrNotDir, vfs.ErrNotEmpty, vfs.ErrOffset, vfs.ErrUnfinished, vfs.ErrConflict,
	} {
		if errors.Is(err, s) {
			return s
		}
	}
	return err
}
