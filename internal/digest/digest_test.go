package digest_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/sealane/sealane/internal/digest"
)

const mib = 1 << 20

// Whatever the sizes, of the whole and of the pieces in which it comes, the hash is
// that of what came, at the end and in the middle.
func TestSum(t *testing.T) {
	t.Parallel()
	all := make([]byte, 5*mib+17)
	rand.NewChaCha8([32]byte{1}).Read(all)
	for _, size := range []int{0, 1, mib - 1, mib, mib + 1, mib + 256<<10, 5*mib + 17} {
		for _, each := range []int{16 << 10, 300_001, 10 * mib} {
			d := digest.New(sha256.New())
			var got [][]byte
			for _, part := range [][]byte{all[:size/2], all[size/2 : size], nil} {
				inPieces(d, part, each)
				got = append(got, d.Sum())
			}
			half, whole := sha256.Sum256(all[:size/2]), sha256.Sum256(all[:size])
			for i, want := range [][]byte{half[:], whole[:], whole[:]} {
				if !bytes.Equal(got[i], want) {
					t.Errorf("%d bytes in pieces of %d, sum %d: %x, want %x", size, each, i, got[i], want)
				}
			}
		}
	}
}

// What was written may change as soon as Write has returned.
func TestKeepsNothing(t *testing.T) {
	t.Parallel()
	d, want := digest.New(sha256.New()), sha256.New()
	buf := make([]byte, 100_000)
	for i := range 50 {
		for j := range buf {
			buf[j] = byte(i)
		}
		want.Write(buf)
		d.Write(buf)
	}
	if got := d.Sum(); !bytes.Equal(got, want.Sum(nil)) {
		t.Error("another hash")
	}
}

func inPieces(w io.Writer, p []byte, size int) {
	for len(p) > 0 {
		n := min(size, len(p))
		w.Write(p[:n])
		p = p[n:]
	}
}

// BenchmarkWrite is the speed of a writer that does nothing else: that of the hash.
func BenchmarkWrite(b *testing.B) {
	buf := make([]byte, 256<<10)
	b.SetBytes(int64(len(buf)))
	d := digest.New(sha256.New())
	for b.Loop() {
		d.Write(buf)
	}
	d.Sum()
}
