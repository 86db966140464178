//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCurlFTPMethod moves and lists files with curl by each of its ways to get to a
// directory: CWD part by part, one CWD, and none. Names have spaces, which stand in CWD,
// LIST, RETR and STOR as they are.
func TestCurlFTPMethod(t *testing.T) {
	c := curl()
	c.need(t)
	s := serve(t)
	for _, l := range []link{{s, false, "1.3"}, {s, false, "1.2"}, {s, true, "1.3"}} {
		for _, method := range []string{"multicwd", "singlecwd", "nocwd"} {
			t.Run(l.String()+"/"+method, func(t *testing.T) {
				folder := filepath.Join("method "+method, "two words", "- c")
				for _, dir := range []string{folder, filepath.Join(folder, "sub dir")} {
					if err := os.MkdirAll(filepath.Join(l.dir, dir), 0o755); err != nil {
						t.Fatal(err)
					}
				}
				t.Cleanup(func() { os.RemoveAll(filepath.Join(l.dir, "method "+method)) })
				args := func(more ...string) []string {
					return append(curlArgs(l), append([]string{"--ftp-method", method}, more...)...)
				}
				for _, name := range []string{"plain.bin", "a b c.bin", " begins and ends ", "-la x", "[1]*?"} {
					source, back := filepath.Join(t.TempDir(), "source"), filepath.Join(t.TempDir(), "back")
					sample(t, source, 70*kib)
					remote := filepath.ToSlash(filepath.Join(folder, name))
					run(t, "curl", args("-T", source, curlURL(l, remote))...)
					want := sum(t, source)
					if got := sum(t, filepath.Join(l.dir, folder, name)); got != want {
						t.Errorf("%q: the server has %s, want %s", name, got, want)
					}
					run(t, "curl", args("-o", back, curlURL(l, remote))...)
					if got := sum(t, back); got != want {
						t.Errorf("%q: got %s, want %s", name, got, want)
					}
				}
				names := entries(t, filepath.Join(l.dir, folder))
				list := run(t, "curl", args("--list-only", curlURL(l, filepath.ToSlash(folder)+"/"))...)
				for _, name := range names {
					// With nocwd curl names the directory, and gets it back before each name.
					if !strings.Contains(list, name+"\n") && !strings.Contains(list, name+"\r\n") {
						t.Errorf("%q is not in the list of names:\n%s", name, list)
					}
				}
				if got := strings.Count(list, "\n"); got != len(names) {
					t.Errorf("%d names are listed, want %d:\n%s", got, len(names), list)
				}
				long := run(t, "curl", args(curlURL(l, filepath.ToSlash(folder)+"/"))...)
				if got := strings.Count(long, "\n"); got != len(names) {
					t.Errorf("%d lines are listed, want %d:\n%s", got, len(names), long)
				}
				talk, err := command(t, patience, nil, "", "curl", args("--verbose", "--stderr", "-", "--list-only", curlURL(l, filepath.ToSlash(folder)+"/"))...)
				if cwds := map[string]int{"multicwd": 3, "singlecwd": 1, "nocwd": 0}[method]; err != nil || strings.Count(talk, "> CWD ") != cwds {
					t.Errorf("%d times CWD, want %d: %v\n%s", strings.Count(talk, "> CWD "), cwds, err, talk)
				}
			})
		}
	}
}
