package ftpclient

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// partFile gives a file that holds content.
func partFile(t *testing.T, content string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "part"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
	return f
}

func held(t *testing.T, f *os.File) string {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// numbers is content in which no place looks like another.
func numbers(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strconv.Itoa(i) + ",")
	}
	return b.String()[:size]
}

// C-20: what is there already is compared before it is built on, in both
// directions; what is something else is replaced.
func TestResume_C20(t *testing.T) {
	whole := numbers(300_000)
	for _, tt := range []struct {
		name, part string
		offset     int // of a resumed download
	}{
		{"nothing there", "", 0},
		{"a little", whole[:100], 0},
		{"half", whole[:150_000], 150_000 - overlap},
		{"all", whole, len(whole) - overlap},
		{"other content", strings.Repeat("x", 150_000), 0},
		{"other content, short", "x", 0},
		{"longer", whole + "x", 0},
	} {
		for _, check := range []Check{CheckSize, CheckHash} {
			t.Run(tt.name, func(t *testing.T) {
				srv, c := started(t, map[string]string{"whole": whole, "part": tt.part}, Options{Check: check})
				f := partFile(t, tt.part)
				res, err := c.ResumeRetrieve(t.Context(), "/whole", f)
				if err != nil || held(t, f) != whole || !res.SizeAgrees || res.HashAgrees != (check == CheckHash) || res.Offset != int64(tt.offset) {
					t.Errorf("down: %+v, %v", res, err)
				}
				res, err = c.ResumeStore(t.Context(), "/part", strings.NewReader(whole))
				if err != nil || content(t, srv, "part") != whole || !res.SizeAgrees || res.HashAgrees != (check == CheckHash) {
					t.Errorf("up: %+v, %v", res, err)
				}
				if moved := int64(len(whole)) - res.Offset; res.Bytes != moved || strings.HasPrefix(whole, tt.part) && res.Offset != int64(len(tt.part)) {
					t.Errorf("up: %+v", res)
				}
			})
		}
	}
}

// The content differs where no tail is compared: the hash tells, and then all is
// moved again.
func TestResumeHashDiffers_C20(t *testing.T) {
	whole := numbers(300_000)
	part := "x" + whole[1:200_000]
	srv, c := started(t, map[string]string{"whole": whole, "part": part}, Options{Check: CheckHash})
	f := partFile(t, part)
	res, err := c.ResumeRetrieve(t.Context(), "/whole", f)
	if err != nil || held(t, f) != whole || !res.HashAgrees || res.Offset != 0 {
		t.Errorf("down: %+v, %v", res, err)
	}
	res, err = c.ResumeStore(t.Context(), "/part", strings.NewReader(whole))
	if err != nil || content(t, srv, "part") != whole || !res.HashAgrees || res.Offset != 0 {
		t.Errorf("up: %+v, %v", res, err)
	}
}

// C-20: REST is answered 350, but the data begin at 0: nothing of them gets into
// the file.
func TestRestartIgnored_C20(t *testing.T) {
	whole := numbers(100_000)
	part := whole[:80_000]
	s := serve(t, func(c *session) {
		c.login("SIZE", "REST STREAM")
		c.expect("SIZE /f")
		c.reply("213 100000")
		c.epsv()
		c.expect("REST " + strconv.Itoa(len(part)-overlap))
		c.reply("350 of course")
		c.expect("RETR /f")
		c.reply("150 from the beginning")
		d := c.accept()
		_, _ = io.WriteString(d, whole)
		d.end()
		c.reply("226 done")
		c.expect("SIZE /f")
		c.reply("213 100000")
		c.serveFile("/f", whole)
	})
	f := partFile(t, part)
	res, err := s.dial(s.options()).ResumeRetrieve(t.Context(), "/f", f)
	if err != nil || held(t, f) != whole || res.Offset != 0 || res.Bytes != 100_000 {
		t.Errorf("%+v, %v", res, err)
	}
}

// A server without REST gets the transfer from the beginning; one that fails
// otherwise is not asked again, and what came is kept.
func TestResumeRefused(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login("SIZE")
		c.expect("SIZE /f")
		c.reply("213 70000")
		c.epsv()
		c.expect("REST 4464")
		c.reply("502 no REST")
		c.expect("SIZE /f")
		c.reply("213 70000")
		c.serveFile("/f", numbers(70_000))
		c.expect("SIZE /f")
		c.reply("550 gone")
		c.epsv()
		c.expect("REST 4464")
		c.reply("350 ok")
		c.expect("RETR /f")
		c.reply("550 gone")
	})
	f := partFile(t, numbers(70_000))
	c := s.dial(s.options())
	if res, err := c.ResumeRetrieve(t.Context(), "/f", f); err != nil || res.Bytes != 70_000 {
		t.Errorf("%+v, %v", res, err)
	}
	_, err := c.ResumeRetrieve(t.Context(), "/f", f)
	wantCode(t, err, 550)
	if held(t, f) != numbers(70_000) {
		t.Error("the part is lost")
	}
}

// A drop box lets nothing be read: the size must do.
func TestResumeStoreUnreadable(t *testing.T) {
	whole := numbers(1000)
	var got []byte
	s := serve(t, func(c *session) {
		c.login("SIZE", "REST STREAM")
		c.expect("SIZE /f")
		c.reply("213 400")
		c.epsv()
		c.expect("RETR /f")
		c.reply("550 not for you")
		c.epsv()
		c.expect("REST 400")
		c.reply("350 ok")
		c.expect("STOR /f")
		c.reply("150 ok")
		d := c.accept()
		got, _ = io.ReadAll(d)
		d.end()
		c.reply("226 stored")
		c.expect("SIZE /f")
		c.reply("213 1000")
	})
	res, err := s.dial(s.options()).ResumeStore(t.Context(), "/f", strings.NewReader(whole))
	if err != nil || string(got) != whole[400:] || res.Offset != 400 {
		t.Errorf("%+v, %v", res, err)
	}
}

// A cut leaves what came in the file, and the next attempt goes on from there.
func TestResumeAfterCut(t *testing.T) {
	whole := numbers(200_000)
	s := serve(t, func(c *session) {
		c.login("SIZE")
		c.expect("SIZE /f")
		c.reply("213 200000")
		d := c.retr("/f")
		_, _ = io.WriteString(d, whole[:120_000])
		d.fin()
		c.reply("426 cut")
		c.expect("SIZE /f")
		c.reply("213 200000")
		c.epsv()
		c.expect("REST " + strconv.Itoa(120_000-overlap))
		c.reply("350 ok")
		c.expect("RETR /f")
		c.reply("150 ok")
		d = c.accept()
		_, _ = io.WriteString(d, whole[120_000-overlap:])
		d.end()
		c.reply("226 done")
	})
	c, f := s.dial(s.options()), partFile(t, "")
	_, err := c.ResumeRetrieve(t.Context(), "/f", f)
	wantError(t, err, ErrTruncated)
	if held(t, f) != whole[:120_000] {
		t.Error("the part is lost")
	}
	if res, err := c.ResumeRetrieve(t.Context(), "/f", f); err != nil || held(t, f) != whole || res.Bytes != 80_000+overlap {
		t.Errorf("%+v, %v", res, err)
	}
}

// An error of the local file ends the call, and does not start it over.
func TestResumeLocalFails(t *testing.T) {
	_, c := started(t, map[string]string{"f": numbers(1000)}, Options{})
	f := partFile(t, numbers(500))
	_ = f.Close()
	if _, err := c.ResumeRetrieve(t.Context(), "/f", f); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// The server of this module keeps an upload that broke off, where only the account
// that sent it sees its size. ResumeStore goes on from it.
func TestResumeStoreUnfinished(t *testing.T) {
	srv := ftptest.NewServerFS(memfs.New(memfs.KeepBytes(1<<20)), nil)
	t.Cleanup(srv.Close)
	c, err := Dial(t.Context(), urlOf(srv), Options{RootCAs: srv.Pool, Check: CheckHash})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	whole, broken := numbers(300_000), errors.New("cannot read")
	_, err = c.Store(t.Context(), "/f", 0, io.MultiReader(strings.NewReader(whole[:200_000]), errorReader{broken}))
	wantError(t, err, broken)
	there, err := c.Size(t.Context(), "/f")
	if err != nil { // the reset was faster than all of the data
		wantCode(t, err, 550)
	}
	res, err := c.ResumeStore(t.Context(), "/f", strings.NewReader(whole))
	if err != nil || content(t, srv, "f") != whole || !res.HashAgrees || res.Offset != there {
		t.Errorf("from %d: %+v, %v", there, res, err)
	}
}
