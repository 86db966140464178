//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"
)

func TestLftp(t *testing.T) { suite(t, lftp()) }

func lftp() client {
	return client{
		name: "lftp", program: "lftp", version: []string{"--version"}, implicit: true, huge: true,
		put: func(t *testing.T, l link, local, remote string) {
			lftpRun(t, l, "put "+lftpQuote(local)+" -o "+lftpQuote("/"+remote))
		},
		get: func(t *testing.T, l link, remote, local string) {
			lftpRun(t, l, "get "+lftpQuote("/"+remote)+" -o "+lftpQuote(local))
		},
		resumePut: func(t *testing.T, l link, local, remote string) {
			lftpRun(t, l, "put -c "+lftpQuote(local)+" -o "+lftpQuote(remote))
		},
		resumeGet: func(t *testing.T, l link, remote, local string) {
			lftpRun(t, l, "get -c "+lftpQuote(remote)+" -o "+lftpQuote(local))
		},
		list: func(t *testing.T, l link, dir string) string {
			return lftpRun(t, l, "ls "+lftpQuote(dir))
		},
		facts: func(t *testing.T, l link, dir string) string {
			return lftpRun(t, l, "set ftp:use-mlsd yes; cls -1 "+lftpQuote(dir))
		},
		mkdir:  func(t *testing.T, l link, dir string) { lftpRun(t, l, "mkdir "+lftpQuote(dir)) },
		rename: func(t *testing.T, l link, from, to string) { lftpRun(t, l, "mv "+lftpQuote(from)+" "+lftpQuote(to)) },
		remove: func(t *testing.T, l link, name string) { lftpRun(t, l, "rm "+lftpQuote(name)) },
		rmdir:  func(t *testing.T, l link, dir string) { lftpRun(t, l, "rmdir "+lftpQuote(dir)) },
	}
}

// TestLftpMirror brings a tree up and back with several connections at once.
func TestLftpMirror(t *testing.T) {
	c := lftp()
	c.need(t)
	s := serve(t)
	l := link{s, false, "1.3"}
	up, down := t.TempDir(), t.TempDir()
	var names []string
	for i := range 12 {
		name := fmt.Sprintf("file %02d", i)
		sample(t, up+"/"+name, int64(i)*50*kib)
		names = append(names, name)
	}
	lftpRun(t, l, "mirror -R --parallel=4 "+lftpQuote(up)+" /tree; mirror --parallel=4 /tree "+lftpQuote(down))
	for _, name := range names {
		want := sum(t, up+"/"+name)
		if got := sum(t, s.dir+"/tree/"+name); got != want {
			t.Errorf("%s on the server: %s, want %s", name, got, want)
		}
		if got := sum(t, down+"/"+name); got != want {
			t.Errorf("%s brought back: %s, want %s", name, got, want)
		}
	}
}

func lftpRun(t *testing.T, l link, commands string) string {
	t.Helper()
	return run(t, "lftp", lftpArgs(l, commands)...)
}

func lftpArgs(l link, commands string) []string {
	scheme := "ftp"
	if l.implicit {
		scheme = "ftps"
	}
	settings := []string{
		"set cmd:fail-exit yes", "set net:max-retries 1", "set net:timeout 60", "set net:reconnect-interval-base 1",
		"set ftp:ssl-force yes", "set ftp:ssl-protect-data yes", "set ftp:ssl-protect-list yes",
		"set ssl:verify-certificate yes", "set ssl:ca-file " + lftpQuote(l.ca),
		"set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS" + l.version,
		fmt.Sprintf("open -u %s,%s %s://%s", user, l.password, scheme, l.address()),
		commands,
	}
	return []string{"--norc", "-c", strings.Join(settings, "; ")}
}

// lftpQuote makes one word of a name.
func lftpQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
