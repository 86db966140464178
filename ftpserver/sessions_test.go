package ftpserver_test

import (
	"strings"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

func onlySession(t *testing.T, s *ftpserver.Server) ftpserver.SessionInfo {
	t.Helper()
	list := s.Sessions()
	if len(list) != 1 {
		t.Fatalf("%d sessions", len(list))
	}
	return list[0]
}

// What a session does can be seen from outside, and who it is.
func TestSessions(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, map[string]string{"f": "12345"}, nil)
	if list := srv.Server.Sessions(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	c := connect(t, srv)
	c.authTLS()
	c.do("CLNT lftp\x1b[31m"+strings.Repeat("x", 200), "200")
	i := onlySession(t, srv.Server)
	if i.Account != "" || i.TLS != "TLS 1.3" || i.Remote.String() != c.tcp.LocalAddr().String() || len(i.Client) != 128 || i.Verb != "" {
		t.Errorf("before login: %+v", i)
	}
	c.do("PBSZ 0", "200")
	c.do("PROT P", "200")
	c.userPass()
	addr := c.epsv()
	c.do("STOR up", "150")
	s, tcp := c.secureData(addr)
	if _, err := s.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if i := onlySession(t, srv.Server); i.Account != ftptest.User || i.Verb != "STOR" || i.Path != "/up" || i.Up != 0 {
		t.Errorf("during an upload: %+v", i)
	}
	if err := endUpload(s, tcp); err != nil {
		t.Fatal(err)
	}
	c.expect("226")
	c.retr("f")
	if i := onlySession(t, srv.Server); i.Verb != "" || i.Path != "" || i.Up != 1<<20 || i.Down != 5 || i.Moved != 0 {
		t.Errorf("after it: %+v", i)
	}
	c.do("REIN", "220")
	if i := onlySession(t, srv.Server); i.Account != "" {
		t.Errorf("after REIN: %+v", i)
	}
}

// A session that is kicked is told so, idle or in the midst of a transfer, of which it
// keeps what a broken one keeps.
func TestKick(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, nil)
	if srv.Server.Kick("none") {
		t.Error("there is nobody to kick")
	}
	c := connect(t, srv).login()
	if !srv.Server.Kick(onlySession(t, srv.Server).ID) {
		t.Fatal("not found")
	}
	c.expect("421 The administrator has ended this session.")
	c.expectClosed()

	d := connect(t, srv).login()
	addr := d.epsv()
	d.do("STOR up", "150")
	s, _ := d.secureData(addr)
	if _, err := s.Write(make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	for _, i := range srv.Server.Sessions() {
		srv.Server.Kick(i.ID)
	}
	d.expect("426 Transfer aborted by the administrator.")
	d.expect("421")
	d.expectClosed()
	if tree, err := vfstest.Tree(t.Context(), srv.FS); err != nil || len(tree) > 0 {
		t.Errorf("%v, %v", tree, err)
	}
}

// New sessions are turned away while those that are there go on, also by a Server that succeeds.
func TestTurnAway(t *testing.T) {
	t.Parallel()
	d := found(t, nil)
	d.srv.FS = memfs.From(map[string]string{"f": "x"})
	c := connect(t, d.srv).login()
	d.now.TurnAway(true)
	connect(t, d.srv).expect("421")
	d.succeed(nil)
	connect(t, d.srv).expect("421")
	c.retr("f")
	d.now.TurnAway(false)
	connect(t, d.srv).login()
}
