package listing

import (
	"io/fs"
	"strconv"
	"time"

	"github.com/sealane/sealane/vfs"
)

// halfYear is when ls stops showing the time of day and shows the year: half of
// a mean Gregorian year, as POSIX ls has it.
const halfYear = 365*24*time.Hour/2 + 3*time.Hour

// AppendList appends one line of LIST for e in the form of "ls -l", without a
// line end. Times are UTC, like those of MDTM, so that clients that compare the
// two do not see a shift. Owner and group are not shown: names of the machine's
// users are no business of the peer.
func AppendList(b []byte, e vfs.Entry, now time.Time) []byte {
	b = appendMode(b, e)
	b = append(b, " 1 ftp      ftp      "...)
	var digits [20]byte
	size := strconv.AppendInt(digits[:0], e.Size, 10)
	for range max(12-len(size), 0) {
		b = append(b, ' ')
	}
	b = append(b, size...)
	b = append(b, ' ')
	b = appendListTime(b, e.ModTime, now)
	b = append(b, ' ')
	return append(b, e.Name...)
}

func appendListTime(b []byte, t, now time.Time) []byte {
	t = t.UTC()
	if age := now.Sub(t); age > halfYear || age < -24*time.Hour {
		return t.AppendFormat(b, "Jan _2  2006")
	}
	return t.AppendFormat(b, "Jan _2 15:04")
}

func appendMode(b []byte, e vfs.Entry) []byte {
	kind := byte('-')
	switch e.Kind {
	case vfs.KindDir:
		kind = 'd'
	case vfs.KindOther:
		kind = 's' // neither: clients then leave it alone
	}
	b = append(b, kind)
	const letters = "rwxrwxrwx"
	for i := range letters {
		if e.Mode&(1<<uint(8-i)) != 0 {
			b = append(b, letters[i])
		} else {
			b = append(b, '-')
		}
	}
	return b
}

func modeBits(n uint64) fs.FileMode { return fs.FileMode(n).Perm() }
