package origin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const testLimit = 5 * time.Second

var (
	proxy  = netip.MustParseAddrPort("10.1.2.3:40000")
	own    = netip.MustParseAddrPort("10.9.9.9:21")
	client = netip.MustParseAddrPort("192.0.2.7:50000")
	public = netip.MustParseAddrPort("203.0.113.5:21")
)

// conn is one end of a net.Pipe with addresses of TCP.
type conn struct {
	net.Conn
	remote, local netip.AddrPort
}

func (c conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }
func (c conn) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(c.local) }

// readWord is the header of these tests: three bytes.
func readWord(r io.Reader) (remote, local netip.AddrPort, err error) {
	var word [3]byte
	if _, err := io.ReadFull(r, word[:]); err != nil {
		return remote, local, err
	}
	switch string(word[:]) {
	case "for":
		return client, public, nil
	case "map":
		return netip.MustParseAddrPort("[::ffff:192.0.2.7]:50000"), netip.MustParseAddrPort("[::ffff:203.0.113.5]:21"), nil
	case "own":
		return remote, local, nil
	case "rem":
		return client, local, nil
	case "pan":
		panic("of others")
	}
	return remote, local, errors.New("no header")
}

type result struct {
	ends Ends
	err  error
	took time.Duration
}

func prefixes(text ...string) (list []netip.Prefix) {
	for _, s := range text {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

// find makes a connection from remote and gives the other end of it.
func find(ctx context.Context, f *Finder, remote netip.AddrPort) (theirs net.Conn, ours net.Conn, found chan result) {
	ours, theirs = net.Pipe()
	ours = conn{ours, remote, own}
	found = make(chan result, 2) // a second answer would be found by the tests
	began := time.Now()
	f.Find(ctx, ours, func(e Ends, err error) { found <- result{e, err, time.Since(began)} })
	return theirs, ours, found
}

// SP-15: what a trusted proxy says counts, within its time; without it the connection
// is good for nothing.
func TestSP15Headers(t *testing.T) {
	socket := Ends{proxy, own}
	for _, c := range []struct {
		name string
		send func(w net.Conn)
		want Ends
		ok   bool
		took time.Duration
	}{
		{"header", func(w net.Conn) { io.WriteString(w, "for") }, Ends{client, public}, true, 0},
		{"v4-mapped", func(w net.Conn) { io.WriteString(w, "map") }, Ends{client, public}, true, 0},
		{"health check", func(w net.Conn) { io.WriteString(w, "own") }, socket, true, 0},
		{"no destination", func(w net.Conn) { io.WriteString(w, "rem") }, Ends{client, own}, true, 0},
		{"late, but in time", func(w net.Conn) { time.Sleep(testLimit - 1); io.WriteString(w, "for") }, Ends{client, public}, true, testLimit - 1},
		{"too late", func(w net.Conn) { time.Sleep(testLimit + 1); io.WriteString(w, "for") }, socket, false, testLimit},
		{"dripping", func(w net.Conn) {
			for _, b := range []byte("for") {
				time.Sleep(testLimit / 2)
				w.Write([]byte{b})
			}
		}, socket, false, testLimit},
		{"missing", func(w net.Conn) {}, socket, false, testLimit},
		{"malformed", func(w net.Conn) { io.WriteString(w, "USE") }, socket, false, 0},
		{"cut", func(w net.Conn) { io.WriteString(w, "f"); w.Close() }, socket, false, 0},
		{"panic", func(w net.Conn) { io.WriteString(w, "pan") }, socket, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := NewFinder(prefixes("10.1.0.0/16"), testLimit, readWord)
				theirs, ours, found := find(t.Context(), f, proxy)
				defer ours.Close()
				go c.send(theirs)
				got := <-found
				if got.ends != c.want || (got.err == nil) != c.ok || got.took != c.took {
					t.Errorf("got %+v", got)
				}
				if c.ok {
					// The deadline of the header is not that of the session.
					time.Sleep(2 * testLimit)
					go io.WriteString(theirs, "USER")
					var b [8]byte
					if n, err := ours.Read(b[:]); string(b[:n]) != "USER" {
						t.Errorf("afterwards: %q, %v", b[:n], err)
					}
				}
				ours.Close()
				time.Sleep(2 * testLimit)
				if len(found) > 0 || f.pending.Load() != 0 {
					t.Error("it was told twice, or is still waited for")
				}
			})
		})
	}
}

// SP-15: only those whom we trust are asked; what others send is the client's.
func TestSP15Trust(t *testing.T) {
	f := NewFinder(prefixes("10.1.0.0/16", "::ffff:10.2.0.0/112", "2001:db8::/32", "fe80::/10"), testLimit, readWord)
	for remote, trusted := range map[string]bool{
		"10.1.2.3:1": true, "10.2.2.3:1": true, "10.3.2.3:1": false, "[::ffff:10.1.2.3]:1": true, "[::ffff:10.3.2.3]:1": false,
		"[2001:db8::7]:1": true, "[2001:db9::7]:1": false, "[fe80::1%eth0]:1": true, "127.0.0.1:1": false, "[::1]:1": false,
	} {
		ap := netip.MustParseAddrPort(remote)
		theirs, ours, found := find(t.Context(), f, ap)
		if len(found) == 1 == trusted {
			t.Errorf("%s: trusted is %v", remote, !trusted)
		}
		go io.WriteString(theirs, "for")
		want := Ends{unmap(ap), own}
		if trusted {
			want = Ends{client, public}
		}
		if got := <-found; got.ends != want || got.err != nil {
			t.Errorf("%s: %+v", remote, got)
		}
		if !trusted {
			var b [3]byte
			if _, err := io.ReadFull(ours, b[:]); string(b[:]) != "for" {
				t.Errorf("%s: of what it sent %q is left, %v", remote, b, err)
			}
		}
		ours.Close()
	}
	// Without any, and where there are no addresses.
	ours, _ := net.Pipe()
	for _, f := range []*Finder{nil, f} {
		told := false
		f.Find(t.Context(), ours, func(e Ends, err error) { told = e == Ends{} && err == nil })
		if !told {
			t.Error("a connection without addresses")
		}
	}
}

// SP-15: proxies that send nothing hold up nobody, are bounded in number, and go when
// the server does.
func TestSP15Crowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFinder(prefixes("10.1.0.0/16"), testLimit, readWord)
		ctx, cancel := context.WithCancel(t.Context())
		var waiting, refused, cancelled atomic.Int64
		for range maxPending + 10 {
			ours, _ := net.Pipe()
			waiting.Add(1)
			f.Find(ctx, conn{ours, proxy, own}, func(_ Ends, err error) {
				waiting.Add(-1)
				switch {
				case errors.Is(err, errCrowd):
					refused.Add(1)
				case errors.Is(err, context.Canceled):
					cancelled.Add(1)
				}
				ours.Close()
			})
		}
		synctest.Wait()
		if refused.Load() != 10 || waiting.Load() != maxPending {
			t.Errorf("%d wait, %d were refused", waiting.Load(), refused.Load())
		}
		_, ours, found := find(ctx, f, client)
		ours.Close()
		if got := <-found; got.err != nil {
			t.Errorf("a client was refused: %v", got.err)
		}
		began := time.Now()
		cancel()
		synctest.Wait()
		if waiting.Load() != 0 || cancelled.Load() != maxPending || f.pending.Load() != 0 || time.Since(began) != 0 {
			t.Errorf("%d still wait, %d went", waiting.Load(), cancelled.Load())
		}
	})
}
