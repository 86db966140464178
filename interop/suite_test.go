//go:build interop

package interop

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// suite takes a client through what people do with it, over every link that it
// has (F-19). Names, resuming and housekeeping do not depend on the TLS version: they
// run on two of the links, which have both versions and both modes in them.
func suite(t *testing.T, c client) {
	t.Helper()
	c.need(t)
	s := serve(t)
	links := []link{{s, false, "1.3"}, {s, false, "1.2"}}
	if c.implicit {
		links = append(links, link{s, true, "1.3"}, link{s, true, "1.2"})
	}
	for i, l := range links {
		t.Run(l.String(), func(t *testing.T) {
			s.drained(t) // the log is written aside: the last session of before may not be in it yet
			before := len(s.output.String())
			t.Run("sizes", func(t *testing.T) { sizes(t, c, l, 0, 1, 64*kib, 5*mib) })
			s.drained(t)
			spoke(t, l, s.output.String()[before:])
			if i == 0 && c.huge {
				t.Run("1GiB", func(t *testing.T) { sizes(t, c, l, gib) })
			}
			if i == 0 || i == 3 {
				rest(t, c, l)
			}
		})
	}
}

// spoke checks, by the server's log, that the client really used the TLS version
// that it was told to use.
func spoke(t *testing.T, l link, log string) {
	t.Helper()
	for _, version := range []string{"1.2", "1.3"} {
		if found := strings.Contains(log, `tls="TLS `+version+`"`); found != (version == l.version) {
			t.Errorf("TLS %s in the log: %t, though the client was to use %s", version, found, l.version)
		}
	}
}

// rest is everything but sizes.
func rest(t *testing.T, c client, l link) {
	t.Run("names", func(t *testing.T) { names(t, c, l) })
	t.Run("resume", func(t *testing.T) { resume(t, c, l) })
	if c.list != nil {
		t.Run("listings", func(t *testing.T) { listings(t, c, l) })
	}
	if c.mkdir != nil {
		t.Run("housekeeping", func(t *testing.T) { housekeeping(t, c, l) })
	}
}

// sizes moves a file of each size to the server and back.
func sizes(t *testing.T, c client, l link, list ...int64) {
	for _, size := range list {
		t.Run(strconv.FormatInt(size, 10), func(t *testing.T) {
			there(t, c, l, "size.bin", size)
		})
	}
}

// names are those that programs get wrong: as options, as quoted strings, as
// separated words, as another character set, or as too long.
func names(t *testing.T, c client, l link) {
	for label, name := range map[string]string{
		"spaces":      "with two  spaces.txt",
		"dash":        "-rf leading dash",
		"quotes":      `double "quotes" and 'single'`,
		"UTF-8":       "Grüße 日本語 😀.txt",
		"punctuation": "100% #1 & co; [x] {y} ~z.txt",
		"200 bytes":   strings.Repeat("n", 196) + ".txt",
	} {
		t.Run(label, func(t *testing.T) { there(t, c, l, name, 1000) })
	}
}

// there moves a file to the server and back and compares all three.
func there(t *testing.T, c client, l link, name string, size int64) {
	t.Helper()
	dir := t.TempDir()
	remote := filepath.Join(l.dir, name)
	source, back := filepath.Join(dir, "source"), filepath.Join(dir, "back")
	sample(t, source, size)
	want := sum(t, source)
	if c.put != nil {
		c.put(t, l, source, name)
	} else {
		copyTo(t, remote, source, -1)
	}
	t.Cleanup(func() { os.Remove(remote) })
	if got := sum(t, remote); got != want {
		t.Fatalf("upload of %d bytes: the server has %s, want %s", size, got, want)
	}
	c.get(t, l, name, back)
	if got := sum(t, back); got != want {
		t.Fatalf("download of %d bytes: got %s, want %s", size, got, want)
	}
}

// resume continues an upload and a download of which a part is there.
func resume(t *testing.T, c client, l link) {
	const size, part = 3*mib + 17, 1*mib + 5
	dir := t.TempDir()
	source := filepath.Join(dir, "source")
	sample(t, source, size)
	want := sum(t, source)
	if c.resumePut != nil {
		t.Run("upload", func(t *testing.T) {
			copyTo(t, filepath.Join(l.dir, "up.bin"), source, part)
			c.resumePut(t, l, source, "up.bin")
			if got := sum(t, filepath.Join(l.dir, "up.bin")); got != want {
				t.Errorf("the server has %s, want %s", got, want)
			}
		})
	}
	if c.resumeGet != nil {
		t.Run("download", func(t *testing.T) {
			back := filepath.Join(dir, "back")
			copyTo(t, filepath.Join(l.dir, "down.bin"), source, -1)
			copyTo(t, back, source, part)
			c.resumeGet(t, l, "down.bin", back)
			if got := sum(t, back); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// listings asks for a folder of files and one folder by LIST and by MLSD.
func listings(t *testing.T, c client, l link) {
	dir := filepath.Join(l.dir, "listed")
	if err := os.MkdirAll(filepath.Join(dir, "sub folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := []string{"sub folder"}
	for i := range 50 {
		name := fmt.Sprintf("file %02d.txt", i)
		sample(t, filepath.Join(dir, name), int64(i))
		want = append(want, name)
	}
	for verb, list := range map[string]func(*testing.T, link, string) string{"LIST": c.list, "MLSD": c.facts} {
		t.Run(verb, func(t *testing.T) {
			got := list(t, l, "listed")
			if lines := strings.Count(strings.TrimSpace(got), "\n") + 1; lines < len(want) {
				t.Errorf("%d lines, want %d or more", lines, len(want))
			}
			for _, name := range want {
				if !strings.Contains(got, name) {
					t.Errorf("%q is not in the listing:\n%s", name, got)
					break
				}
			}
		})
	}
}

// housekeeping makes, renames and deletes a folder and a file in it.
func housekeeping(t *testing.T, c client, l link) {
	dir := filepath.Join(l.dir, "new dir")
	c.mkdir(t, l, "new dir")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Fatalf("mkdir: %v", err)
	}
	sample(t, filepath.Join(dir, "old name"), 10)
	c.rename(t, l, "new dir/old name", "new dir/new name")
	if got := entries(t, dir); len(got) != 1 || got[0] != "new name" {
		t.Fatalf("after the rename the folder has %q", got)
	}
	c.remove(t, l, "new dir/new name")
	if got := entries(t, dir); len(got) != 0 {
		t.Fatalf("after the deletion the folder has %q", got)
	}
	c.rmdir(t, l, "new dir")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatalf("rmdir: the folder is still there: %v", err)
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

// sample makes a file of random bytes; a large one is sparse, with some random
// bytes in it at places that a lost or moved block changes.
func sample(t *testing.T, path string, size int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var seed [32]byte
	copy(seed[:], strconv.FormatInt(size, 10))
	source := rand.NewChaCha8(seed)
	if size <= 16*mib {
		_, err = io.CopyN(f, source, size)
	} else {
		block := make([]byte, 4*kib)
		for at := int64(0); at < size && err == nil; at += 37*mib + 4099 {
			source.Read(block)
			_, err = f.WriteAt(block[:min(int64(len(block)), size-at)], at)
		}
		if err == nil {
			err = f.Truncate(size)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// copyTo copies the first n bytes of a file, all of it if n is negative.
func copyTo(t *testing.T, to, from string, n int64) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if n >= 0 {
		data = data[:n]
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func sum(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d bytes, SHA-256 %x", n, h.Sum(nil))
}

func length(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
