package ftpserver_test

import (
	"context"
	"testing"

	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
)

// slowHash is a tree in which a hash lasts until its context ends.
type slowHash struct {
	vfs.FS
	begun chan struct{}
}

func (s slowHash) Hash(ctx context.Context, _ vfs.Path, _ vfs.Hash, _, _ int64) ([]byte, error) {
	s.begun <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

// S-40: hashes end at ABOR and with their session, and an account has two at a time.
func TestHashIsBounded(t *testing.T) {
	t.Parallel()
	tree := slowHash{memfs.From(map[string]string{"f": "x"}), make(chan struct{})}
	srv := ftptest.NewServerFS(tree, nil)
	t.Cleanup(srv.Close)
	first, second, third := connect(t, srv).login(), connect(t, srv).login(), connect(t, srv).login()
	first.write("HASH f\r\n")
	<-tree.begun
	second.write("HASH f\r\n")
	<-tree.begun
	third.do("HASH f", "450")
	first.write("ABOR\r\n")
	first.expect("426")
	first.expect("226")
	third.write("HASH f\r\n")
	<-tree.begun
	third.write("ABOR\r\n")
	third.expect("426")
	third.expect("226")
	first.do("NOOP", "200")
}

// V-20, S-73: no command of SITE does what the account may not do.
func TestSiteHasNoMoreRights(t *testing.T) {
	t.Parallel()
	srv := ftptest.NewServerFS(layer.ReadOnly(memfs.From(map[string]string{"f": "x"})), nil)
	t.Cleanup(srv.Close)
	c := connect(t, srv).login()
	for _, line := range []string{"SITE COPY f g", "SITE MKDIR d", "SITE CHMOD 600 f", "SITE UTIME 202001020304 f", "SITE CHGRP 0 f", "MFCT 20200102030405 f", "MFF Modify=20200102030405; f"} {
		c.do(line, "550")
	}
	c.do("SITE CPFR f", "350")
	c.do("SITE CPTO g", "550")
}
