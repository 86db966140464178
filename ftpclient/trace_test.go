package ftpclient

import (
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// C-25: what is traced holds every line of the dialogue and no secret.
func TestTrace_C25(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		c.retr("/f").end()
		c.reply("226 done")
	})
	var mu sync.Mutex
	var kinds []TraceKind
	var said strings.Builder
	opt := s.options()
	opt.Trace = func(e TraceEvent) {
		mu.Lock()
		defer mu.Unlock()
		if e.Conn == "" {
			t.Error("no connection")
		}
		if !slices.Contains(kinds, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
		if e.Kind == TraceSent {
			said.WriteString(e.Command + "\n")
		}
	}
	c := s.dial(opt)
	if _, err := c.Retrieve(t.Context(), "/f", 0, io.Discard); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if text := said.String(); !strings.Contains(text, "PASS ****\n") || strings.Contains(text, "secret") || !strings.Contains(text, "PROT P\n") {
		t.Errorf("%s", text)
	}
	if !slices.Contains(kinds, TraceTLS) || !slices.Contains(kinds, TraceReceived) || !slices.Contains(kinds, TraceData) || kinds[0] != TraceConnected {
		t.Errorf("%v", kinds)
	}
}

func TestWithoutSecret_C25(t *testing.T) {
	for _, tt := range [][2]string{
		{"PASS|x", "PASS|****"}, {"pass|x y", "pass|****"}, {"ACCT|x", "ACCT|****"}, {"PASS x", "PASS|****"},
		{"SITE|PSWD old new", "SITE|****"}, {"site|cpwd|x", "site|****"}, {"SITE|CHMOD 644 f", "SITE|CHMOD 644 f"},
		{"RETR|PASS", "RETR|PASS"}, {"PWD", "PWD"}, {"USER|anna", "USER|anna"},
	} {
		got := withoutSecret(strings.Split(tt[0], "|"))
		if diff := cmp.Diff(strings.Split(tt[1], "|"), got); diff != "" {
			t.Errorf("%s: %s", tt[0], diff)
		}
	}
}
