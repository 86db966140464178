package layer_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// Every layer that lets write is a vfs.FS like any other, alone and together.
func TestSuite(t *testing.T) {
	for name, around := range map[string]func(t testing.TB, inner vfs.FS) vfs.FS{
		"Observe": func(_ testing.TB, f vfs.FS) vfs.FS {
			return layer.Observe(f, func(context.Context, layer.Operation) {})
		},
		"Throttle": func(_ testing.TB, f vfs.FS) vfs.FS { return layer.Throttle(f, fast()) },
		"Quota":    func(_ testing.TB, f vfs.FS) vfs.FS { return layer.Quota(f, bigBudget(), "a") },
		"Access":   func(t testing.TB, f vfs.FS) vfs.FS { return access(t, f, layer.Policy{Rules: everything()}) },
		"Mount":    func(t testing.TB, f vfs.FS) vfs.FS { return mount(t, layer.Point{FS: f}) },
		"All":      composed,
	} {
		t.Run(name, func(t *testing.T) {
			vfstest.Run(t, func(t *testing.T) vfs.FS { return around(t, memfs.New()) })
		})
	}
}

// composed puts all layers around f, with a second tree mounted out of sight.
func composed(t testing.TB, f vfs.FS) vfs.FS {
	tree := mount(t, layer.Point{FS: f}, layer.Point{At: path(t, "/.other"), FS: memfs.New()})
	tree = access(t, tree, layer.Policy{Rules: everything(), Hide: []string{".other"}})
	tree = layer.Throttle(layer.Quota(tree, bigBudget(), "a"), fast())
	return layer.Observe(tree, func(context.Context, layer.Operation) {})
}

func access(t testing.TB, f vfs.FS, p layer.Policy) vfs.FS {
	t.Helper()
	a, err := layer.Access(f, p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func everything() []layer.Rule { return []layer.Rule{{Allow: layer.AllowAll}} }

func mount(t testing.TB, points ...layer.Point) vfs.FS {
	t.Helper()
	m, err := layer.Mount(points...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fast limits are passed at every step, and never waited for.
func fast() layer.Rates {
	session, account := layer.NewLimiter(1<<50), layer.NewLimiter(1<<50)
	return layer.Rates{Read: []*layer.Limiter{session, account}, Write: []*layer.Limiter{session, account}}
}

func bigBudget() *layer.Budget {
	return layer.NewBudget(layer.NewCounter(layer.Usage{}), layer.Usage{Bytes: 1 << 40, Files: 1 << 40})
}

func path(t testing.TB, s string) vfs.Path {
	t.Helper()
	p, err := vfs.Clean(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// put uploads content, and gives the upload up if a Write fails.
func put(ctx context.Context, f vfs.FS, p vfs.Path, how vfs.Create, content string) error {
	up, err := f.Create(ctx, p, how)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(up, content); err != nil {
		return errors.Join(err, up.Abort(err))
	}
	_, err = up.Commit(ctx)
	return err
}

func get(ctx context.Context, f vfs.FS, p vfs.Path) (string, error) {
	file, err := f.Open(ctx, p)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(file)
	return string(b), errors.Join(err, file.Close())
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || want == nil && got != nil {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}
