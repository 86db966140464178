package mirror_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// The second run has nothing to do.
func Example() {
	from, to := memfs.From(map[string]string{"a/b.txt": "hello"}), memfs.New()
	ctx, o := context.Background(), mirror.Options{}
	for range 2 {
		rep, err := mirror.Apply(ctx, from, to, mirror.Plan(ctx, from, to, o), o)
		fmt.Println(rep.Copied, rep.Made, rep.Bytes, err)
	}
	// Output:
	// 1 1 5 <nil>
	// 0 0 0 <nil>
}

// What would be done, without doing it.
func ExamplePlan() {
	from := memfs.From(map[string]string{"a.txt": "1", "b.tmp": "2"})
	to := memfs.From(map[string]string{"old.txt": "3", "b.tmp": "4"})
	o := mirror.Options{Delete: true, Exclude: []string{"**/*.tmp"}}
	for step, err := range mirror.Plan(context.Background(), from, to, o) {
		if err != nil {
			log.Fatal(err) // this directory is left alone; the walk would go on
		}
		fmt.Println(step)
	}
	// Output:
	// copy "/a.txt"
	// delete "/old.txt"
}

// A folder of a server, brought to a folder of this machine.
func ExampleApply() {
	srv := ftptest.NewServer(map[string]string{"out/may.csv": "1;2;3", "out/june.csv": "4;5;6"}, nil)
	defer srv.Close()
	u, err := ftp.ParseURL("ftpes://" + ftptest.User + "@" + srv.Addr + "/out")
	if err != nil {
		log.Fatal(err)
	}
	u.Password, u.HasPassword = ftptest.Password, true

	ctx := context.Background()
	o := mirror.Options{Parallel: 2}
	// One connection for each file, and one for listings.
	pool := ftpclient.NewPool(ftpclient.PoolOptions{Client: ftpclient.Options{RootCAs: srv.Pool}, Limit: o.Parallel + 1})
	defer pool.Close()
	from, err := ftpfs.New(ctx, pool, u, ftpfs.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer from.Close()
	dir, err := os.MkdirTemp("", "mirror")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	to, err := osfs.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer to.Close()

	rep, err := mirror.Apply(ctx, from, to, mirror.Plan(ctx, from, to, o), o)
	fmt.Println(rep.Copied, "files,", rep.Bytes, "bytes,", err)
	// Output: 2 files, 10 bytes, <nil>
}
