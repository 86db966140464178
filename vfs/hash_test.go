package vfs_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// The values of FIPS 180, RFC 1321 and RFC 3720 for "abc", and the check values of
// the CRC catalogue, which are those of "123456789".
func TestHashVectors(t *testing.T) {
	for _, test := range []struct {
		h          vfs.Hash
		name       string
		input, sum string
	}{
		{vfs.SHA256, "SHA-256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{vfs.SHA256, "SHA-256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{vfs.SHA512, "SHA-512", "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
			"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{vfs.SHA1, "SHA-1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{vfs.MD5, "MD5", "abc", "900150983cd24fb0d6963f7d28e17f72"},
		{vfs.CRC32, "CRC32", "123456789", "cbf43926"},
		{vfs.CRC32C, "CRC32C", "123456789", "e3069283"},
	} {
		sum := test.h.New()
		io.WriteString(sum, test.input)
		if got := hex.EncodeToString(sum.Sum(nil)); got != test.sum || test.h.String() != test.name {
			t.Errorf("%v of %q is %s, want %s %s", test.h, test.input, got, test.name, test.sum)
		}
	}
}

func TestParseHash(t *testing.T) {
	hashes := vfs.Hashes()
	if len(hashes) != 6 || hashes[0] != vfs.SHA256 {
		t.Errorf("Hashes() = %v", hashes)
	}
	for _, h := range hashes {
		for _, name := range []string{h.String(), strings.ToLower(h.String())} {
			if got, ok := vfs.ParseHash(name); got != h || !ok {
				t.Errorf("ParseHash(%q) = %v, %v", name, got, ok)
			}
		}
	}
	for _, name := range []string{"", "SHA256", "SHA", "SHA-256 ", " SHA-256", "SHA-2560", "CRC", "MD-5", "SHA-1;SHA-256", "\x00"} {
		if got, ok := vfs.ParseHash(name); ok {
			t.Errorf("ParseHash(%q) = %v", name, got)
		}
	}
}

// hashFile is a file for HashFile. At the offset breaks, if that is not 0, read
// gives its bytes and error.
type hashFile struct {
	*strings.Reader
	size   int64
	read   func(b []byte) (int, error)
	breaks int64
}

func newHashFile(content string) *hashFile {
	return &hashFile{Reader: strings.NewReader(content), size: int64(len(content))}
}

func (f *hashFile) Entry() vfs.Entry { return vfs.Entry{Size: f.size} }
func (f *hashFile) Close() error     { return nil }

func (f *hashFile) Read(b []byte) (int, error) {
	if f.breaks > 0 && f.Reader.Size()-int64(f.Len()) >= f.breaks {
		return f.read(b)
	}
	return f.Reader.Read(b)
}

func TestHashFileRanges(t *testing.T) {
	content := strings.Repeat("0123456789", 100_000)
	f := newHashFile(content)
	for _, r := range []struct{ from, to, end int64 }{
		{0, -1, 1_000_000},
		{0, 1_000_000, 1_000_000},
		{0, 0, 0},
		{1_000_000, -1, 1_000_000},
		{1_000_000, 1_000_000, 1_000_000},
		{500_000, 500_000, 500_000},
		{1, 2, 2},
		{131_071, 131_073, 131_073},
		{0, 131_072, 131_072},
		{7, 999_999, 999_999},
	} {
		sum := vfs.SHA1.New()
		io.WriteString(sum, content[r.from:r.end])
		got, err := vfs.HashFile(t.Context(), f, vfs.SHA1, r.from, r.to)
		if err != nil || !bytes.Equal(got, sum.Sum(nil)) {
			t.Errorf("HashFile(%d, %d) = %x, %v", r.from, r.to, got, err)
		}
	}
	for _, r := range [][2]int64{{-1, 5}, {-1, -1}, {5, 4}, {0, 1_000_001}, {1_000_001, -1}, {1<<63 - 1, 1<<63 - 1}, {-1 << 63, -1}} {
		if got, err := vfs.HashFile(t.Context(), f, vfs.SHA1, r[0], r[1]); !errors.Is(err, vfs.ErrOffset) || got != nil {
			t.Errorf("HashFile(%d, %d) = %x, %v", r[0], r[1], got, err)
		}
	}
}

// A file that is shorter than it was, or cannot be read, has no hash: half of one
// would look like that of another file.
func TestHashFileErrors(t *testing.T) {
	content := strings.Repeat("x", 300<<10)
	broken := errors.New("broken")
	f := newHashFile(content)
	f.breaks, f.read = 200<<10, func([]byte) (int, error) { return 0, broken }
	if got, err := vfs.HashFile(t.Context(), f, vfs.MD5, 0, -1); !errors.Is(err, broken) || got != nil {
		t.Errorf("a file that breaks: %x, %v", got, err)
	}
	f = newHashFile(content)
	f.size++
	if got, err := vfs.HashFile(t.Context(), f, vfs.MD5, 0, -1); !errors.Is(err, io.ErrUnexpectedEOF) || got != nil {
		t.Errorf("a file that shrank: %x, %v", got, err)
	}
}

// Between two steps the context is looked at, and nothing more is read then.
func TestHashFileCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newHashFile(strings.Repeat("x", 1<<20))
	f.breaks, f.read = 1, func(b []byte) (int, error) { cancel(); return f.Reader.Read(b) }
	got, err := vfs.HashFile(ctx, f, vfs.CRC32, 0, -1)
	if !errors.Is(err, context.Canceled) || got != nil || f.Len() < 1<<19 {
		t.Errorf("HashFile = %x, %v with %d bytes unread", got, err, f.Len())
	}
	if got, err := vfs.HashFile(ctx, newHashFile("x"), vfs.CRC32, 0, -1); !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("HashFile, cancelled before = %x, %v", got, err)
	}
}

// The sentinels that io/fs has too are the same, so that errors of the os package
// need no translation; the others are told apart.
func TestSentinels(t *testing.T) {
	if vfs.ErrNotExist != fs.ErrNotExist || vfs.ErrExist != fs.ErrExist || vfs.ErrPermission != fs.ErrPermission {
		t.Error("the first three are not those of io/fs")
	}
	all := []error{
		vfs.ErrNotExist, vfs.ErrExist, vfs.ErrPermission, vfs.ErrBadName, vfs.ErrIsDir, vfs.ErrNotDir, vfs.ErrNotEmpty,
		vfs.ErrNotRegular, vfs.ErrOffset, vfs.ErrNoSpace, vfs.ErrQuota, vfs.ErrUnsupported, vfs.ErrConflict, vfs.ErrUnfinished, vfs.ErrInterrupted,
	}
	for i, a := range all {
		for j, b := range all {
			if errors.Is(a, b) != (i == j) {
				t.Errorf("%v is %v: %v", a, b, i != j)
			}
		}
	}
}

// A number that stands for no hash function has a name for logs, and no other use.
func TestHashUnknown(t *testing.T) {
	if got := vfs.Hash(9).String(); got != "Hash(9)" {
		t.Errorf("String = %q", got)
	}
	if h, ok := vfs.ParseHash("Hash(9)"); ok {
		t.Errorf("ParseHash = %v", h)
	}
}
