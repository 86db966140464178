package ftptest_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// both ends together keep the bytes of a name. The
// client lists what the tree holds, and what it lists it can get, rename and remove.
func TestNamesBothEnds(t *testing.T) {
	names := []string{
		" a", "a ", "  ", "a  b", "a\tb", `say "hi"`, `"`, `a" b`, "a\xffb", "\xff\xff", "\xff\xf4\xff\xf2", "\xe9", "\xc0\xaf", "\xed\xa0\x80", "\xc3",
		"\u00e9", "e\u0301", "\ufeffa", "a\u2028b", strings.Repeat("a", 255), strings.Repeat("ä", 127), "-la", "--", "#", "~", "20200101000000 f", "type=dir; x",
		"226 x", "250 End", "DELE f", `a\b`, "%s", "C:", "NUL", "...", "*", "[a]", "?", "\x1b[31m", "\x7f", "\x80\x9f", "; x", " -> x",
	}
	files := map[string]string{}
	for i, name := range names {
		files["/"+name] = fmt.Sprint(i)
	}
	srv := ftptest.NewServer(files, nil)
	defer srv.Close()
	ctx := context.Background()
	u, err := ftp.ParseURL("ftpes://" + srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	u.User, u.Password, u.HasPassword = ftptest.User, ftptest.Password, true
	c, err := ftpclient.Dial(ctx, u, ftpclient.Options{RootCAs: srv.Pool})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	var listed []string
	for e, err := range c.List(ctx, "/") {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := files["/"+e.Name]; !ok {
			t.Errorf("listed %q, which is not there", e.Name)
		}
		listed = append(listed, e.Name)
	}
	if len(listed) != len(files) {
		t.Errorf("listed %d of %d names", len(listed), len(files))
	}
	for _, name := range listed {
		var got bytes.Buffer
		if _, err := c.Retrieve(ctx, name, 0, &got); err != nil || got.String() != files["/"+name] {
			t.Errorf("%q: got %q, %v; want %q", name, &got, err, files["/"+name])
		}
		if n, err := c.Size(ctx, name); err != nil || n != int64(got.Len()) {
			t.Errorf("%q: size %d, %v", name, n, err)
		}
		if err := c.Rename(ctx, name, "plain"); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if err := c.Remove(ctx, "plain"); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if err := c.Mkdir(ctx, name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if err := c.Chdir(ctx, name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if at, err := c.Pwd(ctx); at != "/"+name || err != nil {
			t.Errorf("%q: the directory is %q, %v", name, at, err)
		}
		if _, err := c.Store(ctx, name, 0, strings.NewReader("x")); err != nil {
			t.Errorf("%q in itself: %v", name, err)
		}
		if err := c.Chdir(ctx, "/"); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if e, err := c.Stat(ctx, name+"/"+name); err != nil || e.Name != name || e.Size != 1 {
			t.Errorf("%q in itself: %+v, %v", name, e, err)
		}
	}
}
