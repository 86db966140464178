package ftpserver_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// faultStep is what a client does in one go: commands of which each but the last
// leads to the next.
type faultStep struct {
	commands []string // the last one with a data connection if data is set
	replies  []string
	data     bool
	upload   string
}

// faultSteps is one session with everything that touches the storage. Each step
// starts from what the one before has left.
func faultSteps(big string) []faultStep {
	one := func(command, reply string) faultStep {
		return faultStep{commands: []string{command}, replies: []string{reply}}
	}
	transfer := func(upload string, commands ...string) faultStep {
		replies := []string{"226"}
		if len(commands) > 1 {
			replies = []string{"350", "226"}
		}
		return faultStep{commands, replies, true, upload}
	}
	return []faultStep{
		transfer(big, "STOR new"), // more than one write
		transfer("", "RETR big"),
		transfer("", "REST 200000", "RETR big"),
		transfer("", "LIST d"),
		transfer("", "LIST old"),
		transfer("", "NLST d"),
		transfer("", "MLSD d"),
		one("MLST old", "250"),
		one("SIZE old", "213"),
		one("SIZE none", "550"),
		one("MDTM old", "213"),
		one("MFMT 20200102030405 old", "213"),
		{commands: []string{"RNFR old", "RNTO d/old"}, replies: []string{"350", "250"}},
		one("MKD d/sub", "257"),
		one("CWD d/sub", "250"),
		one("CDUP", "250"),
		one("RMD sub", "250"),
		one("CWD /", "250"),
		one("DELE big", "250"),
		transfer("KEPT", "REST 4", "STOR d/old"),
		transfer(", and more", "APPE new"),
		transfer("", "RETR new"),
	}
}

func faultTree(big string) map[string]string {
	return map[string]string{"old": "old content", "d/x": "1", "d/y": "2", "big": big}
}

// step runs a step and gives its last reply, and whether that is success.
func (c *rawClient) step(s faultStep) (reply, data string, done bool) {
	c.t.Helper()
	for i, command := range s.commands {
		if s.data && i == len(s.commands)-1 {
			reply, data = c.cutCommand(command, s.upload)
		} else {
			reply = c.do(command, "")
		}
		if !strings.HasPrefix(reply, s.replies[i]) {
			return reply, data, false
		}
	}
	return reply, data, true
}

// cutCommand is dataCommand for a server that may reset the data connection as
// soon as it is there.
func (c *rawClient) cutCommand(command, upload string) (reply, data string) {
	c.t.Helper()
	addr := c.epsv()
	if reply = c.do(command, ""); !strings.HasPrefix(reply, "150") {
		return reply, ""
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(hangLimit))
		io.WriteString(conn, upload)
		conn.(*net.TCPConn).CloseWrite()
		b, _ := io.ReadAll(conn)
		data = string(b)
	}
	reply, err := c.tryReply()
	if err != nil {
		c.fail("%.80q: %v", command, err)
	}
	return reply, data
}

// grants is a Login that gives every session the tree of the moment.
type grants struct {
	mu   sync.Mutex
	tree vfs.FS
}

func (g *grants) set(tree vfs.FS) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tree = tree
}

func (g *grants) login(context.Context, auth.Credentials) (*auth.Grant, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return &auth.Grant{Account: ftptest.User, FS: g.tree}, nil
}

// outcome is what a step has, without a fault.
type faultOutcome struct {
	data string
	tree map[string]string
}

// faultless runs the session without a fault and notes what each step has, and
// leaves; the first outcome is that before the first step.
func faultless(t *testing.T, srv *ftptest.Server, g *grants, big string) []faultOutcome {
	t.Helper()
	tree := memfs.From(faultTree(big))
	g.set(tree)
	c := connect(t, srv).loginClear()
	outcomes := []faultOutcome{{tree: treeOf(t, tree)}}
	for _, s := range faultSteps(big) {
		reply, data, done := c.step(s)
		if !done {
			t.Fatalf("%q without a fault: %q", s.commands, reply)
		}
		outcomes = append(outcomes, faultOutcome{data, treeOf(t, tree)})
	}
	return outcomes
}

func treeOf(t *testing.T, tree vfs.FS) map[string]string {
	t.Helper()
	files, err := vfstest.Tree(context.Background(), tree)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// differ names what is not the same in two trees.
func differ(want, got map[string]string) []string {
	var names []string
	for name, content := range want {
		if now, ok := got[name]; !ok || now != content {
			names = append(names, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// F-07, S-79: whichever call to the storage fails in a session, and in whatever
// way, the command that made it is answered in the right class, the tree is as it
// was before the command, nothing stays open, and the session goes on: the same
// command then works, and all that follow.
//
func TestF07EachFault(t *testing.T) {
	t.Parallel()
	big := pattern(300 << 10)
	for name, test := range map[string]struct {
		fault vfstest.Fault
		code  string
	}{
		"EIO":      {vfstest.Fault{Err: syscall.EIO, Short: true}, "451"},
		"EINTR":    {vfstest.Fault{Err: syscall.EINTR}, "451"},
		"no space": {vfstest.Fault{Err: vfs.ErrNoSpace, Short: true}, "452"},
		"quota":    {vfstest.Fault{Err: vfs.ErrQuota}, "552"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &grants{}
			srv := serveTree(t, nil, func(s *ftpserver.Server) { inClear(s); s.Login = g.login })
			want := faultless(t, srv, g, big)
			vfstest.EachFault(t, test.fault, func(t *testing.T, f *vfstest.Faults) {
				tree := memfs.New(memfs.Limit(diskSize))
				if err := vfstest.Fill(t.Context(), tree, faultTree(big)); err != nil {
					t.Fatal(err)
				}
				g.set(f.Around(tree))
				withFault(t, connect(t, srv).loginClear(), tree, f, test.code, want)
			})
		})
	}
}

func withFault(t *testing.T, c *rawClient, tree *memfs.FS, f *vfstest.Faults, code string, want []faultOutcome) {
	steps := faultSteps(want[0].tree["big"])
	for i, s := range steps {
		hit := f.Hit()
		reply, data, done := c.step(s)
		if f.Hit() == hit && !done {
			t.Fatalf("%q after %s: %q", s.commands, hit, reply)
		}
		if !done {
			if !strings.HasPrefix(reply, code) || strings.Contains(reply, "fail") {
				t.Errorf("%q as %s fails: %q, want %s", s.commands, f.Hit(), reply, code)
			}
			if d := differ(want[i].tree, treeOf(t, tree)); len(d) > 0 {
				t.Errorf("%q as %s fails: changed is %q", s.commands, f.Hit(), d)
			}
			if !strings.HasPrefix(want[i+1].data, data) {
				t.Errorf("%q as %s fails: %d bytes that are not there", s.commands, f.Hit(), len(data))
			}
			for name := range want[i+1].tree { // what the storage refused is not to be resumed
				if e, err := tree.Unfinished(t.Context(), vfsPath(t, name)); err == nil {
					t.Errorf("%q as %s fails: kept is an upload of %+v", s.commands, f.Hit(), e)
				}
			}
			wantAccounted(t, tree)
			c.do("NOOP", "200")
			if reply, data, done = c.step(s); !done {
				t.Fatalf("%q once more after %s failed: %q", s.commands, f.Hit(), reply)
			}
		}
		if len(data) != len(want[i+1].data) { // listings in no particular order
			t.Errorf("%q after %q: %d bytes, want %d", s.commands, f.Hit(), len(data), len(want[i+1].data))
		}
		if f.Hit() == hit && i < len(steps)-1 {
			continue
		}
		if d := differ(want[i+1].tree, treeOf(t, tree)); len(d) > 0 {
			t.Errorf("%q after %q: changed is %q", s.commands, f.Hit(), d)
		}
		if open := f.Open(); len(open) > 0 {
			t.Errorf("%q after %q: open is %q", s.commands, f.Hit(), open)
		}
	}
	wantAccounted(t, tree)
	c.do("QUIT", "221")
}

const diskSize = 64 << 20

// wantAccounted checks that nothing takes space but the files that are seen.
func wantAccounted(t *testing.T, tree vfs.FS) {
	t.Helper()
	sp, err := tree.Space(t.Context(), vfs.Path{})
	free := int64(diskSize)
	for _, content := range treeOf(t, tree) {
		free -= int64(len(content))
	}
	if err != nil || sp.Free != free {
		t.Errorf("%d bytes are free, %v; without the files there would be %d", sp.Free, err, free)
	}
}

func vfsPath(t *testing.T, name string) vfs.Path {
	t.Helper()
	p, err := vfs.Clean(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
