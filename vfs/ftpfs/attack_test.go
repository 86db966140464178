package ftpfs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
)

var errGivenUp = errors.New("given up by the test")

// C-09: io.EOF comes for a download that is proven to be whole, and never else.
func TestDownloadEnds_C09(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(s *ftptest.Session, d *ftptest.Stream)
		want error // nil: whole
	}{
		"proper":             {func(s *ftptest.Session, d *ftptest.Stream) { d.Send("tent"); d.End(); s.Reply("226 done") }, nil},
		"FIN":                {func(s *ftptest.Session, d *ftptest.Stream) { d.Send("tent"); d.FIN(); s.Reply("226 done") }, ftpclient.ErrTruncated},
		"RST":                {func(s *ftptest.Session, d *ftptest.Stream) { d.RST(); s.Reply("226 done") }, ftpclient.ErrTruncated},
		"short of SIZE":      {func(s *ftptest.Session, d *ftptest.Stream) { d.End(); s.Reply("226 done") }, ftpclient.ErrNotVerified},
		"more than SIZE":     {func(s *ftptest.Session, d *ftptest.Stream) { d.Send("tents"); d.End(); s.Reply("226 done") }, ftpclient.ErrNotVerified},
		"226 early":          {func(s *ftptest.Session, d *ftptest.Stream) { s.Reply("226 done"); d.FIN() }, ftpclient.ErrTruncated},
		"226 never":          {func(s *ftptest.Session, d *ftptest.Stream) { d.Send("tent"); d.End(); s.Silence() }, ftpclient.ErrNetwork},
		"426":                {func(s *ftptest.Session, d *ftptest.Stream) { d.Send("tent"); d.End(); s.Reply("426 cut") }, ftpclient.ErrNotVerified},
		"451":                {func(s *ftptest.Session, d *ftptest.Stream) { d.End(); s.Reply("451 disk") }, ftpclient.ErrNotVerified},
		"silence":            {func(s *ftptest.Session, d *ftptest.Stream) { s.Silence() }, ftpclient.ErrNetwork},
		"the session is cut": {func(s *ftptest.Session, d *ftptest.Stream) { s.RST() }, ftpclient.ErrNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			p := &pretend{answer: map[string]func(*ftptest.Session, string){
				"MLST": facts(map[string]string{"/f": "type=file;size=7;modify=20260101000000;"}),
				"SIZE": says("213 7"),
				"RETR": func(s *ftptest.Session, _ string) {
					s.Reply("150 here")
					d := s.Data()
					d.Send("con")
					tt.end(s, d)
				},
			}}
			against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
				file, err := f.Open(t.Context(), path(t, "/f"))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(file)
				if tt.want == nil && (err != nil || string(got) != "content") || !errors.Is(err, tt.want) {
					t.Errorf("%q, %v; want %v", got, err, tt.want)
				}
				if _, again := file.Read(make([]byte, 1)); tt.want != nil && !errors.Is(again, tt.want) {
					t.Errorf("and then %v", again)
				}
				if err := file.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A file that has become another one since it was opened is not taken for the same.
func TestFileChanged(t *testing.T) {
	for _, content := range []string{"shorter", "this is longer"} {
		p := &pretend{features: []string{"MLST type*;size*;"}, answer: map[string]func(*ftptest.Session, string){
			"MLST": facts(map[string]string{"/f": "type=file;size=10;"}),
			"RETR": sends(content),
		}}
		against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
			file, err := f.Open(t.Context(), path(t, "/f"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = io.ReadAll(file); !errors.Is(err, vfs.ErrConflict) {
				t.Errorf("%q: %v", content, err)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// C-10: an upload that is not confirmed after its end is not committed.
func TestUploadEnds_C10(t *testing.T) {
	const small, large = 100, 16 << 20 // one fits into buffers, one does not
	for name, tt := range map[string]struct {
		size int
		end  func(s *ftptest.Session, d *ftptest.Stream)
		want error
	}{
		"226 before the last byte": {large, func(s *ftptest.Session, d *ftptest.Stream) { s.Reply("226 done") }, ftpclient.ErrNotVerified},
		"the data ended":           {large, func(s *ftptest.Session, d *ftptest.Stream) { d.End(); s.Silence() }, ftpclient.ErrNetwork},
		"552 half-way":             {large, func(s *ftptest.Session, d *ftptest.Stream) { s.Reply("552 full") }, vfs.ErrQuota},
		"452 half-way":             {large, func(s *ftptest.Session, d *ftptest.Stream) { s.Reply("452 full") }, vfs.ErrNoSpace},
		"RST":                      {large, func(s *ftptest.Session, d *ftptest.Stream) { d.RST(); s.Silence() }, ftpclient.ErrNetwork},
		"552 at the end":           {small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.Reply("552 full") }, vfs.ErrQuota},
		"no reply":                 {small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.Silence() }, ftpclient.ErrNetwork},
		"the session is cut":       {small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.RST() }, ftpclient.ErrNetwork},
		"another size":             {small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.Reply("226 done") }, ftpclient.ErrNotVerified},
	} {
		for _, temp := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", temp names: ", temp), func(t *testing.T) {
				var renamed atomic.Bool
				p := &pretend{answer: map[string]func(*ftptest.Session, string){
					"MLST": facts(map[string]string{"/": "type=dir;"}),
					"SIZE": says("213 99"),
					"DELE": says("550 no such name"),
					"RNFR": func(s *ftptest.Session, _ string) { renamed.Store(true); s.Reply("350 and?") },
					"STOR": func(s *ftptest.Session, _ string) {
						s.Reply("150 go on")
						tt.end(s, s.Data())
					},
				}}
				against(t, 2, ftpfs.Options{TempNames: temp}, p.script, func(t *testing.T, f *ftpfs.FS) {
					up, err := f.Create(t.Context(), path(t, "/f"), vfs.Create{})
					if err == nil {
						if _, err = up.Write(make([]byte, tt.size)); err == nil {
							_, err = up.Commit(t.Context())
						} else if aerr := up.Abort(err); aerr != nil {
							t.Error(aerr)
						}
					}
					if !errors.Is(err, tt.want) || renamed.Load() {
						t.Errorf("%v; want %v", err, tt.want)
					}
				})
			})
		}
	}
}

// C-11: no name leads anywhere else; the others are all there, and that some are not is
// told.
func TestListNames_C11(t *testing.T) {
	bad := []string{
		"..", ".", "../x", "/etc/passwd", "a/b", "a/../../b", "nul\x00byte", "cr\rx", strings.Repeat("n", 256), strings.Repeat("x/", 2000),
	}
	good := []string{"-rf", "~", "CON", "x:ads", "dot.", `C:\x`, `a\..\b`, " space", "plain"}
	var lines strings.Builder
	for _, name := range append(bad, good...) {
		lines.WriteString("type=file;size=1;modify=20260101000000; " + name + "\r\n")
	}
	p := &pretend{answer: map[string]func(*ftptest.Session, string){"MLSD": sends(lines.String())}}
	against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
		var got []string
		var last error
		for e, err := range f.List(t.Context(), vfs.Path{}, vfs.WantAll) {
			if last = err; err == nil {
				got = append(got, e.Name)
			}
		}
		if diff := cmp.Diff(good, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if !errors.Is(last, vfs.ErrBadName) || !strings.Contains(last.Error(), fmt.Sprint(len(bad))) {
			t.Errorf("the end was %v", last)
		}
	})
}

// A listing that is not whole ends with an error, behind what came.
func TestListIncomplete(t *testing.T) {
	for name, end := range map[string]func(s *ftptest.Session, d *ftptest.Stream){
		"FIN":          func(s *ftptest.Session, d *ftptest.Stream) { d.FIN(); s.Reply("226 done") },
		"426":          func(s *ftptest.Session, d *ftptest.Stream) { d.End(); s.Reply("426 cut") },
		"a line of it": func(s *ftptest.Session, d *ftptest.Stream) { d.Send("nonsense\r\n"); d.End(); s.Reply("226 done") },
		"silence":      func(s *ftptest.Session, d *ftptest.Stream) { s.Silence() },
	} {
		t.Run(name, func(t *testing.T) {
			p := &pretend{answer: map[string]func(*ftptest.Session, string){"MLSD": func(s *ftptest.Session, _ string) {
				s.Reply("150 here")
				d := s.Data()
				d.Send("type=file;size=1; a\r\ntype=dir; b\r\n")
				end(s, d)
			}}}
			against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
				count, last := 0, error(nil)
				for _, err := range f.List(t.Context(), vfs.Path{}, vfs.WantAll) {
					if last = err; err == nil {
						count++
					}
				}
				if count != 2 || last == nil {
					t.Errorf("%d entries, and then %v", count, last)
				}
			})
		})
	}
}

// A server that falls silent holds nobody who has a context, and no goroutine.
func TestSilence(t *testing.T) {
	hang := func(s *ftptest.Session, arg string) {
		if arg == "/silent" {
			s.Silence()
			return
		}
		s.Reply("150 go on")
		s.Data()
		s.Silence()
	}
	p := &pretend{answer: map[string]func(*ftptest.Session, string){
		"MLST": facts(map[string]string{"/f": "type=file;size=7;"}), "SIZE": says("213 7"), "RETR": hang, "STOR": hang, "MLSD": hang,
		"DELE": func(s *ftptest.Session, _ string) { s.Silence() },
	}}
	for name, use := range map[string]func(ctx context.Context, t *testing.T, f *ftpfs.FS) error{
		"Read": func(ctx context.Context, t *testing.T, f *ftpfs.FS) error {
			file, err := f.Open(ctx, path(t, "/f"))
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = file.Read(make([]byte, 1))
			return err
		},
		"Commit": func(ctx context.Context, t *testing.T, f *ftpfs.FS) error {
			up, err := f.Create(context.WithoutCancel(ctx), path(t, "/f"), vfs.Create{})
			if err != nil {
				return err
			}
			_, err = up.Commit(ctx)
			return err
		},
		"Write": func(ctx context.Context, t *testing.T, f *ftpfs.FS) error {
			up, err := f.Create(ctx, path(t, "/f"), vfs.Create{})
			if err != nil {
				return err
			}
			for err == nil {
				_, err = up.Write(make([]byte, 1<<20))
			}
			_ = up.Abort(vfs.ErrInterrupted)
			return err
		},
		"Create": func(ctx context.Context, t *testing.T, f *ftpfs.FS) error {
			_, err := f.Create(ctx, path(t, "/silent"), vfs.Create{})
			return err
		},
		"Abort": func(ctx context.Context, t *testing.T, f *ftpfs.FS) error {
			up, err := f.Create(context.WithoutCancel(ctx), path(t, "/gone"), vfs.Create{Exclusive: true})
			if err != nil {
				return err
			}
			synctest.Wait()             // for the server's part of the handshake
			return up.Abort(errGivenUp) // bounds itself
		},
		"List": func(ctx context.Context, t *testing.T, f *ftpfs.FS) (err error) {
			for _, err = range f.List(ctx, path(t, "/d"), vfs.WantAll) {
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			against(t, 3, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				begin := time.Now()
				if err := use(ctx, t, f); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v", err)
				}
				if took := time.Since(begin); took > 25*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// A large listing is given out while it comes; who has seen enough may leave.
func TestListStreams(t *testing.T) {
	var lines strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&lines, "type=file;size=1; %d\r\n", i)
	}
	p := &pretend{answer: map[string]func(*ftptest.Session, string){"MLSD": sends(lines.String()), "MKD": says("257 made")}}
	against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
		for _, most := range []int{1, 20_000, 50_000} {
			count := 0
			for _, err := range f.List(t.Context(), vfs.Path{}, vfs.WantAll) {
				if err != nil {
					t.Fatal(err)
				}
				if count++; count == most {
					break
				}
			}
			if want := min(most, 40_000); count != want {
				t.Errorf("%d entries, want %d", count, want)
			}
			if err := f.Mkdir(t.Context(), path(t, "/d")); err != nil {
				t.Errorf("after %d entries: %v", count, err)
			}
		}
	})
}
