package ftpserver_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// S-79: a disk that is full in mid-file. What was there stays as it is, the bytes
// that had come are given back, and a file that fits goes through after that.
//
func TestS79DiskFull(t *testing.T) {
	t.Parallel()
	tree := memfs.New(memfs.Limit(1 << 20))
	if err := vfstest.Fill(t.Context(), tree, map[string]string{"f": "old content"}); err != nil {
		t.Fatal(err)
	}
	free := func() int64 {
		sp, err := tree.Space(context.Background(), vfs.Path{})
		if err != nil {
			t.Error(err)
		}
		return sp.Free
	}
	srv := ftptest.NewServerFS(tree, inClear)
	t.Cleanup(srv.Close)
	c := connect(t, srv).loginClear()
	before, big := free(), pattern(2<<20)
	for _, commands := range [][]string{{"STOR new"}, {"STOR f"}, {"APPE f"}, {"APPE new"}, {"REST 5", "STOR f"}} {
		for _, command := range commands[:len(commands)-1] {
			c.do(command, "350")
		}
		if reply, _ := c.dataCommand(commands[len(commands)-1], big); !strings.HasPrefix(reply, "452") {
			t.Errorf("%q of too much: %q", commands, reply)
		}
		if got := treeOf(t, tree); !maps.Equal(got, map[string]string{"f": "old content"}) {
			t.Errorf("%q of too much: the tree has %d files, f %.40q", commands, len(got), got["f"])
		}
		if now := free(); now != before {
			t.Errorf("%q of too much: %d bytes are free, %d before", commands, now, before)
		}
		c.do("SIZE new", "550") // nothing is kept either
	}
	if reply, _ := c.dataCommand("STOR new", big[:1<<19]); !strings.HasPrefix(reply, "226") {
		t.Errorf("STOR of what fits: %q", reply)
	}
	wantFile(t, tree, "new", big[:1<<19])
}

// S-75: offsets that no file has, S-70: names that no file can have. Each has its
// reply, and changes nothing.
func TestS75Offsets(t *testing.T) {
	t.Parallel()
	files := map[string]string{"f": "0123456789"}
	srv := serveTree(t, files, inClear)
	c := connect(t, srv).loginClear()
	for _, offset := range []string{
		"-1", "+1", "", " 1", "1 ", "1e3", "0x10", "1.5", "18446744073709551616", "18446744073709551615", "9223372036854775808", "-9223372036854775808", "ten",
	} {
		c.do("REST "+offset, "501")
		if reply, data := c.dataCommand("RETR f", ""); !strings.HasPrefix(reply, "226") || data != files["f"] {
			t.Errorf("RETR after REST %q was refused: %q with %q", offset, reply, data)
		}
	}
	long := strings.Repeat("n", vfs.MaxName+1)
	for _, test := range []struct{ offset, command, code string }{
		{"11", "STOR f", "554"},
		{"11", "APPE f", "554"},
		{"11", "RETR f", "554"},
		{"9223372036854775807", "STOR f", "554"},
		{"9223372036854775807", "RETR f", "554"},
		{"1", "STOR none", "554"},
		{"1", "RETR none", "550"},
		{"1", "STOR none/f", "550"},
		{"1", "STOR " + long, "553"},
		{"0", "STOR " + long, "553"},
		{"0", "STOR " + long + "/f", "553"},
		{"0", "APPE " + long, "553"},
		{"0", "RETR " + long, "553"},
		{"0", "STOR " + strings.Repeat("d/", vfs.MaxPath/2) + "f", "5"},
	} {
		c.do("REST "+test.offset, "350")
		if reply, data := c.dataCommand(test.command, "upload"); !strings.HasPrefix(reply, test.code) || data != "" {
			t.Errorf("REST %s, %.40q: %q with %q, want %s", test.offset, test.command, reply, data, test.code)
		}
		c.do("NOOP", "200")
		if got := treeOf(t, srv.FS); !maps.Equal(got, files) {
			t.Errorf("REST %s, %.40q: the tree is %q", test.offset, test.command, got)
		}
	}
	for _, command := range []string{"MKD " + long, "RMD " + long, "DELE " + long, "SIZE " + long, "CWD " + long, "MLST " + long, "RNFR " + long} {
		c.do(command, "553")
	}
	c.do("RNFR f", "350")
	c.do("RNTO "+long, "553")
	if got := treeOf(t, srv.FS); !maps.Equal(got, files) {
		t.Errorf("at the end the tree is %q", got)
	}
}
