package osfs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/osfs"
)

var levels = map[string]osfs.Policy{
	"full":    {Durability: vfs.DurableFull},
	"process": {Durability: vfs.DurableProcess},
	"direct":  {Durability: vfs.DurableFull, Direct: true},
}

// store is an upload from Create to Commit, in writes of at most 128 KiB.
func store(b *testing.B, f vfs.FS, name string, content []byte, size int) {
	p, err := vfs.Clean(name)
	if err != nil {
		b.Fatal(err)
	}
	up, err := f.Create(b.Context(), p, vfs.Create{})
	if err != nil {
		b.Fatal(err)
	}
	for ; size > 0; size -= len(content) {
		if _, err := up.Write(content[:min(len(content), size)]); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := up.Commit(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

// BenchmarkUpload is one file of 4 KiB after the other: new names, and one name
// over and over. At level full it is mostly two syncs each.
func BenchmarkUpload(b *testing.B) {
	content := make([]byte, 4096)
	for level, policy := range levels {
		for _, over := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/over=%v", level, over), func(b *testing.B) {
				f := open(b, b.TempDir(), osfs.With(policy))
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					if n++; over {
						n = 0
					}
					store(b, f, fmt.Sprint("/", n), content, len(content))
				}
				perSecond(b)
			})
		}
	}
}

// BenchmarkParallel is the same from many sessions into one directory: they share
// its syncs.
func BenchmarkParallel(b *testing.B) {
	content := make([]byte, 4096)
	for level, policy := range levels {
		for _, sessions := range []int{4, 16, 64} {
			b.Run(fmt.Sprintf("%s/sessions=%d", level, sessions), func(b *testing.B) {
				f := open(b, b.TempDir(), osfs.With(policy))
				var n atomic.Int64
				b.SetParallelism(sessions)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						store(b, f, fmt.Sprint("/", n.Add(1)), content, len(content))
					}
				})
				perSecond(b)
			})
		}
	}
}

// BenchmarkStream is one large file.
func BenchmarkStream(b *testing.B) {
	const size = 128 << 20
	content := make([]byte, 128<<10)
	for level, policy := range levels {
		b.Run(level, func(b *testing.B) {
			f := open(b, b.TempDir(), osfs.With(policy))
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				store(b, f, "/file", content, size)
			}
		})
	}
}

// BenchmarkAppend is a small append to a file of 64 MiB: its blocks are shared
// where the disk can do that, and copied where it cannot. Set TMPDIR to try one.
func BenchmarkAppend(b *testing.B) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), make([]byte, 64<<20), 0o644); err != nil {
		b.Fatal(err)
	}
	f := open(b, dir)
	b.Log(f.Method())
	b.ReportAllocs()
	for b.Loop() {
		up, err := f.Create(b.Context(), path(b, "/file"), vfs.Create{Append: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := up.Abort(nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkList is a directory of 10,000 files, with each set of fields.
func BenchmarkList(b *testing.B) {
	const n = 10_000
	dir := b.TempDir()
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file-%05d.dat", i)), nil, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	f := open(b, dir)
	for _, fields := range []struct {
		name string
		want vfs.Fields
	}{
		{"none", 0},
		{"kind", vfs.WantKind},
		{"info", vfs.WantInfo},
		{"created", vfs.WantCreated},
		{"unique", vfs.WantUnique},
		{"rights", vfs.WantRights},
		{"all", vfs.WantAll},
	} {
		b.Run(fields.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				count := 0
				for _, err := range f.List(b.Context(), vfs.Path{}, fields.want) {
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
