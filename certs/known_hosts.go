package certs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// KnownHost is what is known of one server, by its address.
type KnownHost struct {
	// Address is host and port as KnownAddress gives them.
	Address string
	// Key is the pin of the key that the server has shown.
	Key Pin
	// Trusted says that a person trusts this key, whoever signed it, and no other.
	// Without it an authority vouched for the server, which may change its key as
	// long as an authority goes on vouching.
	Trusted bool
	// First and Last are when the key was seen, in UTC and whole seconds.
	First, Last time.Time
	// TLS13 says that the server has spoken TLS 1.3, Resumed that a data
	// connection has resumed the TLS session of its control connection. Neither
	// is forgotten while the server is known.
	TLS13, Resumed bool

	extra []string // fields of a later version, kept as they are
}

// seenAgain is how old Last may be before a connection alone is worth a write.
const seenAgain = 24 * time.Hour

// ErrConflict is wrapped by the error of Merge when a server is known by another
// key.
var ErrConflict = errors.New("the server is known by another key")

// KnownAddress gives the address under which a server is known: the host in
// lower case and without a final dot, an IP address in its shortest form and in
// brackets where they belong.
func KnownAddress(host, port string) string {
	host = strings.ToLower(strings.TrimRight(host, "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	return net.JoinHostPort(host, port)
}

// KnownHosts is a file of known servers. Its methods read the file anew each
// time; those that change it hold a lock meanwhile, so that programs that run at
// once do not lose each other's lines. The file is replaced in one step, is for
// its owner only, and holds one server a line:
//
//	HOST:PORT sha256/BASE64 trusted|verified FIRST LAST [tls1.3] [resumed]
//
// FIRST and LAST are of the form 2026-01-02T15:04:05Z. What would not be harmless
// in HOST is written as %XX. Words behind these are kept, for later versions; so
// are empty lines and lines that begin with "#". A file has at most 4 MiB and a
// line at most 4096 bytes; errors name file and line.
type KnownHosts struct{ path string }

// NewKnownHosts gives the known hosts of the file path, which need not be there
// yet.
func NewKnownHosts(path string) *KnownHosts { return &KnownHosts{path} }

// Path is the name of the file.
func (k *KnownHosts) Path() string { return k.path }

// List gives all known servers in the order of the file.
func (k *KnownHosts) List() ([]KnownHost, error) {
	f, err := readKnown(k.path)
	return f.hosts(), err
}

// Lookup gives what is known of the server at address; nil means nothing.
func (k *KnownHosts) Lookup(address string) (*KnownHost, error) {
	f, err := readKnown(k.path)
	if err != nil {
		return nil, err
	}
	return f.find(address), nil
}

// Add puts h into the file, in place of what is known of its address. The times
// are cut to seconds.
func (k *KnownHosts) Add(h KnownHost) error {
	return k.update(func(f *knownFile) error { return f.put(h) })
}

// Remove forgets the server at address, and reports whether it was known.
func (k *KnownHosts) Remove(address string) (found bool, err error) {
	err = k.update(func(f *knownFile) error {
		before := len(f.lines)
		f.lines = slices.DeleteFunc(f.lines, func(l knownLine) bool { return l.host != nil && l.host.Address == address })
		found = len(f.lines) < before
		return nil
	})
	return found, err
}

// Seen notes a connection to a server that was found to be trusted: h holds its
// address, its key, Last, and what it can. A server that is not known yet becomes
// known as one that an authority vouches for; a trusted key is never changed.
// Nothing is written unless something new was seen or Last is a day later.
func (k *KnownHosts) Seen(h KnownHost) error {
	news := func(old *KnownHost) bool {
		return old == nil || old.Key != h.Key && !old.Trusted || h.TLS13 && !old.TLS13 || h.Resumed && !old.Resumed ||
			h.Last.Sub(old.Last) >= seenAgain
	}
	old, err := k.Lookup(h.Address)
	if err != nil || !news(old) {
		return err
	}
	return k.update(func(f *knownFile) error {
		old := f.find(h.Address)
		if !news(old) || old != nil && old.Trusted && old.Key != h.Key {
			return nil
		}
		now := KnownHost{Address: h.Address, Key: h.Key, First: h.Last, Last: h.Last, TLS13: h.TLS13, Resumed: h.Resumed}
		if old != nil {
			now.Trusted, now.extra = old.Trusted, old.extra
			now.TLS13, now.Resumed = now.TLS13 || old.TLS13, now.Resumed || old.Resumed
			if old.Key == h.Key {
				now.First = old.First
			}
			if now.Last.Before(old.Last) {
				now.Last = old.Last
			}
		}
		return f.put(now)
	})
}

// Merge takes over the lines of r, which have the form of the file; name is for
// errors. A server that is known already stays as it is, and is an error that
// wraps ErrConflict if its key is another one and replace is not given; then
// nothing is taken over. It returns how many servers were new or replaced.
func (k *KnownHosts) Merge(r io.Reader, name string, replace bool) (added int, err error) {
	in, err := parseKnown(r, name)
	if err != nil {
		return 0, err
	}
	err = k.update(func(f *knownFile) error {
		var conflicts []string
		for _, h := range in.hosts() {
			old := f.find(h.Address)
			switch {
			case old == nil, old.Key != h.Key && replace, old.Key == h.Key && h.Trusted && !old.Trusted:
				if err := f.put(h); err != nil {
					return err
				}
				added++
			case old.Key != h.Key:
				conflicts = append(conflicts, h.Address)
			}
		}
		if len(conflicts) > 0 {
			return fmt.Errorf("%w: %s", ErrConflict, shorten(conflicts))
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// WriteTo writes the whole file, as it is, to w.
func (k *KnownHosts) WriteTo(w io.Writer) (int64, error) {
	f, err := readKnown(k.path)
	if err != nil {
		return 0, err
	}
	return bytes.NewReader(f.text()).WriteTo(w)
}

// shorten makes a list for an error message of bounded length.
func shorten(names []string) string {
	const most, longest = 8, 80
	var out []string
	for i, n := range names {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		if len(n) > longest {
			n = n[:longest] + "…"
		}
		out = append(out, n)
	}
	return strings.Join(out, ", ")
}
