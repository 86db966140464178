package ftpfs_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/ftpfs"
)

// pretend is a server whose answers a test writes down by verb. It answers the EPSV of
// a transfer itself; what it has no answer for is 500.
type pretend struct {
	features []string
	answer   map[string]func(s *ftptest.Session, arg string)

	mu    sync.Mutex
	verbs []string // behind the logins
}

func (p *pretend) script(s *ftptest.Session) {
	features := p.features
	if len(features) == 0 {
		features = []string{"MLST type*;size*;modify*;perm*;unix.mode*;", "SIZE", "MDTM", "MFMT", "REST STREAM"}
	}
	s.Login(features...)
	for {
		line, ok := s.Line()
		if !ok {
			return
		}
		verb, arg, _ := strings.Cut(line, " ")
		p.mu.Lock()
		p.verbs = append(p.verbs, verb)
		p.mu.Unlock()
		answer := p.answer[verb]
		switch {
		case answer != nil:
			answer(s, arg)
		case verb == "EPSV":
			s.Reply(fmt.Sprintf("229 ok (|||%d|)", s.Listen()))
		case verb == "NOOP":
			s.Reply("200 ok")
		case verb == "PWD":
			s.Reply(`257 "/"`)
		default:
			s.Reply("500 no")
		}
	}
}

// said gives the verbs, sorted, without those of the data port.
func (p *pretend) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	verbs := slices.DeleteFunc(slices.Clone(p.verbs), func(v string) bool { return v == "EPSV" })
	slices.Sort(verbs)
	return strings.Join(verbs, " ")
}

// says answers with lines.
func says(lines ...string) func(*ftptest.Session, string) {
	return func(s *ftptest.Session, _ string) { s.Reply(lines...) }
}

// in turn gives one answer after the other; the last one again and again.
func inTurn(answers ...string) func(*ftptest.Session, string) {
	n := 0
	return func(s *ftptest.Session, _ string) {
		s.Reply(answers[min(n, len(answers)-1)])
		n++
	}
}

// sends is a download or listing that ends as it should.
func sends(text string) func(*ftptest.Session, string) {
	return func(s *ftptest.Session, _ string) {
		s.Reply("150 here")
		d := s.Data()
		d.Send(text)
		d.End()
		s.Reply("226 done")
	}
}

// takes is an upload that ends as it should.
func takes(s *ftptest.Session, _ string) {
	s.Reply("150 go on")
	d := s.Data()
	d.Drain()
	d.End()
	s.Reply("226 done")
}

// facts is an answer to MLST; names that are not in files are not there.
func facts(files map[string]string) func(*ftptest.Session, string) {
	return func(s *ftptest.Session, arg string) {
		if f, ok := files[arg]; ok {
			s.Reply("250-Facts", " "+f+" "+arg, "250 End")
			return
		}
		s.Reply("550 no such name")
	}
}

// against runs an FS against a script in a bubble: a goroutine that is left over, or
// waits for ever, fails the test. limit is how many connections the FS may have.
func against(t *testing.T, limit int, o ftpfs.Options, script ftptest.Script, do func(t *testing.T, f *ftpfs.FS)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := ftptest.NewHostileInMemory(script)
		pool := ftpclient.NewPool(ftpclient.PoolOptions{
			Client: ftpclient.Options{RootCAs: h.Pool, DialContext: h.DialContext}, Limit: limit,
		})
		f, err := ftpfs.New(t.Context(), pool, h.URL(), o)
		if err != nil {
			t.Fatal(err)
		}
		do(t, f)
		pool.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}
