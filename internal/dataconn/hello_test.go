package dataconn

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
)

// recorded gives the first flight of a client.
func recorded(t testing.TB, client *tls.Config) []byte {
	t.Helper()
	flight := &wireTap{hold: true}
	ours, theirs := net.Pipe()
	theirs.Close()
	defer ours.Close()
	flight.Conn = ours
	if err := tls.Client(flight, client).Handshake(); err == nil {
		t.Fatal("a handshake with nobody")
	}
	hello, _ := splitRecord(flight.held) // an alert follows
	return hello
}

func splitRecord(b []byte) (first, rest []byte) {
	n := 5 + (int(b[3])<<8 | int(b[4]))
	return b[:n], b[n:]
}

// resuming gives a client configuration that has a ticket, and that ticket.
func resuming(t *testing.T) (client *tls.Config, ticket []byte) {
	t.Helper()
	server, client := testTLS(t, tls.VersionTLS13)
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	rawServer, rawClient := tcpPair(t)
	conn, peer := shake(t, server, client, rawServer, rawClient)
	defer conn.Abort()
	conn.Write([]byte("x"))
	if _, err := io.ReadFull(peer, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	state, _ := client.ClientSessionCache.Get(client.ServerName)
	ticket, _, err := state.ResumptionState()
	if err != nil {
		t.Fatal(err)
	}
	return client, ticket
}

// The parser reads what crypto/tls writes, and nothing that is cut or changed in
// its lengths makes it read beyond.
func TestParseHello(t *testing.T) {
	client, ticket := resuming(t)
	hello := recorded(t, client)
	h, ok := parseHello(hello)
	if !ok || !h.DHE || !bytes.Equal(h.Ticket, ticket) || !slices.Equal(h.Shares, []tls.CurveID{tls.X25519MLKEM768, tls.X25519}) {
		t.Fatalf("read %+v, %v", h, ok)
	}
	if again, ok := parseHello(append(bytes.Clone(hello), "behind"...)); !ok || !bytes.Equal(again.Ticket, ticket) {
		t.Error("what follows the record matters")
	}
	for n := range hello {
		if _, ok := parseHello(hello[:n:n]); ok {
			t.Fatalf("%d of %d bytes were taken for a hello", n, len(hello))
		}
	}
	client.ClientSessionCache, client.CurvePreferences = nil, []tls.CurveID{tls.CurveP256}
	if h, ok := parseHello(recorded(t, client)); !ok || h.Ticket != nil || !slices.Equal(h.Shares, []tls.CurveID{tls.CurveP256}) {
		t.Errorf("without a ticket: %+v, %v", h, ok)
	}
}

// helloWith is a hello with the given extensions.
func helloWith(extensions ...[]byte) []byte {
	all := bytes.Join(extensions, nil)
	body := append([]byte{3, 3}, make([]byte, 32)...)
	body = append(body, 0, 0, 2, 0x13, 0x01, 1, 0, byte(len(all)>>8), byte(len(all)))
	body = append(body, all...)
	b := append([]byte{typeClientHello, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	return append([]byte{recordHandshake, 3, 1, byte(len(b) >> 8), byte(len(b))}, b...)
}

func TestParseHelloRefuses(t *testing.T) {
	psk := []byte{0, 41, 0, 13, 0, 7, 0, 1, 'T', 0, 0, 0, 0, 0, 2, 1, 0}
	modes := []byte{0, 45, 0, 2, 1, 1}
	if h, ok := parseHello(helloWith(modes, psk)); !ok || string(h.Ticket) != "T" || !h.DHE {
		t.Fatalf("the good one: %+v, %v", h, ok)
	}
	many := [][]byte{}
	for i := range maxHelloExtension + 1 {
		many = append(many, []byte{1, byte(i), 0, 0})
	}
	for name, b := range map[string][]byte{
		"a ticket that is not last":  helloWith(psk, modes),
		"two tickets":                helloWith(psk, psk),
		"an extension twice":         helloWith(modes, modes),
		"too many extensions":        helloWith(many...),
		"an empty identity":          helloWith([]byte{0, 41, 0, 12, 0, 6, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0}),
		"no binder":                  helloWith([]byte{0, 41, 0, 11, 0, 7, 0, 1, 'T', 0, 0, 0, 0, 0, 0}),
		"an empty share":             helloWith([]byte{0, 51, 0, 6, 0, 4, 0, 29, 0, 0}),
		"half a share":               helloWith([]byte{0, 51, 0, 5, 0, 3, 0, 29, 0}),
		"modes with something after": helloWith([]byte{0, 45, 0, 3, 1, 1, 0}),
		"another message":            {recordHandshake, 3, 1, 0, 4, 2, 0, 0, 0},
		"another record":             {23, 3, 1, 0, 0},
		"nothing":                    nil,
	} {
		if h, ok := parseHello(b); ok {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

// PeekHello sees a hello however it arrives, but not one in several records, or of
// a size that no client has.
func TestPeekHello(t *testing.T) {
	client, ticket := resuming(t)
	server, _ := testTLS(t, tls.VersionTLS13)
	whole := recorded(t, client)
	big := bytes.Clone(whole)
	content := big[5:]
	half := len(content) / 2
	split := append([]byte{22, 3, 1, byte(half >> 8), byte(half)}, content[:half]...)
	split = append(split, 22, 3, 1, byte((len(content)-half)>>8), byte(len(content)-half))
	split = append(split, content[half:]...)
	client.NextProtos = slices.Repeat([]string{string(bytes.Repeat([]byte("x"), 255))}, 40)
	for _, c := range []struct {
		name   string
		flight []byte
		want   bool
	}{{"whole", whole, true}, {"two records", split, false}, {"large", recorded(t, client), false}} {
		for _, step := range []int{1, 700, len(c.flight)} {
			rawServer, rawClient := net.Pipe()
			stop := errors.New("seen")
			calls := 0
			cfg := server.Clone()
			cfg.GetConfigForClient = func(info *tls.ClientHelloInfo) (*tls.Config, error) {
				calls++
				h, ok := PeekHello(info.Conn)
				if ok != c.want || ok && !bytes.Equal(h.Ticket, ticket) {
					t.Errorf("%s in steps of %d: %v, %d bytes of ticket", c.name, step, ok, len(h.Ticket))
				}
				return nil, stop
			}
			go func() {
				for piece := range slices.Chunk(c.flight, step) {
					rawClient.Write(piece)
				}
				io.Copy(io.Discard, rawClient) // the alert
			}()
			if _, err := Server(t.Context(), rawServer, cfg, testStall); !errors.Is(err, stop) || calls != 1 {
				t.Errorf("%s in steps of %d: %v after %d calls", c.name, step, err, calls)
			}
			rawClient.Close()
		}
	}
	if _, ok := PeekHello(nil); ok {
		t.Error("a hello of no connection")
	}
}

// FuzzClientHello: no input makes the parser panic or read outside of the record,
// and what it takes for a ticket is part of the input.
// F-15.
func FuzzClientHello(f *testing.F) {
	client := &tls.Config{ServerName: "data.test", NextProtos: []string{"ftp-data"}}
	f.Add(recorded(f, client))
	f.Add(recorded(f, &tls.Config{ServerName: "x", MaxVersion: tls.VersionTLS12}))
	f.Add(helloWith([]byte{0, 45, 0, 2, 1, 1}, []byte{0, 41, 0, 13, 0, 7, 0, 1, 'T', 0, 0, 0, 0, 0, 2, 1, 0}))
	f.Add(helloWith([]byte{0, 51, 0, 7, 0, 5, 0, 29, 0, 1, 9}))
	f.Add([]byte{22, 3, 1, 255, 255, 1, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := parseHello(b)
		if !ok {
			if h.Ticket != nil || h.Shares != nil || h.DHE {
				t.Fatalf("refused, and yet %+v", h)
			}
			return
		}
		record, _ := splitRecord(b)
		if !bytes.Contains(record, h.Ticket) || len(h.Shares) > len(record)/5 {
			t.Fatalf("read %+v out of %d bytes", h, len(record))
		}
		if again, ok := parseHello(bytes.Clone(record)); !ok || !bytes.Equal(again.Ticket, h.Ticket) || !slices.Equal(again.Shares, h.Shares) {
			t.Fatal("what follows the record matters")
		}
	})
}
