//go:build interop && linux

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// F-23: a server that listens on all addresses serves clients by IPv4 (v4-mapped, on
// a socket of both families) and IPv6, also by a link-local address with its zone,
// and by the one family alone that it listens on; by EPSV and, where there is such
// an address, by PASV; and all of it over links whose packets are as small as IPv6
// lets them be (RFC 8200 §5).
func TestF23Families(t *testing.T) {
	needNamespaces(t)
	c := curl()
	c.need(t)
	four, six := ipv4(), ipv6()
	l := newLAN(t, four, 1)
	for _, end := range [][4]string{{l.server, "client0", six.host, fmt.Sprintf(six.client, 1)}, {l.clients[0], "server", fmt.Sprintf(six.client, 1), six.host}} {
		run(t, "ip", "-n", end[0], "address", "add", end[2], "peer", end[3], "dev", end[1], "nodad")
		run(t, "ip", "-n", end[0], "route", "replace", end[3], "dev", end[1])
	}
	local := linkLocal(t, l.server, "client0")
	for _, namespace := range []string{l.server, l.clients[0]} {
		// Until the kernel knows that nobody else has them, it takes another source
		// address for a control connection than, a moment later, for data.
		within(t, 20*time.Second, func() error {
			if out := run(t, "ip", "-n", namespace, "-6", "address", "show", "tentative"); out != "" {
				return fmt.Errorf("addresses are tentative:\n%s", out)
			}
			return nil
		})
	}
	everywhere := []struct{ name, host string }{
		{"IPv4", four.host}, {"IPv6", "[" + six.host + "]"}, {"link-local", "[" + local + "%25server]"},
	}
	for _, mtu := range []string{"1500", "1280"} {
		run(t, "ip", "-n", l.server, "link", "set", "client0", "mtu", mtu)
		run(t, "ip", "-n", l.clients[0], "link", "set", "server", "mtu", mtu)
		for _, listen := range []struct{ name, host string }{
			{"all addresses", ""}, {"::", "::"}, {"IPv4 only", four.host}, {"IPv6 only", six.host},
		} {
			t.Run(fmt.Sprintf("mtu=%s,%s", mtu, listen.name), func(t *testing.T) {
				s := serveAt(t, site{host: listen.host, explicit: 21, implicit: 990, data: 2991, ports: 2, within: inside(l.server)})
				for _, to := range everywhere {
					if strings.HasSuffix(listen.name, "only") && !strings.HasPrefix(listen.name, to.name) {
						continue
					}
					ways := map[string]string{"EPSV": "--ftp-skip-pasv-ip"} // which says nothing to EPSV
					if to.name == "IPv4" {
						ways["PASV"] = "--disable-epsv"
					}
					for way, flag := range ways {
						t.Run(to.name+" "+way, func(t *testing.T) { l.curlThereAndBack(t, s, to.host, flag) })
					}
				}
			})
		}
	}
}

// linkLocal is the link-local address of an interface.
func linkLocal(t *testing.T, namespace, dev string) string {
	t.Helper()
	run(t, "ip", "-n", namespace, "address", "add", "fe80::77/64", "dev", dev, "nodad")
	return "fe80::77"
}

// curlThereAndBack moves a file to the server and back from the first client of the
// network, and lists the folder.
func (l *lan) curlThereAndBack(t *testing.T, s *server, host, flag string) {
	t.Helper()
	dir := t.TempDir()
	source, back := filepath.Join(dir, "source"), filepath.Join(dir, "back")
	sample(t, source, 2*mib+77)
	call := func(more ...string) string {
		args := append(inside(l.clients[0]), "curl", "--disable", "--silent", "--show-error", "--insecure", "--ssl-reqd",
			"--connect-timeout", "20", "--user", user+":"+s.password, flag)
		return run(t, args[0], append(args[1:], more...)...)
	}
	url := "ftp://" + host + "/"
	call("-T", source, url+"family.bin")
	defer os.Remove(filepath.Join(s.dir, "family.bin"))
	call("-o", back, url+"family.bin")
	if got, want := sum(t, back), sum(t, source); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if out := call("--list-only", url); !strings.Contains(out, "family.bin") {
		t.Errorf("the listing is %q", out)
	}
}
