package vfs

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
)

// Hash is a hash function of file contents. MD5, SHA-1 and the CRCs find
// accidents, not attackers.
type Hash uint8

// The hash functions.
const (
	SHA256 Hash = iota
	SHA512
	SHA1
	MD5
	CRC32  // IEEE 802.3, as XCRC has it
	CRC32C // Castagnoli
)

// Hashes lists the hash functions, the best choice first.
func Hashes() []Hash { return []Hash{SHA256, SHA512, SHA1, MD5, CRC32, CRC32C} }

// String gives the name that the HASH command uses (draft-bryan-ftpext-hash).
// What is none of them is "Hash(9)", by its number.
func (h Hash) String() string {
	names := [...]string{"SHA-256", "SHA-512", "SHA-1", "MD5", "CRC32", "CRC32C"}
	if int(h) >= len(names) {
		return "Hash(" + strconv.Itoa(int(h)) + ")"
	}
	return names[h]
}

// ParseHash reads a name as String gives it, in any case.
func ParseHash(name string) (Hash, bool) {
	for _, h := range Hashes() {
		if strings.EqualFold(name, h.String()) {
			return h, true
		}
	}
	return 0, false
}

// New starts a hash.
func (h Hash) New() hash.Hash {
	switch h {
	case SHA512:
		return sha512.New()
	case SHA1:
		return sha1.New()
	case MD5:
		return md5.New()
	case CRC32:
		return crc32.NewIEEE()
	case CRC32C:
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	}
	return sha256.New()
}

// hashStep is how much is read between two looks at the context.
const hashStep = 128 << 10

// HashFile is FS.Hash for an open file, for drivers that have no better way. It
// moves the position of f.
func HashFile(ctx context.Context, f File, h Hash, from, to int64) ([]byte, error) {
	size := f.Entry().Size
	if to < 0 {
		to = size
	}
	if from < 0 || from > to || to > size {
		return nil, ErrOffset
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, err
	}
	sum := h.New()
	buf := make([]byte, min(hashStep, to-from))
	for from < to {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := buf[:min(int64(len(buf)), to-from)]
		if _, err := io.ReadFull(f, b); err != nil {
			return nil, err
		}
		sum.Write(b)
		from += int64(len(b))
	}
	return sum.Sum(nil), nil
}
