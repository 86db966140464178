//go:build interop

package interop

import (
	"strconv"
	"testing"
)

// ftplib walks through all of its own methods, as its own tests do against a
// server that only pretends: what it asks, refuses and expects of replies must
// hold here, and each refusal must leave the session usable.
func TestPythonFtplibSession(t *testing.T) {
	ftplib().need(t)
	for _, version := range []string{"1.3", "1.2"} {
		t.Run("TLS"+version, func(t *testing.T) {
			s := serve(t)
			out := run(t, "python3", "testdata/ftplib_session.py", s.host, strconv.Itoa(s.explicit), version, s.ca, user, s.password)
			if out != "done\n" {
				t.Errorf("the session ended early: %q", out)
			}
			for _, left := range entries(t, s.dir) {
				if left != ".sealane" { // where uploads that broke off are kept
					t.Errorf("the session left %q", left)
				}
			}
		})
	}
}
