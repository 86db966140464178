package ftptest_test

import (
	"context"
	"fmt"
	"os"

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
