package ftpclient_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// dataEnds are the ways in which the server can end the data of a download.
var dataEnds = []struct {
	name  string
	end   func(*ftptest.Stream)
	clean bool
}{
	{"close_notify and FIN", (*ftptest.Stream).End, true},
	{"close_notify", (*ftptest.Stream).CloseNotify, true},
	{"data after close_notify", func(d *ftptest.Stream) { d.CloseNotify(); d.SendClear("more of it\r\n"); d.FIN() }, true},
	{"FIN", (*ftptest.Stream).FIN, false},
	{"FIN in a record", func(d *ftptest.Stream) { d.SendClear("\x17\x03\x03\x40\x00half"); d.FIN() }, false},
	{"FIN in a header", func(d *ftptest.Stream) { d.SendClear("\x17\x03"); d.FIN() }, false},
	{"RST", (*ftptest.Stream).RST, false},
	{"alert", func(d *ftptest.Stream) { go d.Alert() }, false},
	{"clear text", func(d *ftptest.Stream) { d.SendClear("226 done\r\n") }, false},
	{"silence", func(*ftptest.Stream) {}, false},
}

// controlEnds are what comes, or does not come, on the control connection.
var controlEnds = []struct {
	name string
	end  func(*ftptest.Session)
	code ftp.Code // of a final reply
}{
	{"226", func(s *ftptest.Session) { s.Reply("226 done") }, 226},
	{"250", func(s *ftptest.Session) { s.Reply("250 done") }, 250},
	{"426", func(s *ftptest.Session) { s.Reply("426 cut") }, 426},
	{"451", func(s *ftptest.Session) { s.Reply("451 disk") }, 451},
	{"552", func(s *ftptest.Session) { s.Reply("552 full") }, 552},
	{"421", func(s *ftptest.Session) { s.Reply("421 bye") }, 421},
	{"150 only", func(s *ftptest.Session) { s.Reply("150 still at it"); s.Silence() }, 0},
	{"350", func(s *ftptest.Session) { s.Reply("350 and now?") }, 350},
	{"silence", func(s *ftptest.Session) { s.Silence() }, 0},
	{"FIN", func(s *ftptest.Session) { s.FIN(); s.Silence() }, 0},
	{"close_notify", func(s *ftptest.Session) { s.End(); s.Silence() }, 0},
	{"RST", func(s *ftptest.Session) { s.RST() }, 0},
	{"no reply", func(s *ftptest.Session) { s.Reply("done, I think"); s.Silence() }, 0},
}

// T-12, C-09: every end of the data with every end of the control connection. A
// download is whole with close_notify and a 2yz, and never else; the error says what
// was missing.
func TestAttackDownloadEnds_T12(t *testing.T) {
	for _, data := range dataEnds {
		for _, control := range controlEnds {
			t.Run(data.name+", "+control.name, func(t *testing.T) {
				loggedIn(t, func(s *ftptest.Session) {
					s.Login()
					d := s.Transfer("RETR /f")
					d.Send("the content")
					data.end(d)
					control.end(s)
				}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
					var got bytes.Buffer
					begin := time.Now()
					res, err := c.Retrieve(t.Context(), "/f", 0, &got)
					within(t, begin, ftpclient.DefaultTimeout+ftpclient.DefaultFinishTimeout)
					whole := data.clean && control.code.Class() == ftp.Completion
					switch {
					case whole && (err != nil || !res.CleanEnd || res.Bytes != 11 || res.Reply.Code != control.code):
						t.Errorf("%+v, %v", res, err)
					case !whole:
						wantKind(t, err)
						if code(err) != control.code && control.code.Class() > ftp.Completion {
							t.Errorf("no %d in %v", control.code, err)
						}
						if res.CleanEnd && !data.clean {
							t.Error("a clean end is told")
						}
					}
					if b := got.String(); len(b) > 11 || b != "the content"[:len(b)] || whole && len(b) != 11 {
						t.Errorf("got %q", b)
					}
				})
			})
		}
	}
}

// C-09: a download that is not the file that SIZE told, is not success; nor is one that
// the server has confirmed and then goes on with, or does not end.
func TestAttackDownload_C09(t *testing.T) {
	for _, tt := range []struct {
		name   string
		size   string
		offset int64
		play   func(*ftptest.Session, *ftptest.Stream)
		most   int64 // bytes that may be kept
		want   error
	}{
		{"short of SIZE", "213 12", 0, func(s *ftptest.Session, d *ftptest.Stream) { d.Send("the content"); d.End(); s.Reply("226 done") }, 11, ftpclient.ErrNotVerified},
		{"empty", "213 12", 0, func(s *ftptest.Session, d *ftptest.Stream) { d.End(); s.Reply("226 done") }, 0, ftpclient.ErrNotVerified},
		{"beyond SIZE", "213 10", 0, func(s *ftptest.Session, d *ftptest.Stream) { d.Send("the content"); d.End(); s.Reply("226 done") }, 10, ftpclient.ErrNotVerified},
		{"endless", "213 10", 0, func(s *ftptest.Session, d *ftptest.Stream) {
			if d.Flood("x", 64<<20) >= 64<<20 {
				s.Failf("the client read on")
			}
			s.Reply("426 you left")
		}, 10, ftpclient.ErrNotVerified},
		{"short of SIZE behind REST", "213 12", 4, func(s *ftptest.Session, d *ftptest.Stream) { d.Send("content"); d.End(); s.Reply("226 done") }, 7, ftpclient.ErrNotVerified},
		{"all of it, in spite of REST", "213 11", 4, func(s *ftptest.Session, d *ftptest.Stream) { d.Send("the content"); d.End(); s.Reply("226 done") }, 7, ftpclient.ErrNotVerified},
		{"226 early, then FIN", "213 11", 0, func(s *ftptest.Session, d *ftptest.Stream) { s.Reply("226 done"); d.Send("the content"); d.FIN() }, 11, ftpclient.ErrNotVerified},
		{"226 early, then RST", "213 11", 0, func(s *ftptest.Session, d *ftptest.Stream) { s.Reply("226 done"); d.Send("the con"); d.RST() }, 7, ftpclient.ErrNotVerified},
		{"226 early, then silence", "213 11", 0, func(s *ftptest.Session, d *ftptest.Stream) { s.Reply("226 done"); d.Send("the con"); d.Silence() }, 7, ftpclient.ErrNetwork},
		{"226 twice, the second for the next command", "213 12", 0, func(s *ftptest.Session, d *ftptest.Stream) {
			d.Send("the content")
			d.End()
			s.Reply("226 done", "200 ok")
		}, 11, ftpclient.ErrNotVerified},
	} {
		t.Run(tt.name, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) {
				s.Login("SIZE", "REST STREAM")
				s.Answer("SIZE /f", tt.size)
				s.EPSV()
				if tt.offset > 0 {
					s.Answer(fmt.Sprintf("REST %d", tt.offset), "350 go on")
				}
				s.Answer("RETR /f", "150 go")
				tt.play(s, s.Data())
			}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				var got bytes.Buffer
				_, err := c.Retrieve(t.Context(), "/f", tt.offset, &got)
				wantKind(t, err, tt.want)
				if int64(got.Len()) > tt.most {
					t.Errorf("%d bytes were kept, more than %d", got.Len(), tt.most)
				}
				survives(t, c)
			})
		})
	}
}
