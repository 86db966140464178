//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLftpDeflate moves files with lftp in MODE Z (draft-preston-ftpext-deflate-04),
// both ways, and lists them.
func TestLftpDeflate(t *testing.T) {
	c := lftp()
	c.need(t)
	config := filepath.Join(t.TempDir(), "sealane.toml")
	if err := os.WriteFile(config, []byte("data.compression = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "--config", config)
	deflate := func(commands string) string { return "set ftp:use-mode-z yes; " + commands }
	for _, l := range []link{{s, false, "1.3"}, {s, false, "1.2"}, {s, true, "1.3"}} {
		t.Run(l.String(), func(t *testing.T) {
			z := c
			z.put = func(t *testing.T, l link, local, remote string) {
				lftpRun(t, l, deflate("put "+lftpQuote(local)+" -o "+lftpQuote("/"+remote)))
			}
			z.get = func(t *testing.T, l link, remote, local string) {
				lftpRun(t, l, deflate("get "+lftpQuote("/"+remote)+" -o "+lftpQuote(local)))
			}
			z.resumePut = func(t *testing.T, l link, local, remote string) {
				lftpRun(t, l, deflate("put -c "+lftpQuote(local)+" -o "+lftpQuote(remote)))
			}
			z.resumeGet = func(t *testing.T, l link, remote, local string) {
				lftpRun(t, l, deflate("get -c "+lftpQuote(remote)+" -o "+lftpQuote(local)))
			}
			z.list = func(t *testing.T, l link, dir string) string {
				return lftpRun(t, l, deflate("ls "+lftpQuote(dir)))
			}
			z.facts = func(t *testing.T, l link, dir string) string {
				return lftpRun(t, l, deflate("set ftp:use-mlsd yes; cls -1 "+lftpQuote(dir)))
			}
			sizes(t, z, l, 0, 1, 8*mib) // of random bytes
			t.Run("zeros", func(t *testing.T) { zeros(t, z, l, 8*mib) })
			t.Run("resume", func(t *testing.T) { resume(t, z, l) })
			t.Run("listings", func(t *testing.T) { listings(t, z, l) })
			t.Run("used", func(t *testing.T) {
				// All of the above would pass without compression, too.
				talk := lftpRun(t, l, "debug -o /dev/stdout 5; "+deflate("cls -1 /"))
				if !strings.Contains(talk, "---> MODE Z") || !strings.Contains(talk, "<--- 200 Mode set to deflate.") {
					t.Errorf("lftp did not use MODE Z:\n%s", talk)
				}
			})
		})
	}
}

// zeros moves a file that compresses a thousand to one.
func zeros(t *testing.T, c client, l link, size int64) {
	dir := t.TempDir()
	source, back := filepath.Join(dir, "source"), filepath.Join(dir, "back")
	if err := os.WriteFile(source, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	want := sum(t, source)
	remote := filepath.Join(l.dir, "zeros.bin")
	t.Cleanup(func() { os.Remove(remote) })
	c.put(t, l, source, "zeros.bin")
	if got := sum(t, remote); got != want {
		t.Errorf("the server has %s, want %s", got, want)
	}
	c.get(t, l, "zeros.bin", back)
	if got := sum(t, back); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
