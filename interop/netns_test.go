//go:build interop && linux

package interop

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// lan is a network of its own: one namespace for the server, and one for each
// client, with a link to the server's. Nothing in it can reach the machine
// around it, nor be reached.
type lan struct {
	family
	server  string // namespace
	clients []string
}

// family is a version of IP.
type family struct {
	name     string
	host     string // address of the server
	client   string // address of a client, with its number for %d
	iptables string
	flags    []string // of addresses
}

func ipv4() family {
	return family{name: "IPv4", host: "10.77.0.1", client: "10.77.1.%d", iptables: "iptables"}
}

func ipv6() family {
	return family{name: "IPv6", host: "fd00:77::1", client: "fd00:77::1:%d", iptables: "ip6tables", flags: []string{"nodad"}}
}

// TestFirewall: behind a firewall that lets through the two control ports and
// the data ports and drops the rest, everything works, from one address and from
// several, with 8 data ports and with 1 (SP-01); and by IPv6.
func TestFirewall(t *testing.T) {
	needNamespaces(t)
	for _, c := range []struct {
		family
		ports, addresses int
	}{{ipv4(), 8, 1}, {ipv4(), 8, 4}, {ipv4(), 1, 1}, {ipv4(), 1, 4}, {ipv6(), 8, 4}} {
		t.Run(fmt.Sprintf("%s,ports=%d,addresses=%d", c.name, c.ports, c.addresses), func(t *testing.T) {
			l := newLAN(t, c.family, c.addresses)
			at := site{
				host: c.host, explicit: 21, implicit: 990, data: 2991, ports: c.ports,
				within: inside(l.server),
			}
			l.firewall(t, at)
			s := serveAt(t, at)
			var from [][]string
			for _, client := range l.clients {
				from = append(from, inside(client))
			}
			crowd(t, s, from)
			if n := l.dropped(t); n != "0" {
				t.Errorf("clients sent %s packets to ports that are not open", n)
			}
			l.bites(t, at)
		})
	}
}

// needNamespaces skips the test where there are no network namespaces.
func needNamespaces(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make network namespaces")
	}
	for _, args := range [][]string{{"ip", "-V"}, {"iptables", "--version"}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			lack(t, "%q: %v; see interop/install.sh\n%s", args, err, out)
		}
	}
	name := fmt.Sprintf("sealane%d-try", os.Getpid())
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		lack(t, "this system makes no network namespaces: %v\n%s", err, out)
	}
	run(t, "ip", "netns", "delete", name)
}

// lack skips the test, or fails it where it has to run.
func lack(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("INTEROP_REQUIRE") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// inside is what to put before a command to run it in a namespace.
func inside(namespace string) []string { return []string{"ip", "netns", "exec", namespace} }

// newLAN makes a network with so many clients; the end of the test deletes it.
func newLAN(t *testing.T, f family, clients int) *lan {
	t.Helper()
	l := &lan{family: f}
	make := func(name string) string {
		name = fmt.Sprintf("sealane%d-%s", os.Getpid(), name)
		run(t, "ip", "netns", "add", name)
		// With the namespace go the links and the rules of the firewall.
		t.Cleanup(func() { run(t, "ip", "netns", "delete", name) })
		run(t, "ip", "-n", name, "link", "set", "lo", "up")
		return name
	}
	l.server = make("server")
	for i := range clients {
		c, link := make(fmt.Sprintf("client%d", i)), fmt.Sprintf("client%d", i)
		l.clients = append(l.clients, c)
		run(t, "ip", "-n", l.server, "link", "add", link, "type", "veth", "peer", "name", "server", "netns", c)
		address := fmt.Sprintf(f.client, i+1)
		for _, end := range [][4]string{{l.server, link, f.host, address}, {c, "server", address, f.host}} {
			add := []string{"-n", end[0], "address", "add", end[2], "peer", end[3], "dev", end[1]}
			run(t, "ip", append(add, f.flags...)...)
			run(t, "ip", "-n", end[0], "link", "set", end[1], "up")
			// IPv6 forgets the peer when a link comes up after its address.
			run(t, "ip", "-n", end[0], "route", "replace", end[3], "dev", end[1])
		}
	}
	return l
}

// firewall drops what comes to the server's namespace, but for the ports of at.
// It keeps no state: what is not open is not open to anybody. IPv6 needs ICMP to
// find its neighbours (RFC 4890 §4.4).
func (l *lan) firewall(t *testing.T, at site) {
	t.Helper()
	l.rule(t, "-P", "INPUT", "DROP")
	if l.name == "IPv6" {
		l.rule(t, "-A", "INPUT", "-p", "icmpv6", "-j", "ACCEPT")
	}
	for _, ports := range []string{
		fmt.Sprint(at.explicit), fmt.Sprint(at.implicit), fmt.Sprintf("%d:%d", at.data, at.data+at.ports-1),
	} {
		l.rule(t, "-A", "INPUT", "-p", "tcp", "--dport", ports, "-j", "ACCEPT")
	}
}

func (l *lan) rule(t *testing.T, args ...string) string {
	t.Helper()
	all := append(inside(l.server), l.iptables, "-w")
	all = append(all, args...)
	return run(t, all[0], all[1:]...)
}

// dropped is how many packets the firewall has dropped.
func (l *lan) dropped(t *testing.T) string {
	t.Helper()
	// Chain INPUT (policy DROP 0 packets, 0 bytes)
	out := l.rule(t, "-L", "INPUT", "-v", "-x", "-n")
	_, rest, found := strings.Cut(out, "(policy DROP ")
	n, _, more := strings.Cut(rest, " packets")
	if !found || !more {
		t.Fatalf("iptables does not say what it dropped:\n%s", out)
	}
	return n
}

// bites checks that there was a firewall to pass: a port beside the data ports
// does not even answer.
func (l *lan) bites(t *testing.T, at site) {
	t.Helper()
	args := append(inside(l.clients[0]), "curl", "--disable", "--silent", "--connect-timeout", "1",
		fmt.Sprintf("http://%s/", net.JoinHostPort(at.host, strconv.Itoa(at.data+at.ports))))
	_, err := command(t, time.Minute, nil, "", args[0], args[1:]...)
	// Exit status 28 of curl is a timeout; a port without firewall refuses with 7.
	if err == nil || !strings.Contains(err.Error(), "exit status 28") {
		t.Errorf("a port that is not open: %v", err)
	}
	if l.dropped(t) == "0" {
		t.Error("the firewall has dropped nothing")
	}
}
