//go:build interop

package interop

import (
	"strings"
	"testing"
)

func TestWget(t *testing.T) { suite(t, wget()) }

// wget downloads only.
func wget() client {
	get := func(t *testing.T, l link, remote, local string, more ...string) {
		args := []string{"--no-config", "--no-verbose", "--tries=1", "--timeout=60", "--ca-certificate=" + l.ca, "--no-hsts",
			"--user=" + user, "--password=" + l.password,
			// --secure-protocol names the lowest version only.
			"--ciphers=NORMAL:-VERS-ALL:+VERS-TLS" + l.version}
		if l.implicit {
			args = append(args, "--ftps-implicit")
		}
		url := strings.Replace(curlURL(l, remote), "ftp://", "ftps://", 1)
		run(t, "wget", append(append(args, more...), "-O", local, url)...)
	}
	return client{
		name: "wget", program: "wget", version: []string{"--version"}, implicit: true,
		get: func(t *testing.T, l link, remote, local string) { get(t, l, remote, local) },
		resumeGet: func(t *testing.T, l link, remote, local string) {
			get(t, l, remote, local, "-c")
		},
	}
}
