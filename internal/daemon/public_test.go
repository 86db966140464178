package daemon

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/internal/config"
)

// fakeDNS answers from a table that tests change.
type fakeDNS struct {
	mu    sync.Mutex
	names map[string][]netip.Addr
	delay time.Duration
	asked int
}

func (d *fakeDNS) set(name string, addrs ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names == nil {
		d.names = map[string][]netip.Addr{}
	}
	d.names[name] = nil
	for _, a := range addrs {
		d.names[name] = append(d.names[name], netip.MustParseAddr(a))
	}
}

func (d *fakeDNS) lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	d.mu.Lock()
	d.asked++
	list, delay := d.names[name], d.delay
	d.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if list == nil {
		return nil, errors.New("no such host")
	}
	return list, nil
}

func publicOf(t *testing.T, dns *fakeDNS, address string, networks ...string) (*publicAddresses, *bytes.Buffer) {
	t.Helper()
	var c config.DataConfig
	var err error
	if c.PublicAddress, err = config.ParsePublicAddress(address); err != nil {
		t.Fatal(err)
	}
	for _, text := range networks {
		n, err := config.ParsePublicNetwork(text)
		if err != nil {
			t.Fatal(err)
		}
		c.PublicNetworks = append(c.PublicNetworks, n)
	}
	var log bytes.Buffer
	return newPublicAddresses(c, dns.lookup, newLogger(&log, config.FormatText)), &log
}

// announced gives what a client hears, "same" where it is the control connection's.
func announced(p *publicAddresses, client string) string {
	if a := p.announce(netip.MustParseAddr("10.9.9.9"), netip.MustParseAddr(client)); a.IsValid() {
		return a.String()
	}
	return "same"
}

// The smallest network that holds the client counts, in whatever order they stand.
func TestPublicNetworks(t *testing.T) {
	networks := []string{"10.0.0.0/8 = same", "10.1.0.0/16 = 192.0.2.1", "10.1.2.3 = 192.0.2.2", "2001:db8::/32 = 192.0.2.3"}
	reversed := []string{networks[3], networks[2], networks[1], networks[0]}
	for _, order := range [][]string{networks, reversed} {
		for address, rest := range map[string]string{"": "same", "same": "same", "203.0.113.5": "203.0.113.5"} {
			p, _ := publicOf(t, &fakeDNS{}, address, order...)
			for client, want := range map[string]string{
				"10.2.0.1": "same", "10.1.0.1": "192.0.2.1", "10.1.2.3": "192.0.2.2", "2001:db8::1": "192.0.2.3",
				"198.51.100.1": rest, "2001:db9::1": rest,
			} {
				if got := announced(p, client); got != want {
					t.Errorf("%q, %s hears %s, want %s", address, client, got, want)
				}
			}
			if p.announce(netip.Addr{}, netip.Addr{}).IsValid() {
				t.Error("a client without address hears one")
			}
		}
	}
}

// A name is looked up in the background: at the start, every few minutes, and sooner
// after a failure; the last good answer stays.
func TestPublicName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dns := &fakeDNS{}
		p, log := publicOf(t, dns, "ftp.example.org", "10.0.0.0/8 = same")
		expect := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := announced(p, "198.51.100.1"); got != want {
				t.Errorf("announced %s, want %s", got, want)
			}
			if got := announced(p, "10.0.0.1"); got != "same" {
				t.Errorf("announced %s in the network", got)
			}
		}
		warnings := func(want int) {
			t.Helper()
			if got := strings.Count(log.String(), "level=WARN"); got != want {
				t.Errorf("%d warnings, want %d:\n%s", got, want, log)
			}
		}
		began := time.Now()
		stop := p.run(t.Context())
		if time.Since(began) != 0 {
			t.Errorf("the start took %v", time.Since(began))
		}
		expect("same") // a warning, and as control until it can be looked up
		warnings(1)
		dns.set("ftp.example.org", "127.0.1.1", "::1", "2001:db8::1", "0.0.0.0", "224.0.0.1")
		time.Sleep(publicRetry)
		expect("same") // nothing that could be announced
		dns.set("ftp.example.org", "203.0.113.9", "203.0.113.5", "127.0.0.1")
		time.Sleep(publicRetry)
		expect("203.0.113.5")
		warnings(1)
		dns.set("ftp.example.org", "203.0.113.5", "203.0.113.1")
		time.Sleep(publicRefresh)
		expect("203.0.113.5") // it is still one of them
		dns.set("ftp.example.org", "203.0.113.1")
		time.Sleep(publicRefresh - 1)
		expect("203.0.113.5")
		time.Sleep(time.Nanosecond)
		expect("203.0.113.1")
		dns.set("ftp.example.org")
		time.Sleep(publicRefresh)
		expect("203.0.113.1") // the last good one
		warnings(2)
		time.Sleep(10 * publicRetry)
		warnings(2) // once is enough
		dns.set("ftp.example.org", "203.0.113.2")
		time.Sleep(publicRetry)
		expect("203.0.113.2")
		stop()
		asked := dns.asked
		time.Sleep(time.Hour)
		if dns.asked != asked {
			t.Error("it goes on after the end")
		}
	})
}

// DNS that does not answer holds up neither the start nor the end, and not PASV.
func TestPublicNameSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dns := &fakeDNS{delay: time.Hour}
		dns.set("ftp.example.org", "203.0.113.5")
		p, log := publicOf(t, dns, "ftp.example.org")
		began := time.Now()
		stop := p.run(t.Context())
		if took := time.Since(began); took != publicFirst {
			t.Errorf("the start took %v", took)
		}
		if got := announced(p, "198.51.100.1"); got != "same" || time.Since(began) != publicFirst {
			t.Errorf("announced %s after %v", got, time.Since(began))
		}
		time.Sleep(publicLookup)
		synctest.Wait()
		if !strings.Contains(log.String(), "level=WARN") {
			t.Error("no warning")
		}
		time.Sleep(publicRetry) // in the middle of the next one
		began = time.Now()
		stop()
		if time.Since(began) != 0 {
			t.Errorf("the end took %v", time.Since(began))
		}
	})
}

// A look-up that takes a while, but not too long, is there for the first client.
func TestPublicNameAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dns := &fakeDNS{delay: publicFirst - 1}
		dns.set("ftp.example.org", "203.0.113.5")
		p, _ := publicOf(t, dns, "ftp.example.org")
		stop := p.run(t.Context())
		if got := announced(p, "198.51.100.1"); got != "203.0.113.5" {
			t.Errorf("announced %s", got)
		}
		stop()
	})
}
