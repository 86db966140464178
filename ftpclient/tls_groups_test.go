package ftpclient

import (
	"crypto/tls"
	"io"
	"slices"
	"testing"
)

// Once a server has shown that it resumes, data connections of a hybrid session
// offer no hybrid exchange of their own, and those of a server that knows neither
// a hybrid one nor X25519 only what it knows; not so where one that does not resume
// would be let in, or where the session could be hybrid on data alone.
func TestSharesOnData(t *testing.T) {
	for _, test := range []struct {
		name    string
		server  []tls.CurveID
		allow   bool
		want    []bool // whether the transfers offer a hybrid group
		version uint16
	}{
		{"hybrid", nil, false, []bool{true, false, false}, tls.VersionTLS13},
		{"hybrid, unresumed allowed", nil, true, []bool{true, true, true}, tls.VersionTLS13},
		{"not hybrid", []tls.CurveID{tls.X25519}, false, []bool{true, true, true}, tls.VersionTLS13},
		{"P-256", []tls.CurveID{tls.CurveP256}, false, []bool{true, false, false}, tls.VersionTLS13},
		{"P-256, unresumed allowed", []tls.CurveID{tls.CurveP256}, true, []bool{true, true, true}, tls.VersionTLS13},
		{"TLS 1.2", nil, false, []bool{true, true, true}, tls.VersionTLS12},
	} {
		t.Run(test.name, func(t *testing.T) {
			var offered []bool // written and read by one transfer after the other
			s := serve(t, func(c *session) {
				c.login()
				c.server.data = c.server.tls.Clone()
				c.server.data.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
					offered = append(offered, slices.Contains(hello.SupportedCurves, tls.X25519MLKEM768))
					return nil, nil
				}
				for range test.want {
					d := c.retr("/f")
					d.end()
					c.reply("226 done")
				}
			})
			s.tls.MaxVersion, s.tls.CurvePreferences = test.version, test.server
			opt := s.options()
			opt.AllowUnresumed = test.allow
			c := s.dial(opt)
			for range test.want {
				if res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard); err != nil || !res.Resumed {
					t.Fatalf("resumed %v, error %v", res.Resumed, err)
				}
			}
			if !slices.Equal(offered, test.want) {
				t.Errorf("hybrid offered: %v, want %v", offered, test.want)
			}
		})
	}
}
