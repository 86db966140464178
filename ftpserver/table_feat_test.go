package ftpserver_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// featProof exercises what a FEAT line promises, in a session that is logged in
// over a tree that holds /a/b/f.
var featProof = map[string]func(c *strictClient, line string){
	"AUTH": func(*strictClient, string) {}, // this session came by it
	"PBSZ": func(c *strictClient, _ string) { c.must(200, "PBSZ 0") },
	"PROT": func(c *strictClient, _ string) { c.must(200, "PROT P") },
	"UTF8": func(c *strictClient, _ string) {
		c.must(200, "OPTS UTF8 ON")
		c.must(257, "MKD \u00e4\u6f22")
		c.must(250, "CWD /\u00e4\u6f22")
		if a := c.must(257, "PWD"); !strings.HasPrefix(a.lines[0], "\"/\u00e4\u6f22\"") {
			c.t.Errorf("UTF8: %v", a)
		}
	},
	"MODE": func(c *strictClient, _ string) {
		c.must(200, "MODE Z")
		c.must(200, "OPTS MODE Z LEVEL 9")
		c.must(200, "MODE S")
	},
	"EPSV": func(c *strictClient, _ string) { c.must(229, "EPSV") },
	"REST": func(c *strictClient, _ string) { c.must(350, "REST 1") },
	"TVFS": func(c *strictClient, _ string) {
		c.must(250, "CWD /a/./b/../../a//b")
		if a := c.must(257, "PWD"); !strings.HasPrefix(a.lines[0], `"/a/b"`) {
			c.t.Errorf("TVFS: %v", a)
		}
	},
	"MLST": proveFacts,
	"SIZE": func(c *strictClient, _ string) {
		c.must(200, "TYPE I")
		c.must(213, "SIZE /a/b/f")
	},
	"MDTM": func(c *strictClient, _ string) { c.must(213, "MDTM /a/b/f") },
	"MFMT": func(c *strictClient, _ string) {
		c.must(213, "MFMT 20200102030405 /a/b/f")
		if a := c.must(213, "MDTM /a/b/f"); a.lines[0] != "20200102030405" {
			c.t.Errorf("MFMT: %v", a)
		}
	},
	"MFF": func(c *strictClient, _ string) {
		c.must(213, "MFF Modify=20210102030405;UNIX.mode=0600; /a/b/f")
		if a := c.must(213, "MDTM /a/b/f"); a.lines[0] != "20210102030405" {
			c.t.Errorf("MFF: %v", a)
		}
	},
	"HASH": proveHashes,
	"RANG": func(c *strictClient, _ string) { c.must(350, "RANG 0 0") },
	"AVBL": func(c *strictClient, _ string) { c.must(213, "AVBL /a") },
	"LANG": func(c *strictClient, _ string) { c.must(200, "LANG en") },
	"CLNT": func(c *strictClient, _ string) { c.must(200, "CLNT test") },
	"CSID": func(c *strictClient, _ string) {
		if a := c.must(200, "CSID Name=test; Version=1;"); a.lines[0] != "Name=Sealane;" {
			c.t.Errorf("CSID: %v", a)
		}
	},
	"SITE": func(c *strictClient, line string) {
		for _, proof := range map[string][]string{
			"SITE CHMOD": {"SITE CHMOD 640 /a/b/f"}, "SITE UTIME": {"SITE UTIME 202001020304 /a/b/f"},
			"SITE MKDIR": {"SITE MKDIR /x/y/z", "NOOP"}, "SITE COPY": {"SITE CPFR /a/b/f", "SITE CPTO /a/g", "SITE COPY /a/g /a/h"},
		}[line] {
			if a := c.do(proof); a.code >= 400 {
				c.t.Errorf("%s: %v", proof, a)
			}
		}
	},
}

// proveHashes has a file hashed by each function of the line.
func proveHashes(c *strictClient, line string) {
	c.t.Helper()
	for name := range strings.SplitSeq(strings.TrimPrefix(line, "HASH "), ";") {
		name = strings.TrimSuffix(name, "*")
		c.must(200, "OPTS HASH "+name)
		if a := c.must(213, "HASH /a/b/f"); !strings.HasPrefix(a.lines[0], name+" 0-0 ") || !strings.HasSuffix(a.lines[0], " /a/b/f") {
			c.t.Errorf("%s: %v", name, a)
		}
	}
}

// proveFacts asks for each fact of the MLST line alone (RFC 3659 §7.8, §7.9).
func proveFacts(c *strictClient, line string) {
	c.t.Helper()
	for fact := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(line, "MLST "), ";"), ";") {
		name := strings.TrimSuffix(fact, "*")
		if a := c.must(200, "OPTS MLST "+name+";"); a.lines[0] != "MLST OPTS "+name+";" {
			c.t.Errorf("%s: %v", name, a)
		}
		a := c.must(250, "MLST /a/b/f")
		if len(a.lines) != 3 || !strings.HasPrefix(a.lines[1], name+"=") || !strings.HasSuffix(a.lines[1], "; /a/b/f") || strings.Count(a.lines[1], ";") != 1 {
			c.t.Errorf("%s: %v", name, a)
		}
	}
}

// each FEAT line is proven by use, the lines are those of the table,
// and they stay in order from call to call and from state to state.
//
func TestFeatures(t *testing.T) {
	tree := memfs.New(memfs.Limit(1 << 20)) // so that AVBL has an answer
	if err := vfstest.Fill(t.Context(), tree, map[string]string{"a/b/f": "f"}); err != nil {
		t.Fatal(err)
	}
	srv := ftptest.NewServerFS(owned{tree}, nil)
	t.Cleanup(srv.Close)
	c := dialStrict(t, srv.Addr)
	first := c.must(211, "FEAT")
	c.secure(srv)
	c.login()
	for range 5 {
		if again := c.must(211, "FEAT"); !slices.Equal(again.lines, first.lines) {
			t.Errorf("FEAT gave %v, before %v", again, first)
		}
	}
	lines := first.lines[1 : len(first.lines)-1]
	var want []string
	for _, info := range ftpserver.Commands() {
		if !info.Off {
			want = append(want, info.Features...)
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(lines))); diff != "" {
		t.Error(diff)
	}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, " ")
		prove := featProof[name]
		if prove == nil {
			t.Errorf("FEAT promises %q, and no test proves it", line)
			continue
		}
		prove(c, line)
	}
}

// owned is a tree whose entries belong to somebody.
type owned struct{ vfs.FS }

func (o owned) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	e, err := o.FS.Stat(ctx, p)
	e.Owner = vfs.Owner{UID: 12, GID: 4294967294, Known: true}
	return e, err
}
