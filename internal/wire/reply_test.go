package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/ftp"
)

// "xyz-" first, " " in between, "xyz " last. S-33: no name forges a line.
func TestAppendReply(t *testing.T) {
	for _, test := range []struct {
		reply ftp.Reply
		want  string
	}{
		{ftp.Replyf(226, "Done."), "226 Done.\r\n"},
		{ftp.Reply{Code: 221}, "221 \r\n"},
		{ftp.Reply{Code: 211, Lines: []string{"Extensions:", "SIZE", "End"}}, "211-Extensions:\r\n SIZE\r\n211 End\r\n"},
		{ftp.Replyf(257, "%s", "\"/a\r\n230 in\x00\""), "257 \"/a??230 in?\"\r\n"},
		{ftp.Replyf(257, "%s", "\"/\xff\""), "257 \"/\xff\xff\"\r\n"},
	} {
		if got := string(AppendReply(nil, test.reply)); got != test.want {
			t.Errorf("%v: got %q, want %q", test.reply, got, test.want)
		}
	}
}

// R-050, C-15: replies of several lines, and the limits that end bad ones.
func TestReadReply(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     ftp.Reply
		bad      bool
	}{
		{"one line", "220 Ready\r\n", ftp.Reply{Code: 220, Lines: []string{"Ready"}}, false},
		{"code alone", "220\r\n", ftp.Reply{Code: 220, Lines: []string{""}}, false},
		{"bare LF", "220 Ready\n", ftp.Reply{Code: 220, Lines: []string{"Ready"}}, false},
		{"many lines", "211-Ext:\r\n SIZE\r\n211 End\r\n", ftp.Reply{Code: 211, Lines: []string{"Ext:", "SIZE", "End"}}, false},
		{"code on each line", "220-a\r\n220-b\r\n220 c\r\n", ftp.Reply{Code: 220, Lines: []string{"a", "b", "c"}}, false},
		{"other code inside", "220-a\r\n230 b\r\n220 c\r\n", ftp.Reply{Code: 220, Lines: []string{"a", "230 b", "c"}}, false},
		{"only one space lost", "250-x\r\n  name\r\n250 End\r\n", ftp.Reply{Code: 250, Lines: []string{"x", " name", "End"}}, false},
		{"no digits", "hello\r\n", ftp.Reply{}, true},
		{"letters", "2xx ok\r\n", ftp.Reply{}, true},
		{"999", "999 ok\r\n", ftp.Reply{}, true},
		{"glued", "2200 ok\r\n", ftp.Reply{}, true},
		{"long line", "220 " + strings.Repeat("x", MaxReplyLine) + "\r\n", ftp.Reply{}, true},
		{"many lines without end", "220-a\r\n" + strings.Repeat(" b\r\n", MaxReplyLines+1), ftp.Reply{}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := feed(t, test.in).ReadReply()
			if test.bad != errors.Is(err, ErrBadReply) {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// C-04 and its like on the server: what came ahead of the handshake stops it.
func TestUpgradeRefusesPlaintext(t *testing.T) {
	c := feed(t, "234 go on\r\n230 logged in\r\n")
	if _, err := c.ReadReply(); err != nil {
		t.Fatal(err)
	}
	err := c.Upgrade(context.Background(), func(net.Conn) *tls.Conn {
		t.Error("a handshake was begun")
		return nil
	})
	if !errors.Is(err, ErrPlaintextBehindAuth) {
		t.Errorf("got %v", err)
	}
}

// FuzzReply reads back what AppendReply wrote: whatever a name holds, the reply
// stays one reply.
// F-15.
func FuzzReply(f *testing.F) {
	f.Add(226, "Done.")
	f.Add(257, "\"/a\r\n230 in\"")
	f.Add(250, "x\n y\n250 z")
	f.Fuzz(func(t *testing.T, code int, text string) {
		r := ftp.Reply{Code: ftp.Code(code), Lines: strings.Split(text, "\x01")}
		if !r.Code.Valid() || len(text) > 1000 || len(r.Lines) > 20 {
			return
		}
		c := feed(t, string(AppendReply(nil, r))+"226 next\r\n")
		got, err := c.ReadReply()
		if err != nil || got.Code != r.Code || len(got.Lines) != len(r.Lines) {
			t.Fatalf("wrote %q, read %q, %v", r, got, err)
		}
		if next, err := c.ReadReply(); err != nil || next.Text() != "next" {
			t.Fatalf("behind %q came %q, %v", r, next, err)
		}
	})
}

// F-15.
func FuzzReadReply(f *testing.F) {
	f.Add([]byte("211-a\r\n b\r\n211 c\r\n"))
	f.Add([]byte("220\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := feed(t, string(data))
		for {
			r, err := c.ReadReply()
			if err != nil {
				return
			}
			if !r.Code.Valid() || len(r.Lines) == 0 || strings.ContainsAny(r.Text(), "\x00") && !strings.Contains(string(data), "\x00") {
				t.Fatalf("read %q", r)
			}
		}
	})
}
