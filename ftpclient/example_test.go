package ftpclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// server starts a server to try things on, and gives its URL and what to dial it
// with.
func server(files map[string]string) (*ftptest.Server, ftp.URL, ftpclient.Options) {
	srv := ftptest.NewServer(files, nil)
	u, err := ftp.ParseURL("ftpes://" + ftptest.User + "@" + srv.Addr + "/")
	if err != nil {
		log.Fatal(err)
	}
	u.Password = ftptest.Password
	return srv, u, ftpclient.Options{RootCAs: srv.Pool}
}

func ExampleDial() {
	srv, u, opt := server(nil)
	defer srv.Close()

	ctx := context.Background()
	c, err := ftpclient.Dial(ctx, u, opt)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("under TLS:", c.TLS() != nil)
	fmt.Println("resumable:", c.HasFeature("REST"))
	if err := c.Quit(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// under TLS: true
	// resumable: true
}

// A download that is reported as done only if it is proven to be whole.
func ExampleClient_Retrieve() {
	srv, u, opt := server(map[string]string{"report.txt": "all is well"})
	defer srv.Close()

	opt.Check = ftpclient.CheckHash
	ctx := context.Background()
	c, err := ftpclient.Dial(ctx, u, opt)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	var report bytes.Buffer
	res, err := c.Retrieve(ctx, "/report.txt", 0, &report)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.String())
	fmt.Println("end marked:", res.CleanEnd)
	fmt.Println("confirmed:", res.Reply.Code)
	fmt.Println("size agrees:", res.SizeAgrees)
	fmt.Println("hash agrees:", res.HashAgrees, res.Sum.Hash)
	// Output:
	// all is well
	// end marked: true
	// confirmed: 226
	// size agrees: true
	// hash agrees: true SHA-256
}

// An upload that goes on where an earlier one has stopped.
func ExampleClient_ResumeStore() {
	srv, u, opt := server(map[string]string{"letter.txt": "Dear An"})
	defer srv.Close()

	ctx := context.Background()
	c, err := ftpclient.Dial(ctx, u, opt)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	res, err := c.ResumeStore(ctx, "/letter.txt", strings.NewReader("Dear Anna"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("sent %d bytes from byte %d on; the file has %d\n", res.Bytes, res.Offset, res.Size)
	// Output: sent 2 bytes from byte 7 on; the file has 9
}

func ExampleClient_List() {
	srv, u, opt := server(map[string]string{"a.txt": "1", "b/c.txt": "22"})
	defer srv.Close()

	ctx := context.Background()
	c, err := ftpclient.Dial(ctx, u, opt)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	var names []string
	for e, err := range c.List(ctx, "/") {
		if err != nil {
			log.Fatal(err) // the listing is not complete
		}
		if e.IsDir() {
			e.Name += "/"
		}
		names = append(names, e.Name)
	}
	slices.Sort(names)
	fmt.Println(names)
	// Output: [a.txt b/]
}

// A pool goes on after failures: it dials again, and resumes what has begun.
func ExamplePool_Retrieve() {
	srv, u, opt := server(map[string]string{"report.txt": "all is well"})
	defer srv.Close()

	pool := ftpclient.NewPool(ftpclient.PoolOptions{Client: opt, Limit: 2})
	defer pool.Close()
	f, err := os.Create(filepath.Join(os.TempDir(), "sealane-example.part"))
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(f.Name())
	u.Path = "/report.txt"
	_, err = pool.Retrieve(context.Background(), u, f)
	if err = errors.Join(err, f.Close()); err != nil {
		log.Fatal(err)
	}
	got, err := os.ReadFile(f.Name())
	fmt.Println(string(got), err)
	// Output: all is well <nil>
}

// What went wrong can be told apart.
func ExampleTemporary() {
	u := ftp.URL{User: "anna", Password: "secret", Host: "127.0.0.1", Port: "1"} // nobody is there
	_, err := ftpclient.Dial(context.Background(), u, ftpclient.Options{Timeout: 5 * time.Second})
	fmt.Println(errors.Is(err, ftpclient.ErrNetwork), ftpclient.Temporary(err))
	// Output: true true
}
