package ftpserver_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/vfs/memfs"
)

// loginModel is what a session should be: the few lines by which USER, PASS and REIN are
// judged beside the program.
type loginModel struct {
	named    string // by the USER just before
	account  string
	failures int
}

// step gives a command and the code with which it must be answered.
func (m *loginModel) step(r *rand.Rand) (line string, code int) {
	names := []string{"anna", "bob"}
	name := names[r.IntN(len(names))]
	named := m.named
	m.named = ""
	switch r.IntN(8) {
	case 0, 1:
		m.named, m.account = name, ""
		return "USER " + name, 331
	case 2, 3:
		switch {
		case named == "":
			return "PASS " + name, 503
		case m.failures == 1: // the third would end the session, and each takes time
			name = named
		}
		if name != named {
			m.failures++
			return "PASS " + name, 530
		}
		m.account = named
		return "PASS " + name, 230
	case 4:
		m.account = ""
		return "REIN", 220
	case 5:
		return "NOOP", 200
	case 6:
		if m.account == "" {
			return "PWD", 530
		}
		return "PWD", 257
	}
	switch m.account {
	case name:
		return "MLST /" + name, 250
	case "":
		return "MLST /" + name, 530
	}
	return "MLST /" + name, 550
}

// V-63, S-24: in whatever order and however fast USER, PASS, REIN and others come, in many
// sessions at once, nobody is anybody else, and nobody is somebody without a password.
func TestV63LoginsInAnyOrder(t *testing.T) {
	t.Parallel()
	trees := map[string]*memfs.FS{
		"anna": memfs.From(map[string]string{"/anna": ""}), "bob": memfs.From(map[string]string{"/bob": ""}),
	}
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		inClear(s)
		s.Limits.BadCommands, s.Limits.Sessions, s.Limits.SessionsPerAddress = 1000, 1000, 1000
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			for range len(c.User) { // so that others come between
				runtime.Gosched()
			}
			if trees[c.User] == nil || c.Password != c.User {
				return nil, auth.ErrDenied
			}
			return &auth.Grant{Account: c.User, FS: trees[c.User]}, nil
		}
	})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for round := range 10 {
				r := rand.New(rand.NewPCG(uint64(worker), uint64(round)))
				c := connect(t, srv).inGoroutine()
				c.expect("220")
				m := &loginModel{}
				var lines []string
				var codes []int
				for range 25 {
					line, code := m.step(r)
					lines, codes = append(lines, line), append(codes, code)
				}
				if round%2 == 0 {
					c.write(strings.Join(lines, "\r\n") + "\r\n") // all at once
				}
				for i, line := range lines {
					if round%2 == 1 {
						c.write(line + "\r\n")
					}
					reply, err := c.tryReply()
					if err != nil || !strings.HasPrefix(reply, fmt.Sprint(codes[i])) {
						t.Errorf("seed %d, %d: %s: %q, %v; want %d after %q", worker, round, line, reply, err, codes[i], slices.Clone(lines[:i]))
						break
					}
				}
				c.away()
			}
		})
	}
	all.Wait()
}
