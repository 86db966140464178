package dataconn

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// R-015, S-50: six numbers and nothing else.
func TestParsePORT(t *testing.T) {
	if got, err := ParsePORT("127,0,0,1,4,1"); err != nil || got != netip.MustParseAddrPort("127.0.0.1:1025") {
		t.Errorf("got %v, %v", got, err)
	}
	for _, arg := range []string{
		"", "1,2,3,4,5", "1,2,3,4,5,6,7", "1,2,3,4,5,256", "1,2,3,4,5,-1", "1, 2,3,4,5,6", "1,2,3,4,5,+6", "0x1,2,3,4,5,6",
		"1,2,3,4,5,6 ", "1.2.3.4,5,6", "0001,2,3,4,5,6", ",,,,,", "a,2,3,4,5,6",
	} {
		if got, err := ParsePORT(arg); !errors.Is(err, ErrPORT) {
			t.Errorf("%q: got %v, %v", arg, got, err)
		}
	}
}

// R-075, S-50: any delimiter; no names, zones or disguised addresses.
func TestParseEPRT(t *testing.T) {
	for arg, want := range map[string]string{
		"|1|127.0.0.1|1025|": "127.0.0.1:1025", "!2!::1!65535!": "[::1]:65535", "|1|1.2.3.4|0|": "1.2.3.4:0",
	} {
		if got, err := ParseEPRT(arg); err != nil || got.String() != want {
			t.Errorf("%q: got %v, %v", arg, got, err)
		}
	}
	for arg, want := range map[string]error{
		"": ErrEPRT, "|": ErrEPRT, "|1|127.0.0.1|1025": ErrEPRT, "|1|127.0.0.1|1025||": ErrEPRT, "|1|localhost|1025|": ErrEPRT,
		"|1|::1|1025|": ErrEPRT, "|2|127.0.0.1|1025|": ErrEPRT, "|2|::ffff:127.0.0.1|1025|": ErrEPRT, "|2|fe80::1%lo|1025|": ErrEPRT,
		"|1|127.0.0.1|65536|": ErrEPRT, "|1|127.0.0.1|-1|": ErrEPRT, "|x|127.0.0.1|1025|": ErrEPRT, "|3|127.0.0.1|1025|": ErrFamily,
		" 1 127.0.0.1 1025 ": ErrEPRT, "|1|127.1|1025|": ErrEPRT,
	} {
		if got, err := ParseEPRT(arg); !errors.Is(err, want) {
			t.Errorf("%q: got %v, %v; want %v", arg, got, err, want)
		}
	}
}

// F-15.
func FuzzParseActive(f *testing.F) {
	f.Add("127,0,0,1,4,1")
	f.Add("|2|::1|1025|")
	f.Fuzz(func(t *testing.T, arg string) {
		if a, err := ParsePORT(arg); err == nil && !a.Addr().Is4() {
			t.Fatalf("PORT %q gave %v", arg, a)
		}
		if a, err := ParseEPRT(arg); err == nil && (a.Addr().Zone() != "" || a.Addr().Is4In6()) {
			t.Fatalf("EPRT %q gave %v", arg, a)
		}
	})
}

// the connection comes from the address that the client knows.
func TestActiveConnectsFromLocal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	local := netip.MustParseAddr("127.0.0.1")
	offer := NewActive(Request{Local: local, Stall: time.Minute}, netip.MustParseAddrPort(l.Addr().String()))
	defer offer.Close()
	conn, err := offer.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Abort()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if from := netip.MustParseAddrPort(peer.RemoteAddr().String()); from.Addr() != local {
		t.Errorf("came from %v", from)
	}
	go func() { io.WriteString(peer, "x"); peer.Close() }()
	if got, err := io.ReadAll(conn); string(got) != "x" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestActiveEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := netip.MustParseAddrPort(l.Addr().String())
	l.Close() // nobody is there
	offer := NewActive(Request{Local: to.Addr()}, to)
	if conn, err := offer.Wait(t.Context()); err == nil {
		conn.Abort()
		t.Error("connected to nobody")
	}
	offer.Close()
	offer.Close()
	if _, err := offer.Wait(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
