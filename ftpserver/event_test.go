package ftpserver_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/ftpserver"
)

// What a trail is made of: TLS facts, logins, transfers with offset and end, changes with
// both names and what was set, refusals, and what a session came to. No password is in
// any of it, wherever it was sent.
func TestEventsTell(t *testing.T) {
	t.Parallel()
	events := &eventLog{}
	srv := serveTree(t, map[string]string{"/a": "0123456789", "/b": "text"}, func(s *ftpserver.Server) { s.Observe = events.observe })
	c := connect(t, srv)
	c.login()
	c.do("CLNT Secret Sauce 1.0", "200")
	c.do("TYPE I", "200")
	c.do("REST 4", "350")
	if got, _ := c.retr("a"); got != "456789" {
		t.Fatalf("got %q", got)
	}
	c.stor("new", "twelve bytes")
	c.do("MKD dir", "257")
	c.do("RNFR b", "350")
	c.do("RNTO dir/c", "250")
	c.do("MFF Modify=20260102030405;UNIX.mode=0640; dir/c", "213")
	c.do("HASH new", "213")
	c.do("HASH none", "550")
	c.do("DELE dir/c", "250")
	c.do("DELE none", "550")
	c.do("MFMT 20260102030405 none", "550")
	c.do("hunter2", "500")
	c.do("PASS hunter2", "503")
	c.do("MODE B", "504")
	c.epsv()
	c.do("RETR none", "550")
	// An upload that is cut, and one that is aborted.
	addr := c.epsv()
	c.do("STOR cut", "150")
	s, tcp := c.secureData(addr)
	io.WriteString(s, "half")
	tcp.Close()
	c.expect("426")
	addr = c.epsv()
	c.do("STOR aborted", "150")
	s, _ = c.secureData(addr)
	io.WriteString(s, "half")
	c.do("ABOR", "426")
	c.expect("226")
	c.do("QUIT", "221")
	c.expectClosed()
	srv.Close()

	line := func(e ftpserver.Event) string {
		text := fmt.Sprintf("%s %s", e.Verb, e.Path)
		if e.To != "" {
			text += " to " + e.To
		}
		if e.Facts != "" {
			text += " set " + e.Facts
		}
		if f := e.Transfer; f != nil {
			text += fmt.Sprintf(" upload=%v ascii=%v offset=%d bytes=%d end=%s aborted=%v", f.Upload, f.ASCII, f.Offset, e.Bytes, f.End, f.Aborted)
		}
		if e.Reply != 0 {
			text += fmt.Sprintf(" %d", e.Reply)
		}
		if name, digest, ok := strings.Cut(e.Hash, ":"); ok && len(digest) == 64 {
			text += fmt.Sprintf(" %d %s:", e.Bytes, name)
		}
		return text
	}
	for kind, want := range map[ftpserver.EventKind][]string{
		ftpserver.EventTransfer: {
			"RETR /a upload=false ascii=false offset=4 bytes=6 end=close_notify aborted=false 226",
			"STOR /new upload=true ascii=false offset=0 bytes=12 end=close_notify aborted=false 226",
			"STOR /cut upload=true ascii=false offset=0 bytes=4 end=fin aborted=false 426",
			"STOR /aborted upload=true ascii=false offset=0 bytes=4 end=aborted aborted=true 426",
		},
		ftpserver.EventHash: {"HASH /new 213 12 SHA-256:"},
		ftpserver.EventChange: {
			"MKD /dir", "RNTO /b to /dir/c", "MFF /dir/c set UNIX.mode=0640;Modify=20260102030405;", "DELE /dir/c",
		},
		ftpserver.EventNotDone: {
			"HASH /none 550", "DELE /none 550", "MFMT /none 550", "  500", "PASS  503", "MODE  504", "RETR /none 550",
		},
	} {
		var got []string
		for _, e := range events.of(kind) {
			// How much of what is cut has arrived by then is not certain.
			if e.Transfer != nil && e.Transfer.End != ftpserver.EndCloseNotify {
				e.Bytes = 4
			}
			got = append(got, line(e))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", kind, d)
		}
	}
	for _, e := range events.of(ftpserver.EventTLS) {
		if h := e.Handshake; h == nil || h.Suite == "" || h.Group == "" || h.ServerName != c.tls.ServerName {
			t.Errorf("%+v", h)
		}
	}
	end := events.of(ftpserver.EventSessionEnd)
	if len(end) != 1 || end[0].Totals == nil {
		t.Fatalf("%+v", end)
	}
	got := *end[0].Totals
	if got.Transfers != 4 || got.Client != "Secret Sauce 1.0" || got.Sent != 6 || got.Received < 12 || got.Received > 20 || got.Commands < 20 {
		t.Errorf("%+v", got)
	}
	for _, e := range events.events {
		if strings.Contains(fmt.Sprintf("%+v", e), "hunter2") {
			t.Errorf("a password: %+v", e)
		}
	}
}
