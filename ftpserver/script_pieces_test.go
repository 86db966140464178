package ftpserver_test

import (
	"net"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
)

// delivery is how the bytes of a control connection come in.
type delivery uint8

const (
	lineByLine delivery = iota
	byteByByte          // each end reads and writes one byte at a time, below TLS
	ahead               // in one segment what a client may send without waiting
)

// read boundaries have no meaning (RFC 1123 §4.1.2.10). Every transcript comes
// to the same byte by byte.
func TestR048ScriptsByteByByte(t *testing.T) { playScripts(t, byteByByte) }

// R-048, S-32: every transcript comes to the same when commands are sent ahead.
func TestR048ScriptsAhead(t *testing.T) { playScripts(t, ahead) }

// pieces is a connection of which one byte comes and goes at a time.
type pieces struct{ *net.TCPConn }

func (c pieces) Read(p []byte) (int, error) { return c.TCPConn.Read(p[:min(len(p), 1)]) }

func (c pieces) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := c.TCPConn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

type piecesListener struct{ net.Listener }

func (l piecesListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return pieces{conn.(*net.TCPConn)}, nil
}

// servePieces makes the server listen where all connections are pieces, and gives
// the address.
func servePieces(t *testing.T, srv *ftptest.Server, implicit bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve := srv.Server.Serve
	if implicit {
		serve = srv.Server.ServeTLS
	}
	go serve(piecesListener{l})
	return l.Addr().String()
}

// playAhead plays the dialogue with as many lines in one write as a client may send
// without waiting: up to a handshake, to an action beside the dialogue, and to the
// end of a transfer, during which some commands are answered at once.
func (p *player) playAhead(lines []string, play func(i int)) {
	sent := 0
	for i, line := range lines {
		word, want, _ := strings.Cut(line, " ")
		switch {
		case word == "C:" && i >= sent:
			sent = p.sendAhead(lines, i)
		case word == "C:":
		default:
			play(i)
		}
		if word == "S:" {
			p.transferring = during(p.transferring, want)
		}
	}
}

// sendAhead sends the commands from line i on, and gives the line at which the client
// has to wait.
func (p *player) sendAhead(lines []string, i int) int {
	var batch strings.Builder
	for ; i < len(lines); i++ {
		switch word, rest, _ := strings.Cut(lines[i], " "); {
		case word == "C:":
			batch.WriteString(p.command(rest) + "\r\n")
			if p.transferring {
				p.write(batch.String())
				return i + 1
			}
		case word == "S:" && !strings.HasPrefix(rest, "1") && !strings.HasPrefix(rest, "234"), word == "", word == "#":
		default:
			p.write(batch.String())
			return i
		}
	}
	p.write(batch.String())
	return i
}

// during says whether a transfer runs behind a line of the server. The replies of
// the commands that are answered meanwhile do not end it.
func during(transfer bool, line string) bool {
	if strings.HasPrefix(line, "1") {
		return true
	}
	if len(line) < 4 || line[0] == ' ' || line[3] == '-' {
		return transfer
	}
	switch line[:3] {
	case "200", "211", "212", "213", "214", "501", "503":
		return transfer
	}
	return false
}
