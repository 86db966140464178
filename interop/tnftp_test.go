//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"
)

// TestTnftp: tnftp, the command-line client of the BSDs, has no TLS. It talks to a server that was told
// by name to allow that.
func TestTnftp(t *testing.T) {
	c := tnftp()
	c.need(t)
	l := link{server: serve(t, "--insecure-plaintext")}
	t.Run("sizes", func(t *testing.T) { sizes(t, c, l, 0, 1, 64*kib, 5*mib) })
	rest(t, c, l)
}

func tnftp() client {
	return client{
		name: "tnftp", program: "tnftp",
		put: func(t *testing.T, l link, local, remote string) {
			tnftpRun(t, l, "put "+tnftpQuote(local)+" "+tnftpQuote(remote))
		},
		get: func(t *testing.T, l link, remote, local string) {
			tnftpRun(t, l, "get "+tnftpQuote(remote)+" "+tnftpQuote(local))
		},
		resumePut: func(t *testing.T, l link, local, remote string) {
			tnftpRun(t, l, fmt.Sprintf("restart %d", length(t, l.dir+"/"+remote)), "put "+tnftpQuote(local)+" "+tnftpQuote(remote))
		},
		resumeGet: func(t *testing.T, l link, remote, local string) {
			tnftpRun(t, l, "reget "+tnftpQuote(remote)+" "+tnftpQuote(local))
		},
		list:  func(t *testing.T, l link, dir string) string { return tnftpRun(t, l, "ls "+tnftpQuote(dir)) },
		facts: func(t *testing.T, l link, dir string) string { return tnftpRun(t, l, "mlsd "+tnftpQuote(dir)) },
		mkdir: func(t *testing.T, l link, dir string) { tnftpRun(t, l, "mkdir "+tnftpQuote(dir)) },
		rename: func(t *testing.T, l link, from, to string) {
			tnftpRun(t, l, "rename "+tnftpQuote(from)+" "+tnftpQuote(to))
		},
		remove: func(t *testing.T, l link, name string) { tnftpRun(t, l, "delete "+tnftpQuote(name)) },
		rmdir:  func(t *testing.T, l link, dir string) { tnftpRun(t, l, "rmdir "+tnftpQuote(dir)) },
	}
}

func tnftpRun(t *testing.T, l link, commands ...string) string {
	t.Helper()
	lines := append([]string{fmt.Sprintf("user %s %s", user, l.password), "binary"}, commands...)
	return runWith(t, nil, strings.Join(lines, "\n")+"\nquit\n", "tnftp", "-n", "-i", "-v", l.host, fmt.Sprint(l.port()))
}

// tnftpQuote makes one word of a name. Between quotes tnftp knows no escape, so
// every special byte gets a backslash of its own.
func tnftpQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, " ", `\ `, "!", `\!`, "$", `\$`).Replace(s)
}
