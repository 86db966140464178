package dataconn

import (
	"crypto/tls"
	"net"
	"slices"
	"sync"
)

// Hello is what a ClientHello of TLS 1.3 says and [tls.ClientHelloInfo] does not.
type Hello struct {
	// Ticket is the first identity of pre_shared_key (RFC 8446 §4.2.11), or empty.
	// It is as the peer sent it: unproven, since tickets cross the wire in clear.
	Ticket []byte
	// Shares are the groups for which key_share has a share (RFC 8446 §4.2.8).
	Shares []tls.CurveID
	// DHE reports whether a ticket may be used together with a key exchange, the
	// only way that crypto/tls knows (psk_dhe_ke, RFC 8446 §4.2.9).
	DHE bool
}

// PeekHello reads the ClientHello that has just arrived on conn, which is the Conn
// of a [tls.ClientHelloInfo] whose handshake was begun by [Server]. It is for
// GetConfigForClient and valid until that returns. ok is false where there is no
// telling: of other connections, and of a hello that is malformed, larger than 8
// KiB or in several records. crypto/tls judges those by itself.
func PeekHello(conn net.Conn) (h Hello, ok bool) {
	r, ours := conn.(*rawConn)
	if !ours || r.early == nil || r.early.past {
		return Hello{}, false
	}
	return parseHello(r.early.buf[:r.early.filled])
}

// earlyRoom holds the first flight of any client in use: a hybrid key share is
// 1216 bytes, a ticket some 200.
const earlyRoom = 8 << 10

// earlyBuffer is what arrives during a handshake. One read mostly brings a whole
// flight, where crypto/tls would read a header first and then the rest. The first
// record stays in it until something comes behind it, so that PeekHello can look.
type earlyBuffer struct {
	buf           [earlyRoom]byte
	taken, filled int  // by TLS; by the network
	past          bool // what was first is not in it any more
}

var earlyBuffers = sync.Pool{New: func() any { return new(earlyBuffer) }}

// readEarly serves TLS during the handshake.
func (r *rawConn) readEarly(p []byte) (int, error) {
	e := r.early
	if e.taken == e.filled {
		if e.filled == len(e.buf) || firstRecordDone(e.buf[:e.filled]) {
			e.taken, e.filled, e.past = 0, 0, true
		}
		n, err := r.receive(e.buf[e.filled:])
		e.filled += n
		if n == 0 {
			return 0, err // else an error comes again
		}
	}
	n := copy(p, e.buf[e.taken:e.filled])
	e.taken += n
	return n, nil
}

// beginEarly lends the buffer for a handshake.
func (r *rawConn) beginEarly() {
	r.early = earlyBuffers.Get().(*earlyBuffer)
	r.early.taken, r.early.filled, r.early.past = 0, 0, false
}

// endEarly gives the buffer back as soon as TLS has taken all of it. It is called
// when the handshake is over, by whoever reads.
func (r *rawConn) endEarly() {
	if r.early != nil && r.early.taken == r.early.filled {
		r.dropEarly()
	}
}

// dropEarly gives the buffer back with whatever is in it.
func (r *rawConn) dropEarly() {
	if r.early != nil {
		earlyBuffers.Put(r.early)
		r.early = nil
	}
}

// firstRecordDone reports whether b holds a whole record (RFC 8446 §5.1).
func firstRecordDone(b []byte) bool {
	return len(b) >= 5 && len(b)-5 >= int(b[3])<<8|int(b[4])
}

// Of TLS: RFC 8446 §4 and §4.2.
const (
	typeClientHello   = 1
	extPreSharedKey   = 41
	extPSKModes       = 45
	extKeyShare       = 51
	modePSKWithDHE    = 1
	helloFixed        = 2 + 32 // legacy_version and random
	maxHelloExtension = 64     // in number; crypto/tls has no use for half as many
)

// parseHello reads a ClientHello that is one whole record. What follows the record
// is not looked at.
func parseHello(b []byte) (h Hello, ok bool) {
	if !firstRecordDone(b) || b[0] != recordHandshake || b[1] != 3 {
		return Hello{}, false
	}
	in := field(b[5 : 5+(int(b[3])<<8|int(b[4]))])
	if kind, ok := in.take(1); !ok || kind[0] != typeClientHello {
		return Hello{}, false
	}
	body, ok := in.vector(3)
	if !ok || len(in) > 0 { // in several records, or with something behind it
		return Hello{}, false
	}
	_, fixed := body.take(helloFixed)
	_, session := body.vector(1)
	_, suites := body.vector(2)
	_, compression := body.vector(1)
	list, extensions := body.vector(2)
	if !fixed || !session || !suites || !compression || !extensions || len(body) > 0 {
		return Hello{}, false
	}
	return parseExtensions(list)
}

func parseExtensions(list field) (h Hello, ok bool) {
	seen := make([]uint16, 0, maxHelloExtension)
	for len(list) > 0 {
		kind, ok := list.number()
		content, whole := list.vector(2)
		if !ok || !whole || len(seen) == maxHelloExtension || slices.Contains(seen, kind) {
			return Hello{}, false
		}
		seen = append(seen, kind)
		switch kind {
		case extPreSharedKey:
			// It must be the last (RFC 8446 §4.2.11).
			if ok = h.identity(content) && len(list) == 0; !ok {
				return Hello{}, false
			}
		case extPSKModes:
			modes, ok := content.vector(1)
			if !ok || len(content) > 0 {
				return Hello{}, false
			}
			h.DHE = slices.Contains(modes, modePSKWithDHE)
		case extKeyShare:
			if !h.shares(content) {
				return Hello{}, false
			}
		}
	}
	return h, true
}

// identity takes the first identity; the binders are for crypto/tls to check.
func (h *Hello) identity(content field) bool {
	identities, ok := content.vector(2)
	binders, whole := content.vector(2)
	if !ok || !whole || len(content) > 0 || len(binders) == 0 {
		return false
	}
	first, ok := identities.vector(2)
	if _, age := identities.take(4); !ok || !age || len(first) == 0 {
		return false
	}
	h.Ticket = first
	return true
}

func (h *Hello) shares(content field) bool {
	list, ok := content.vector(2)
	if !ok || len(content) > 0 {
		return false
	}
	for len(list) > 0 {
		group, ok := list.number()
		share, whole := list.vector(2)
		if !ok || !whole || len(share) == 0 {
			return false
		}
		h.Shares = append(h.Shares, tls.CurveID(group))
	}
	return true
}

// field is what is left of a field of a message.
type field []byte

func (f *field) take(n int) (field, bool) {
	if len(*f) < n {
		return nil, false
	}
	head := (*f)[:n:n]
	*f = (*f)[n:]
	return head, true
}

// number takes a number of two bytes.
func (f *field) number() (uint16, bool) {
	b, ok := f.take(2)
	if !ok {
		return 0, false
	}
	return uint16(b[0])<<8 | uint16(b[1]), true
}

// vector takes a vector whose length is written in so many bytes.
func (f *field) vector(lengthBytes int) (field, bool) {
	length, ok := f.take(lengthBytes)
	if !ok {
		return nil, false
	}
	n := 0
	for _, b := range length {
		n = n<<8 | int(b)
	}
	return f.take(n)
}

// growStack gives the goroutine at once the stack that a handshake needs. It would
// come to that by doubling, copying all frames each time: 3 % of a small file.
//
//go:noinline
func growStack() byte {
	var room [14 << 10]byte
	return room[len(room)-1-sink(room[:])]
}

//go:noinline
func sink(b []byte) int { return len(b) & 1 }
