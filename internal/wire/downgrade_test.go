package wire

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// held keeps what is written to it while on is set.
type held struct {
	net.Conn
	on   bool
	kept []byte
}

func (h *held) Write(b []byte) (int, error) {
	if h.on {
		h.kept = append(h.kept, b...)
		return len(b), nil
	}
	return h.Conn.Write(b)
}

func (h *held) SetWriteDeadline(time.Time) error { return nil }

// underTLS gives a Conn under TLS on a Socket, and its peer. Over a pipe each write of
// the peer is a read of the Conn, or several.
func underTLS(t *testing.T, version uint16, ours, theirs net.Conn) (*Conn, *tls.Conn, *held) {
	t.Helper()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	socket, below := NewSocket(ours), &held{Conn: theirs}
	socket.FollowRecords()
	server := tls.Server(socket, &tls.Config{Certificates: []tls.Certificate{testCertificate(t)}, SessionTicketsDisabled: true})
	client := tls.Client(below, &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
	shaken := make(chan error, 1)
	go func() { shaken <- client.Handshake() }()
	if err := errors.Join(server.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	return NewConn(server, time.Minute), client, below
}

// closing gives what the peer sends for: these commands under TLS, then close_notify.
func closing(t *testing.T, client *tls.Conn, below *held, commands string) string {
	t.Helper()
	below.on, below.kept = true, nil
	if _, err := io.WriteString(client, commands); commands != "" && err != nil {
		t.Fatal(err)
	}
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	below.on = false
	return string(below.kept)
}

// R-136, S-01: Downgrade reads up to the end of close_notify and not one byte more,
// wherever the reads are cut, and in clear all the rest is there.
func TestDowngrade(t *testing.T) {
	const tail = "NOOP\r\nPWD\r\nAUTH TLS\r\n"
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for cut := 0; cut < len(tail)+60; cut++ {
			ours, theirs := net.Pipe()
			c, client, below := underTLS(t, version, ours, theirs)
			end := closing(t, client, below, "") + tail
			go io.Copy(io.Discard, client) // our close_notify
			go func() {
				for _, part := range []string{end[:min(cut, len(end))], end[min(cut, len(end)):]} {
					io.WriteString(theirs, part)
				}
				theirs.Close()
			}()
			if err := c.Downgrade(); err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			if c.TLS() != nil {
				t.Fatal("still under TLS")
			}
			for _, want := range []string{"NOOP", "PWD", "AUTH"} {
				if cmd, err := c.ReadCommand(); err != nil || cmd.Verb != want {
					t.Fatalf("cut at %d: %q, %v; want %s", cut, cmd.Verb, err, want)
				}
			}
		}
	}
}

// S-01: what is protected and comes before close_notify is refused, and so is anything
// that is not close_notify.
func TestDowngradeRefuses(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for what, send := range map[string]func(*tls.Conn, *held) string{
			"protected":     func(c *tls.Conn, h *held) string { return closing(t, c, h, "DELE f\r\n") },
			"clear":         func(*tls.Conn, *held) string { return "DELE f\r\nNOOP\r\n" },
			"clear before":  func(c *tls.Conn, h *held) string { return "DELE f\r\n" + closing(t, c, h, "") },
			"half a record": func(c *tls.Conn, h *held) string { return closing(t, c, h, "")[:7] },
		} {
			ours, theirs := net.Pipe()
			c, client, below := underTLS(t, version, ours, theirs)
			bytes := send(client, below)
			go func() {
				io.WriteString(theirs, bytes)
				theirs.Close()
			}()
			go io.Copy(io.Discard, client)
			err := c.Downgrade()
			if err == nil || c.TLS() == nil {
				t.Errorf("%s: in clear, %v", what, err)
			}
			if protected := errors.Is(err, ErrProtectedBehindEnd); protected != (what == "protected") {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

// S-01: Ahead sees what lies behind a line in the buffer and in the TLS record of it,
// and loses nothing of it.
func TestAhead(t *testing.T) {
	ours, theirs := tcpPair(t)
	c, client, _ := underTLS(t, tls.VersionTLS13, ours, theirs)
	long := make([]byte, 2*readBuffer)
	for i := range long {
		long[i] = 'x'
	}
	for _, text := range []string{"NOOP\r\nPWD\r\n", "NOOP " + string(long[:readBuffer-7]) + "\r\nPWD\r\n", "NOOP " + string(long) + "\r\nP"} {
		if _, err := io.WriteString(client, text); err != nil {
			t.Fatal(err)
		}
		wantVerb(t, c, "NOOP")
		if !c.Ahead() {
			t.Errorf("nothing ahead behind %.20q", text)
		}
		if err := c.Downgrade(); !errors.Is(err, ErrProtectedBehindEnd) {
			t.Errorf("downgrade: %v", err)
		}
		if text[len(text)-1] == 'P' {
			io.WriteString(client, "WD\r\n")
		}
		wantVerb(t, c, "PWD")
		if c.Ahead() {
			t.Errorf("something ahead behind %.20q", text)
		}
	}
}

// A connection that does not follow its records, or is in clear, has no way back.
func TestDowngradeNeedsRecords(t *testing.T) {
	ours, theirs := net.Pipe()
	c, _, _ := underTLS(t, tls.VersionTLS13, ours, theirs)
	c.socket.records = records{}
	if c.Downgrade() == nil {
		t.Error("without records")
	}
	if feed(t).Downgrade() == nil {
		t.Error("in clear")
	}
	if c := feed(t, "NOOP\r\nPWD\r\n"); c.Ahead() {
		t.Error("something ahead of the first line")
	}
}
