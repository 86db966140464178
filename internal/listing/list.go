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
	b = appendSize(b, e.Size)
	b = append(b, ' ')
	b = appendListTime(b, e.ModTime, now)
	b = append(b, ' ')
	return append(b, e.Name...)
}

// appendSize appends n behind spaces, in 12 columns or more.
func appendSize(b []byte, n int64) []byte {
	var digits [20]byte
	size := strconv.AppendInt(digits[:0], n, 10)
	const spaces = "            "
	return append(append(b, spaces[min(len(size), len(spaces)):]...), size...)
}

func appendMode(b []byte, e vfs.Entry) []byte {
	kind := byte('-')
	switch e.Kind {
	case vfs.KindDir:
		kind = 'd'
	case vfs.KindOther:
		kind = 's' // neither: clients then leave it alone
	}
	line := [...]byte{kind, 'r', 'w', 'x', 'r', 'w', 'x', 'r', 'w', 'x'}
	for i := range 9 {
		if e.Mode&(1<<uint(8-i)) == 0 {
			line[i+1] = '-'
		}
	}
	return append(b, line[:]...)
}

func modeBits(n uint64) fs.FileMode { return fs.FileMode(n).Perm() }
