package ftpserver_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// a verb that the policy turns off is 502, and neither FEAT nor HELP
// speaks of it.
func TestVerbPolicy(t *testing.T) {
	t.Parallel()
	srv := ftptest.NewServer(map[string]string{"f": "x"}, func(s *ftpserver.Server) {
		s.Verbs.Off = []string{"dele", "SITE COPY", "MFMT"}
	})
	t.Cleanup(srv.Close)
	c := dialStrict(t, srv.Addr)
	c.secure(srv)
	c.login()
	for _, line := range []string{"DELE f", "DELE", "SITE COPY f g", "MFMT 20200102030405 f"} {
		if a := c.do(line); a.code != 502 {
			t.Errorf("%s: %v", line, a)
		}
	}
	if a := c.do("HELP DELE"); a.code != 501 {
		t.Errorf("HELP DELE: %v", a)
	}
	for _, command := range []string{"FEAT", "HELP", "SITE HELP"} {
		words := strings.Fields(strings.Join(c.do(command).lines, " "))
		for _, off := range []string{"DELE", "COPY", "MFMT"} {
			if slices.Contains(words, off) {
				t.Errorf("%s speaks of %s", command, off)
			}
		}
	}
	c.must(350, "SITE CPFR f")
}

// A policy that names what is not there, or can never be on, keeps the server from
// starting.
func TestVerbPolicyMistakes(t *testing.T) {
	for _, policy := range []ftpserver.VerbPolicy{{Off: []string{"EXEC"}}, {On: []string{"SITE EXEC"}}, {On: []string{"SMNT"}}} {
		s := &ftpserver.Server{Verbs: policy}
		s.Login = func(context.Context, auth.Credentials) (*auth.Grant, error) { return nil, auth.ErrDenied }
		s.TLS.InsecurePlaintext = true
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Serve(l); err == nil || !strings.Contains(err.Error(), "Server.Verbs") {
			t.Errorf("%+v: %v", policy, err)
		}
	}
}
