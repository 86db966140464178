package ftptest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

func Example() {
	srv := ftptest.NewServer(map[string]string{"/hello.txt": "Hello"}, nil)
	defer srv.Close()

	// What is under test gets the address, and the pool that trusts the server.
	ctx := context.Background()
	u, err := ftp.ParseURL("ftpes://" + srv.Addr)
	if err != nil {
		fmt.Println(err)
		return
	}
	u.User, u.Password, u.HasPassword = ftptest.User, ftptest.Password, true
	c, err := ftpclient.Dial(ctx, u, ftpclient.Options{RootCAs: srv.Pool})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, err = c.Retrieve(ctx, "/hello.txt", 0, os.Stdout)
	fmt.Println("", err)
	// Output: Hello <nil>
}

// A server that cuts a download with a bare FIN and calls it complete.
func ExampleNewHostile() {
	h := ftptest.NewHostile(func(s *ftptest.Session) {
		s.Login()
		d := s.Transfer("RETR /report.pdf")
		d.Send("half of it")
		d.FIN() // no close_notify
		s.Reply("226 all there")
	})

	// What is under test gets the address, and the pool that trusts the server.
	ctx := context.Background()
	c, err := ftpclient.Dial(ctx, h.URL(), ftpclient.Options{RootCAs: h.Pool})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Retrieve(ctx, "/report.pdf", 0, io.Discard)
	fmt.Println(errors.Is(err, ftpclient.ErrTruncated))

	// Close tells whether the client did what the script expected.
	c.Close()
	fmt.Println(h.Close())
	// Output:
	// true
	// <nil>
}

// A network that cuts the second connection, that of the data, in the middle of a file.
func ExampleProxy() {
	srv := ftptest.NewServer(map[string]string{"/report.pdf": strings.Repeat("x", 1<<20)}, nil)
	defer srv.Close()
	var proxy ftptest.Proxy
	defer proxy.Close()
	proxy.Set(ftptest.Fault{Conn: 1, Direction: ftptest.Down, At: 1 << 19, Do: ftptest.Cut})

	// What is under test gets the proxy's dialer; another program would get an address of Relay.
	ctx := context.Background()
	u, err := ftp.ParseURL("ftpes://" + ftptest.User + "@" + srv.Addr)
	if err != nil {
		fmt.Println(err)
		return
	}
	u.Password, u.HasPassword = ftptest.Password, true
	c, err := ftpclient.Dial(ctx, u, ftpclient.Options{RootCAs: srv.Pool, DialContext: proxy.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, err = c.Retrieve(ctx, "/report.pdf", 0, io.Discard)
	fmt.Println(errors.Is(err, ftpclient.ErrTruncated))
	fmt.Println(proxy.Passages()[1].Down == 1<<19)
	// Output:
	// true
	// true
}
