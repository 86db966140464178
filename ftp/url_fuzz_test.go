package ftp_test

import (
	"strings"
	"testing"

	"github.com/sealane/sealane/ftp"
)

// C-17: whatever a URL holds, what is read from it can be said on a control connection,
// and its text form reads as the same again.
func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{"ftpes://anna@files.example/report.pdf", "ftps://a:b@[::1]:990/x%20y", "ftp://h", "ftpes://u%0d%0aX:p@h/", "ftpes://h/%00", "ftpes://h/a%2Fb;type=i",
		"ftpes://@h", "ftpes://h:0/", "ftpes://h:99999/", "ftpes:///x", "http://h/", "ftpes://u:p%40ss@h/%2A", "", "ftpes://h/../x", "ftpes://[fe80::1%25eth0]/",
		"ftp://::", "ftp://a:b:21/", "ftp://[fe80::1%25a%20b]/", "ftp://[::1%25a:b]/", "ftp://[v1.x]/", "ftp://[::%25\xe9]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ftp.ParseURL(s)
		if err != nil {
			return
		}
		for _, part := range []string{u.User, u.Password, u.Host, u.Port, u.Path} {
			if strings.ContainsAny(part, "\r\n\x00") {
				t.Errorf("%q gave %+v", s, u)
			}
		}
		again, err := ftp.ParseURL(u.String())
		if err != nil || again.Host != u.Host || again.Path != u.Path || again.User != u.User || again.Address() != u.Address() {
			t.Errorf("%q reads as %+v, and its form %q as %+v, %v", s, u, u.String(), again, err)
		}
	})
}
