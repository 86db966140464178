package osfs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// BenchmarkUpload is one small file from Create to Commit: mostly two fsyncs.
func BenchmarkUpload(b *testing.B) {
	f := open(b, b.TempDir())
	p := path(b, "/file")
	content := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		up, err := f.Create(b.Context(), p, vfs.Create{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := up.Write(content); err != nil {
			b.Fatal(err)
		}
		if _, err := up.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppend is a small append to a file of 64 MiB, which is copied.
func BenchmarkAppend(b *testing.B) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), make([]byte, 64<<20), 0o644); err != nil {
		b.Fatal(err)
	}
	f := open(b, dir)
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

// BenchmarkList is a directory of 10,000 files.
func BenchmarkList(b *testing.B) {
	const n = 10_000
	dir := b.TempDir()
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file-%05d.dat", i)), nil, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	f := open(b, dir)
	b.ReportAllocs()
	for b.Loop() {
		count := 0
		for _, err := range f.List(b.Context(), vfs.Path{}, vfs.WantAll) {
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
}
