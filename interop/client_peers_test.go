//go:build interop && linux

package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The commands of our client against real servers that demand TLS, and those of them
// that can, the resumption of sessions.

// peers are the ways to reach them.
func peers() (all []guarded) {
	for _, r := range rivals() {
		for _, version := range []string{"1.2", "1.3"} {
			all = append(all, guarded{r, protection{version: version}})
			switch r.name {
			case "vsftpd":
				all = append(all, guarded{r, protection{version: version, implicit: true}})
			case "pure-ftpd":
				all = append(all, guarded{r, protection{version: version, lax: true}})
			}
		}
	}
	return all
}

// guarded is a server to be started.
type guarded struct {
	rival
	how protection
}

// account is our program with what it needs to reach a server.
type account struct {
	*grounds
	name     string // of the peer
	program  string
	host     string
	password string // a file
	trust    string // likewise
}

// eachPeer runs a test against each peer.
func eachPeer(t *testing.T, test func(t *testing.T, a *account)) {
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers() {
		t.Run(p.name+"/"+p.how.String(), func(t *testing.T) {
			t.Parallel()
			at := startProtected(t, p.rival, &p.how)
			dir := t.TempDir()
			secret := filepath.Join(dir, "password")
			if err := os.WriteFile(secret, []byte(at.password+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			test(t, &account{grounds: at, name: p.name, program: program, host: "127.0.0.1", password: secret, trust: filepath.Join(dir, "known")})
		})
	}
}

// url names a file of the account, by its path from the root.
func (a *account) url(name string) string {
	scheme := "ftpes"
	if a.tls.implicit {
		scheme = "ftps"
	}
	_, port, _ := net.SplitHostPort(a.address())
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(part), "*", "%2A")
	}
	return scheme + "://" + user + "@" + net.JoinHostPort(a.host, port) + strings.Join(parts, "/")
}

// sealane runs a command that may fail; code is its exit code.
func (a *account) sealane(t *testing.T, args ...string) (out string, code int, err error) {
	t.Helper()
	args = append(args, "--ca", a.tls.certificate, "--password-file", a.password, "--trust-store", a.trust)
	out, err = command(t, patience, nil, "", a.program, args...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	return out, code, err
}

// must runs a command that has to succeed.
func (a *account) must(t *testing.T, args ...string) string {
	t.Helper()
	out, _, err := a.sealane(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stored is what the server has at the path.
func (a *account) stored(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(a.tree, filepath.FromSlash(name)))
	if err != nil {
		t.Error(err)
	}
	return b
}

// TestPeerVersions prints what the other tests here have talked to.
func TestPeerVersions(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(needRivals(t), "complete"))
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + string(b))
}

// oddNames are file names that protocols and programs stumble over.
var oddNames = []string{"with some spaces", " leading space", "trailing space ", "ünïcödé – 文件", "star*", "100%", "a#b?c", "-rf", "semi;colon", "quote\"d", "[brackets]", "back\\slash"}

// C-09, C-10, T-08: every command, with contents and names of all kinds.
func TestClientCommands(t *testing.T) {
	eachPeer(t, func(t *testing.T, a *account) {
		dir := t.TempDir()
		local := filepath.Join(dir, "local")
		a.must(t, "mkdir", a.url("/in"))
		contents := map[string][]byte{"large": payload(5 << 20), "empty": {}, "small": []byte("small\r\nand no text\n")}
		for i, name := range oddNames {
			if a.name == "pure-ftpd" && strings.HasSuffix(name, " ") {
				continue // it makes "_" of the space, and says nothing
			}
			contents[name] = []byte{byte(i), 13, 10}
		}
		for name, content := range contents {
			if err := os.WriteFile(local, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, code, err := a.sealane(t, "put", local, a.url("/in/"+name)); err != nil {
				if slices.Contains(oddNames, name) && code == 4 {
					t.Logf("the server refuses the name %q: %v", name, err)
					delete(contents, name)
					continue
				}
				t.Fatal(err)
			}
			if got := a.stored(t, "in/"+name); !bytes.Equal(got, content) {
				t.Errorf("put %q: %d bytes there, %d sent", name, len(got), len(content))
			}
			back := filepath.Join(dir, "back")
			a.must(t, "get", a.url("/in/"+name), back)
			if got, err := os.ReadFile(back); err != nil || !bytes.Equal(got, content) {
				t.Errorf("get %q: %d bytes, %v", name, len(got), err)
			}
			if err := os.Remove(back); err != nil {
				t.Error(err)
			}
			if out := a.must(t, "cat", a.url("/in/"+name)); out != string(content) {
				t.Errorf("cat %q: %d bytes", name, len(out))
			}
		}
		listed := a.names(t, "/in")
		var want []string
		for name := range contents {
			want = append(want, name)
		}
		slices.Sort(want)
		if !slices.Equal(listed, want) {
			t.Errorf("ls: %q, want %q", listed, want)
		}
		if out := a.must(t, "stat", "--json", a.url("/in/large")); !strings.Contains(out, "5242880") {
			t.Errorf("stat: %q", out)
		}
		if out, code, err := a.sealane(t, "hash", a.url("/in/small")); err != nil && code != 4 {
			t.Errorf("hash: %q, %v", out, err)
		}
		a.must(t, "mv", a.url("/in/small"), "renamed")
		if got := a.stored(t, "in/renamed"); !bytes.Equal(got, contents["small"]) {
			t.Errorf("mv: %q", got)
		}
		if _, code, err := a.sealane(t, "get", a.url("/in/small"), filepath.Join(dir, "none")); code != 4 {
			t.Errorf("get of what is not there: %d, %v", code, err)
		}
		if _, code, err := a.sealane(t, "rmdir", a.url("/in")); code != 4 {
			t.Errorf("rmdir of a full folder: %d, %v", code, err)
		}
		for _, name := range a.names(t, "/in") {
			a.must(t, "rm", a.url("/in/"+name))
		}
		a.must(t, "rmdir", a.url("/in"))
		if _, err := os.Stat(filepath.Join(a.tree, "in")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("rmdir: %v", err)
		}
	})
}

// names lists a folder.
func (a *account) names(t *testing.T, dir string) (names []string) {
	t.Helper()
	lines := json.NewDecoder(strings.NewReader(a.must(t, "ls", "--json", a.url(dir))))
	for lines.More() {
		var entry struct{ Name string }
		if err := lines.Decode(&entry); err != nil {
			t.Fatal(err)
		}
		names = append(names, path.Base(entry.Name))
	}
	slices.Sort(names)
	return names
}

// payload is content of which no part is like another.
func payload(n int) []byte {
	b := make([]byte, n)
	x := uint32(n)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}
