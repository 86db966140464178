package wire

import "encoding/binary"

// recordHeader is the size of the header of a TLS record, in bytes: type, version,
// and the length of what follows (RFC 8446 §5.1).
const recordHeader = 5

// records follows the TLS records of a connection, so that no read goes beyond the
// end of one. crypto/tls otherwise takes along what lies behind, and when TLS ends
// that is in clear and not its own. The zero value follows nothing.
type records struct {
	on     bool
	header [recordHeader]byte
	have   int // of header
	body   int // still to come of this record
}

// room is how many bytes a read of at most n may take.
func (r *records) room(n int) int {
	switch {
	case !r.on:
		return n
	case r.body > 0:
		return min(n, r.body)
	}
	return min(n, recordHeader-r.have)
}

// advance takes note of what a read has taken.
func (r *records) advance(p []byte) {
	switch {
	case !r.on:
	case r.body > 0:
		r.body -= len(p)
	default:
		r.have += copy(r.header[r.have:], p)
		if r.have == recordHeader {
			r.have, r.body = 0, int(binary.BigEndian.Uint16(r.header[3:]))
		}
	}
}

// between reports whether all that was read is whole records.
func (r *records) between() bool { return r.have == 0 && r.body == 0 }
