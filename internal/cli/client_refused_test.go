package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// That a server hashes nothing is a refusal, as the help of the command says.
func TestHashNotOffered(t *testing.T) {
	h := start(t, wicked{files: map[string]string{"/f": "x"}})
	code, out, errs := against(t.Context(), t, h, "hash", "URL/f")
	if code != exitRefused || out != "" || !strings.Contains(errs, "the server offers no hash of files\nhint: ") {
		t.Errorf("%d, %q, %q", code, out, errs)
	}
}

// takes is a server that takes uploads, and ends each as end wants it.
func takes(t *testing.T, end func(s *ftptest.Session, d *ftptest.Stream, nth int32)) *ftptest.Hostile {
	t.Helper()
	var uploads atomic.Int32
	h := ftptest.NewHostile(func(s *ftptest.Session) {
		s.Login("SIZE")
		for {
			line, ok := s.Line()
			if !ok {
				return
			}
			switch verb, _, _ := strings.Cut(line, " "); verb {
			case "EPSV":
				s.Reply(ftpEPSV(s.Listen()))
			case "SIZE":
				s.Reply("213 " + itoa(map[bool]int{true: len("content"), false: 3}[uploads.Load() > 1]))
			case "STOR":
				s.Reply("150 go on")
				end(s, s.Data(), uploads.Add(1))
			case "QUIT":
				s.Reply("221 bye")
			default:
				s.Reply("500 no")
			}
		}
	})
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func localFile(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("f", []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// C-10: an upload that the server has called done, with a part of it, is sent again by
// itself, and is no success when that is not allowed.
func TestPutConfirmedPart_C10(t *testing.T) {
	for retries, want := range map[string]int{"--retries=1": exitOK, "--retries=0": exitNotVerified} {
		h := takes(t, func(s *ftptest.Session, d *ftptest.Stream, _ int32) {
			_ = d.Drain()
			d.End()
			s.Reply("226 all of it")
		})
		localFile(t)
		code, out, errs := against(t.Context(), t, h, "put", retries, "f", "URL/f")
		if code != want || (want == exitOK) != strings.Contains(errs, "the server has 3 bytes, 7 were sent; trying again") {
			t.Errorf("%s: %d, %q, %q", retries, code, out, errs)
		}
	}
}

// What was refused does not become better by --resume; what was cut does.
func TestCanGoOn(t *testing.T) {
	refusal := func(code ftp.Code) error { return &ftp.Error{Command: "STOR", Reply: ftp.Replyf(code, "no")} }
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{refusal(550), false}, {refusal(552), false}, {refusal(553), false}, {refusal(452), false},
		{refusal(426), true}, {refusal(451), true}, {context.Canceled, true},
		{fmt.Errorf("%w: gone", ftpclient.ErrNetwork), true},
		{fmt.Errorf("%w: %w", ftpclient.ErrNotVerified, ftpclient.ErrTruncated), true},
		{fmt.Errorf("%w: the size differs", ftpclient.ErrNotVerified), true},
		{fmt.Errorf("%w: %w", ftpclient.ErrNotVerified, refusal(552)), false},
		{fmt.Errorf("%w: %w", ftpclient.ErrTLS, ftpclient.ErrNetwork), false},
		{errors.New("the disk is full"), false},
	} {
		if got := canGoOn(tt.err); got != tt.want {
			t.Errorf("%v: %v", tt.err, got)
		}
	}
	h := takes(t, func(s *ftptest.Session, d *ftptest.Stream, _ int32) {
		_ = d.Drain()
		d.End()
		s.Reply("552 the quota is used up")
	})
	localFile(t)
	code, _, errs := against(t.Context(), t, h, "put", "f", "URL/f")
	if code != exitRefused || strings.Contains(errs, "--resume") || !strings.Contains(errs, "make room") {
		t.Errorf("%d, %q", code, errs)
	}
}

// C-11, C-24: a pattern deletes nothing unless all listings that it needs are complete, and
// nothing by a name that leads elsewhere.
func TestRmPatternIncomplete_C24(t *testing.T) {
	for _, line := range []string{"no listing line at all", "type=file; ../b", "type=file; b/c"} {
		h := ftptest.NewHostile(func(s *ftptest.Session) {
			s.Login("MLST type*;")
			for {
				command, ok := s.Line()
				if !ok {
					return
				}
				switch verb, _, _ := strings.Cut(command, " "); verb {
				case "EPSV":
					s.Reply(ftpEPSV(s.Listen()))
				case "MLSD":
					wicked{}.data(s, "type=file; a\r\n"+line+"\r\n")
				case "QUIT":
					s.Reply("221 bye")
				default:
					t.Errorf("%q: the server was told %q", line, command)
					s.Reply("500 no")
				}
			}
		})
		code, out, errs := against(t.Context(), t, h, "rm", "-r", "--force", "URL/*")
		if code == exitOK || out != "" {
			t.Errorf("%q: %d, %q, %q", line, code, out, errs)
		}
		_ = h.Close()
	}
}
