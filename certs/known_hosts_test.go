package certs

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func knownAt(address, key string, day int) KnownHost {
	when := time.Date(2026, 1, day, 10, 0, 0, 0, time.UTC)
	return KnownHost{Address: address, Key: sha256.Sum256([]byte(key)), Trusted: true, First: when, Last: when}
}

func newKnown(t *testing.T) *KnownHosts {
	t.Helper()
	return NewKnownHosts(filepath.Join(t.TempDir(), "sub", "known_hosts"))
}

// What is written is read again, whatever is in a name, and the file is for its
// owner only.
func TestKnownHostsRoundTrip(t *testing.T) {
	k := newKnown(t)
	if h, err := k.Lookup("a:21"); h != nil || err != nil {
		t.Fatalf("an absent file: %v, %v", h, err)
	}
	var want []KnownHost
	for i, address := range []string{"a.example:21", "[::1]:990", "[fe80::1%eth0]:21", "x y\n# z\x1b2j:21", "h%41:1", "büro.example:21"} {
		h := knownAt(address, address, i+1)
		h.TLS13, h.Resumed, h.Trusted = i%2 == 0, i%3 == 0, i%4 != 0
		if err := k.Add(h); err != nil {
			t.Fatal(err)
		}
		want = append(want, h)
	}
	got, err := k.List()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(KnownHost{})); diff != "" || err != nil {
		t.Fatalf("%v\n%s", err, diff)
	}
	text, err := os.ReadFile(k.Path())
	if err != nil || bytes.Count(text, []byte("\n")) != len(want) || bytes.ContainsAny(text, "\x1b\r") {
		t.Errorf("the file is %q (%v)", text, err)
	}
	if info, err := os.Stat(k.Path()); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := k.Add(knownAt("no port", "k", 1)); !errors.Is(err, ErrKnownHosts) {
		t.Errorf("an address without port: %v", err)
	}
}

func TestKnownAddress(t *testing.T) {
	for _, tt := range [][3]string{
		{"Files.Example.", "21", "files.example:21"}, {"2001:DB8::0:1", "21", "[2001:db8::1]:21"},
		{"::ffff:192.0.2.1", "21", "192.0.2.1:21"}, {"FE80::1%eth0", "990", "[fe80::1%eth0]:990"},
	} {
		if got := KnownAddress(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q %q: %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}

// A line that cannot be read is an error with its number; comments, empty lines
// and words of later versions outlive a change.
func TestKnownHostsFile(t *testing.T) {
	key := pinText("k")
	good := "a.example:21 " + key + " trusted 2026-01-02T15:04:05Z 2026-01-02T15:04:05Z"
	for name, bad := range map[string]string{
		"few words":   "a.example:21 " + key,
		"address":     strings.Replace(good, "a.example:21", "a.example", 1),
		"no host":     strings.Replace(good, "a.example", ".", 1),
		"escape":      strings.Replace(good, "a.example", "a%zz", 1),
		"key":         strings.Replace(good, "sha256/", "md5/", 1),
		"how":         strings.Replace(good, "trusted", "loved", 1),
		"time":        strings.Replace(good, "T15:04:05Z", "", 1),
		"long":        good + " " + strings.Repeat("x", maxKnownLine),
		"twice":       strings.Replace(good, "a.example", "A.EXAMPLE", 1),
		"endless":     strings.Repeat("x", maxKnownFile),
		"binary junk": "\x00\x01\xff",
	} {
		path := filepath.Join(t.TempDir(), "known_hosts")
		if err := os.WriteFile(path, []byte("# c\n"+good+"\n"+bad+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		k := NewKnownHosts(path)
		_, err := k.Lookup("a.example:21")
		if !errors.Is(err, ErrKnownHosts) || name != "endless" && !strings.Contains(err.Error(), path+":3: ") {
			t.Errorf("%s: %.200v", name, err)
		}
		if err := k.Add(knownAt("b:21", "b", 1)); !errors.Is(err, ErrKnownHosts) {
			t.Errorf("%s: a broken file was changed: %.200v", name, err)
		}
	}

	path := filepath.Join(t.TempDir(), "known_hosts")
	text := "# mine\n\n" + good + " tls1.3 later=1 more\r\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	k := NewKnownHosts(path)
	when := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if err := k.Seen(KnownHost{Address: "a.example:21", Key: sha256.Sum256([]byte("k")), Last: when, Resumed: true}); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(path)
	want := "# mine\n\na.example:21 " + key + " trusted 2026-01-02T15:04:05Z 2026-03-01T00:00:00Z tls1.3 resumed later=1 more\n"
	if string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := k.List(); !errors.Is(err, ErrKnownHosts) || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others may write in: %v", err)
	}
}

// pinText is the pin that knownAt gives the key.
func pinText(key string) string { return Pin(sha256.Sum256([]byte(key))).String() }

func TestKnownHostsSeen(t *testing.T) {
	k := newKnown(t)
	see := func(h KnownHost) *KnownHost {
		t.Helper()
		if err := k.Seen(h); err != nil {
			t.Fatal(err)
		}
		got, err := k.Lookup(h.Address)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	a, b := knownAt("a:21", "one", 1), knownAt("a:21", "two", 9)
	if h := see(a); h.Trusted || h.TLS13 || h.Key != a.Key {
		t.Errorf("new: %+v", h)
	}
	a.TLS13 = true
	if h := see(a); !h.TLS13 {
		t.Errorf("TLS 1.3: %+v", h)
	}
	// An authority vouches for another key: it is taken, and nothing is forgotten.
	if h := see(b); !h.TLS13 || h.Key != b.Key || !h.First.Equal(b.First) {
		t.Errorf("other key: %+v", h)
	}
	// A key that a person trusts is never changed by being seen.
	if err := k.Add(a); err != nil {
		t.Fatal(err)
	}
	if h := see(b); h.Key != a.Key || !h.Trusted {
		t.Errorf("trusted: %+v", h)
	}
	before, _ := os.Stat(k.Path())
	see(a)
	if after, _ := os.Stat(k.Path()); !os.SameFile(before, after) {
		t.Error("written although nothing was new")
	}
	if found, err := k.Remove("a:21"); !found || err != nil {
		t.Errorf("remove: %v, %v", found, err)
	}
	if found, err := k.Remove("a:21"); found || err != nil {
		t.Errorf("remove again: %v, %v", found, err)
	}
}

// Programs that run at once do not lose each other's lines.
func TestKnownHostsAtOnce(t *testing.T) {
	k := newKnown(t)
	const programs, servers = 8, 10
	var wg sync.WaitGroup
	for p := range programs {
		wg.Go(func() {
			own := NewKnownHosts(k.Path())
			for s := range servers {
				if err := own.Add(knownAt(fmt.Sprintf("h%d-%d:21", p, s), "k", 1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if all, err := k.List(); len(all) != programs*servers || err != nil {
		t.Errorf("%d servers of %d, %v", len(all), programs*servers, err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(k.Path()), ".new-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestKnownHostsMerge(t *testing.T) {
	k := newKnown(t)
	if err := k.Add(knownAt("a:21", "one", 1)); err != nil {
		t.Fatal(err)
	}
	b, other := knownAt("b:21", "b", 1), knownAt("a:21", "two", 2)
	text := b.line() + "\n" + other.line() + "\n"
	if n, err := k.Merge(strings.NewReader(text), "in", false); n != 0 || !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), "a:21") {
		t.Errorf("conflict: %d, %v", n, err)
	}
	if all, _ := k.List(); len(all) != 1 {
		t.Errorf("half was taken over: %v", all)
	}
	if n, err := k.Merge(strings.NewReader(text), "in", true); n != 2 || err != nil {
		t.Errorf("replace: %d, %v", n, err)
	}
	var out bytes.Buffer
	if _, err := k.WriteTo(&out); err != nil || out.String() != other.line()+"\n"+b.line()+"\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// FuzzKnownLine: no line breaks the reader, and what it takes it gives back.
// F-15.
func FuzzKnownLine(f *testing.F) {
	f.Add("a.example:21 " + pinText("k") + " trusted 2026-01-02T15:04:05Z 2026-01-02T15:04:05Z tls1.3 x")
	f.Add("[fe80::1%25eth0]:21 sha256/ verified 0 0")
	f.Fuzz(func(t *testing.T, line string) {
		h, err := parseKnownLine(line)
		if err != nil || h == nil {
			return
		}
		again, err := parseKnownLine(h.line())
		if err != nil && len(h.line()) <= maxKnownLine {
			t.Fatalf("%q became %q: %v", line, h.line(), err)
		}
		if err == nil && (again.Address != h.Address || again.Key != h.Key || again.Trusted != h.Trusted || !again.Last.Equal(h.Last)) {
			t.Fatalf("%q became %q", line, again.line())
		}
	})
}
