package ftpclient_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

// A download that is reported as done only if it is proven to be whole.
func ExampleClient_Retrieve() {
	download := func(ctx context.Context, address, local string) error {
		u, err := ftp.ParseURL(address)
		if err != nil {
			return err
		}
		c, err := ftpclient.Dial(ctx, u, ftpclient.Options{Timeout: 5 * time.Second})
		if err != nil {
			return err
		}
		defer c.Close()
		f, err := os.Create(local)
		if err != nil {
			return err
		}
		_, err = c.Retrieve(ctx, u.Path, 0, f)
		return errors.Join(err, f.Close())
	}

	// Port 1 of this machine: nobody is there.
	err := download(context.Background(), "ftpes://anna:secret@127.0.0.1:1/report.pdf", os.DevNull)
	fmt.Println(errors.Is(err, ftpclient.ErrNetwork))
	// Output: true
}
