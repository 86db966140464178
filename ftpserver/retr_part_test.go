package ftpserver_test

import (
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"testing"
)

// 426 when the data connection ends before all of the file was sent, in whatever
// way the client ends it. Clients that fetch a file in pieces by REST and RETR (rclone
// --multi-thread-streams) do so at the end of each piece but the last; they know that
// they have what they wanted, and the server knows that it has not sent all. The session
// goes on, and the next piece is whole.
func TestR037RetrCutByClient(t *testing.T) {
	t.Parallel()
	const piece = 100_000
	big := pattern(32 << 20) // more than both kernels hold
	for name, end := range map[string]func(s *tls.Conn, tcp *net.TCPConn){
		"close_notify": func(s *tls.Conn, _ *net.TCPConn) { s.Close() },
		"FIN":          func(_ *tls.Conn, tcp *net.TCPConn) { tcp.Close() },
		"RST":          func(_ *tls.Conn, tcp *net.TCPConn) { tcp.SetLinger(0); tcp.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serveTree(t, map[string]string{"/big": big}, nil)
			c := connect(t, srv).login()
			get := func(from int) (*tls.Conn, *net.TCPConn) {
				addr := c.epsv()
				c.do("REST "+strconv.Itoa(from), "350")
				c.do("RETR big", "150")
				s, tcp := c.secureData(addr)
				got := make([]byte, piece)
				if _, err := io.ReadFull(s, got); string(got) != big[from:from+piece] || err != nil {
					t.Errorf("the piece at %d is another, %v", from, err)
				}
				return s, tcp
			}
			s, tcp := get(1000)
			end(s, tcp)
			c.expect("426")
			c.do("NOOP", "200")

			s, _ = get(len(big) - piece) // the last piece, of which nothing is left over
			if n, err := io.Copy(io.Discard, s); n != 0 || err != nil {
				t.Errorf("%d bytes behind the last piece, %v", n, err)
			}
			s.Close()
			c.expect("226")
		})
	}
}
