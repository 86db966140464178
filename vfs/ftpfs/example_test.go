package ftpfs_test

import (
	"context"
	"fmt"
	"io"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
)

func Example() {
	srv := ftptest.NewServer(map[string]string{"reports/may.csv": "1;2;3"}, nil)
	defer srv.Close()
	u, err := ftp.ParseURL("ftpes://" + ftptest.User + "@" + srv.Addr + "/reports")
	if err != nil {
		fmt.Println(err)
		return
	}
	u.Password, u.HasPassword = ftptest.Password, true

	ctx := context.Background()
	pool := ftpclient.NewPool(ftpclient.PoolOptions{Client: ftpclient.Options{RootCAs: srv.Pool}})
	defer pool.Close()
	tree, err := ftpfs.New(ctx, pool, u, ftpfs.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tree.Close()

	p, err := vfs.Clean("/may.csv")
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := tree.Open(ctx, p)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	fmt.Println(string(b), err)
	// Output: 1;2;3 <nil>
}
