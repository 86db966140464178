package layer_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
)

// stacks are the layers one by one, and all of them.
func stacks(b *testing.B) map[string]func(vfs.FS) vfs.FS {
	two := []*layer.Limiter{layer.NewLimiter(1 << 50), layer.NewLimiter(1 << 50)}
	all := map[string]func(vfs.FS) vfs.FS{
		"none":     func(f vfs.FS) vfs.FS { return f },
		"observe":  func(f vfs.FS) vfs.FS { return layer.Observe(f, func(context.Context, layer.Operation) {}) },
		"throttle": func(f vfs.FS) vfs.FS { return layer.Throttle(f, layer.Rates{Read: two, Write: two}) },
		"quota":    func(f vfs.FS) vfs.FS { return layer.Quota(f, bigBudget(), "a") },
		"mount": func(f vfs.FS) vfs.FS {
			return mount(b, layer.Point{FS: memfs.New()}, layer.Point{At: path(b, "/m"), FS: f})
		},
		"access": func(f vfs.FS) vfs.FS {
			return access(b, f, layer.Policy{Hide: []string{".*", "*.tmp"}, Rules: []layer.Rule{
				{Allow: layer.AllowAll}, {Folder: path(b, "/other/place"), Allow: layer.AllowRead},
			}})
		},
	}
	all["all"] = func(f vfs.FS) vfs.FS {
		return all["observe"](all["throttle"](all["quota"](all["access"](all["mount"](f)))))
	}
	return all
}

// place is where the tree of a stack is.
func place(name string) string {
	if name == "mount" || name == "all" {
		return "/m"
	}
	return "/"
}

// BenchmarkRead is one Read of 32 KiB.
func BenchmarkRead(b *testing.B) {
	for name, stack := range stacks(b) {
		b.Run(name, func(b *testing.B) {
			f := stack(memfs.From(map[string]string{"f": string(make([]byte, 1<<20))}))
			file, err := f.Open(b.Context(), path(b, place(name)+"/f"))
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			buf := make([]byte, 32<<10)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := file.Read(buf); err == io.EOF {
					if _, err := file.Seek(0, io.SeekStart); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkWrite is one Write of 32 KiB to a storage that costs nothing.
func BenchmarkWrite(b *testing.B) {
	for name, stack := range stacks(b) {
		b.Run(name, func(b *testing.B) {
			f := stack(blank{memfs.New(), 0})
			up, err := f.Create(b.Context(), path(b, place(name)+"/f"), vfs.Create{})
			if err != nil {
				b.Fatal(err)
			}
			buf := make([]byte, 32<<10)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := up.Write(buf); err != nil {
					b.Fatal(err)
				}
			}
			up.Abort(nil)
		})
	}
}

// BenchmarkUpload is one empty file, from Create to Commit.
func BenchmarkUpload(b *testing.B) {
	for name, stack := range stacks(b) {
		b.Run(name, func(b *testing.B) {
			f, p := stack(memfs.New()), path(b, place(name)+"/f")
			b.ReportAllocs()
			for b.Loop() {
				if err := put(b.Context(), f, p, vfs.Create{}, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStat is one look at a file two directories down.
func BenchmarkStat(b *testing.B) {
	for name, stack := range stacks(b) {
		b.Run(name, func(b *testing.B) {
			f, p := stack(memfs.From(map[string]string{"a/b/f": ""})), path(b, place(name)+"/a/b/f")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Stat(b.Context(), p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkList is a directory of 1000 files.
func BenchmarkList(b *testing.B) {
	const n = 1000
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("d/file-%04d.dat", i)] = ""
	}
	for name, stack := range stacks(b) {
		b.Run(name, func(b *testing.B) {
			f, p := stack(memfs.From(files)), path(b, place(name)+"/d")
			b.ReportAllocs()
			for b.Loop() {
				count := 0
				for _, err := range f.List(b.Context(), p, vfs.WantAll) {
					if err != nil {
						b.Fatal(err)
					}
					count++
				}
				if count != n {
					b.Fatalf("%d entries", count)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/entry")
		})
	}
}
