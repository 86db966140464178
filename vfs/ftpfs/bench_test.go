package ftpfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// plain hides what io.Copy would find in a reader or writer.
type plain struct{ io.Reader }

func BenchmarkUpload(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			f := serve(b, memfs.New(), "/", ftpfs.Options{})
			content := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				up, err := f.Create(b.Context(), path(b, "/f"), vfs.Create{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(up, plain{bytes.NewReader(content)}); err != nil {
					b.Fatal(errors.Join(err, up.Abort(err)))
				}
				if _, err := up.Commit(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDownload(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			f := serve(b, memfs.From(map[string]string{"f": string(make([]byte, size))}), "/", ftpfs.Options{})
			b.SetBytes(int64(size))
			for b.Loop() {
				file, err := f.Open(b.Context(), path(b, "/f"))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, plain{file}); err != nil {
					b.Fatal(err)
				}
				if err := file.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
