//go:build interop

package interop

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
)

const (
	soakBig      = "/big.bin" // more than the sockets between hold
	soakBigSize  = 16 * mib
	soakSmall    = "/small.bin"
	soakNameSize = 6 * kib
)

// fault is a way to misbehave in a session that is logged in. Where it leaves the
// control connection alive, the session must go on as if nothing had been.
type fault struct {
	name string
	do   func(p *peer, r *rand.Rand) (alive bool, err error)
}

func faults() []fault {
	return []fault{
		{"RST on control", resetControl},
		{"RST on data", resetData},
		{"silent data connection", silentData},
		{"handshake cut off", cutHandshake},
		{"rubbish on the data port", rubbishData},
		{"upload broken off", breakUpload},
	}
}

// resetControl ends the session at a moment when it has nothing to do, waits for
// a data connection, or sends a file.
func resetControl(p *peer, r *rand.Rand) (bool, error) {
	switch r.IntN(3) {
	case 1:
		conn, _, err := p.offer()
		if err != nil {
			return false, err
		}
		defer conn.Close()
	case 2:
		conn, _, err := p.start("RETR " + soakBig)
		if err != nil {
			return false, err
		}
		defer conn.Close()
	}
	return false, reset(p.raw)
}

// resetData: the reply says that the download failed (RFC 959 §5.4: 426 or 451).
func resetData(p *peer, _ *rand.Rand) (bool, error) {
	conn, raw, err := p.start("RETR " + soakBig)
	if err != nil {
		return true, err
	}
	if _, err := io.ReadFull(conn, make([]byte, 64*kib)); err != nil {
		return true, err
	}
	if err := reset(raw); err != nil {
		return true, err
	}
	return true, p.reply(4, "RETR after RST")
}

// silentData connects and says nothing: the server gives up after its limit, or
// the client before that.
func silentData(p *peer, r *rand.Rand) (bool, error) {
	conn, _, err := p.offer()
	if err != nil {
		return true, err
	}
	defer conn.Close()
	if err := p.command(1, "RETR "+soakSmall); err != nil {
		return true, err
	}
	if r.IntN(2) == 0 {
		return false, reset(p.raw)
	}
	// No data connection (RFC 959 §5.4), or none with TLS (RFC 4217 §10.2): the
	// times for both are over in the same moment.
	code, text, err := p.text.ReadResponse(0)
	if err == nil && code != 425 && code != 522 {
		err = fmt.Errorf("RETR without a handshake: want 425 or 522: %d %s", code, text)
	}
	return true, err
}

// cutHandshake ends a data connection within its hello or after it; the true
// connection that comes after it gets the file.
func cutHandshake(p *peer, r *rand.Rand) (bool, error) {
	return afterFalse(p, func(conn *net.TCPConn) error {
		if r.IntN(2) == 0 {
			hello := []byte{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 42, 42, 42, 42, 42, 42}
			_, err := conn.Write(hello)
			return err
		}
		if tls.Client(&once{Conn: conn}, p.config).Handshake() == nil {
			return errors.New("a handshake that was cut off succeeded")
		}
		return nil
	})
}

// once reads nothing.
type once struct{ net.Conn }

func (once) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// rubbishData talks to the data port in another language.
func rubbishData(p *peer, r *rand.Rand) (bool, error) {
	return afterFalse(p, func(conn *net.TCPConn) error {
		rubbish := []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if r.IntN(2) == 0 {
			rubbish = make([]byte, 1+r.IntN(4*kib))
			for i := range rubbish {
				rubbish[i] = byte(r.Uint32())
			}
		}
		// The server may have closed before all is written.
		_, _ = conn.Write(rubbish)
		return nil
	})
}

// afterFalse lets a false connection come to the data port, then the true one.
func afterFalse(p *peer, do func(conn *net.TCPConn) error) (bool, error) {
	conn, port, err := p.offer()
	if err != nil {
		return true, err
	}
	err = do(conn)
	conn.Close()
	if err != nil {
		return true, err
	}
	if err := p.command(1, "RETR "+soakSmall); err != nil {
		return true, err
	}
	raw, err := p.dial(port)
	if err != nil {
		return true, err
	}
	defer raw.Close()
	data, err := io.ReadAll(tls.Client(raw, p.config))
	if err != nil {
		return true, fmt.Errorf("the true connection: %w", err)
	}
	if string(data) != string(pattern(soakSmall, soakNameSize)) {
		return true, fmt.Errorf("the true connection got %d other bytes", len(data))
	}
	return true, p.reply(226, "RETR")
}

// breakUpload ends an upload by RST, by a close that TLS does not announce, by
// ABOR, or by the end of everything. What is not announced as the end is not
// confirmed.
func breakUpload(p *peer, r *rand.Rand) (bool, error) {
	name := fmt.Sprintf("/broken-%x.bin", r.Uint64())
	conn, raw, err := p.start("STOR " + name)
	if err != nil {
		return true, err
	}
	defer raw.Close()
	if _, err := conn.Write(pattern(name, 100*kib)); err != nil {
		return true, err
	}
	how := r.IntN(4)
	switch how {
	case 0:
		err = reset(raw)
	case 1:
		err = raw.Close()
	case 2:
		err = p.send("ABOR")
	default:
		return false, errors.Join(reset(p.raw), reset(raw))
	}
	if err != nil {
		return true, err
	}
	err = p.reply(4, "STOR broken off")
	if err == nil && how == 2 {
		err = p.reply(226, "ABOR") // RFC 959 §4.1.3
	}
	return true, err
}
