package trail

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What somebody does to whole files is found, with the place where it begins.
func TestVerifyTamperedFiles(t *testing.T) {
	whole, other := t.TempDir(), t.TempDir()
	o := Options{Dir: whole, MaxSize: 20_000, Every: 50}
	for range 4 {
		write(t, o, 600)
	}
	otherOptions := o
	otherOptions.Dir = other
	for range 4 {
		write(t, otherOptions, 600)
	}
	key, err := PublicKey(whole)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Files(whole)
	if err != nil || len(files) < 4 {
		t.Fatalf("%+v, %v", files, err)
	}
	if r := mustVerify(t, whole, Expect{Key: key}); len(r.Findings) > 0 {
		t.Fatalf("%+v", r)
	}
	name := func(dir string, i int) string { return filepath.Join(dir, files[i].Name) }
	must := func(t *testing.T, errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	copyFile := func(t *testing.T, from, to string) {
		t.Helper()
		text, err := os.ReadFile(from)
		must(t, err)
		must(t, os.WriteFile(to, text, 0o600))
	}
	for _, tc := range []struct {
		name string
		do   func(t *testing.T, dir string)
		file string // of a finding
		what string
		key  bool // the true key is known from elsewhere
	}{
		{"two rotated files swapped", func(t *testing.T, dir string) {
			tmp := filepath.Join(dir, "x")
			must(t, os.Rename(name(dir, 0), tmp), os.Rename(name(dir, 1), name(dir, 0)), os.Rename(tmp, name(dir, 1)))
		}, files[0].Name, "the name of the file says", false},
		{"a rotated file cut", func(t *testing.T, dir string) {
			edit(t, dir, files[1].Name, func(b []byte) []byte { return b[:len(b)/2] })
		}, files[1].Name, "damaged from here on", false},
		{"only the checksum of a rotated file cut", func(t *testing.T, dir string) {
			edit(t, dir, files[1].Name, func(b []byte) []byte { return b[:len(b)-5] })
		}, files[1].Name, "damaged from here on", false},
		{"a rotated file emptied", func(t *testing.T, dir string) {
			edit(t, dir, files[1].Name, func([]byte) []byte { return nil })
		}, files[1].Name, "cannot be read", false},
		{"bytes behind a rotated file", func(t *testing.T, dir string) {
			edit(t, dir, files[1].Name, func(b []byte) []byte { return append(b, "more"...) })
		}, files[1].Name, "damaged from here on", false},
		{"lines behind those of a rotated file", func(t *testing.T, dir string) {
			edit(t, dir, files[1].Name, func(b []byte) []byte { return append(b, packed(t, lastLineOf(t, b))...) })
		}, files[1].Name, "not in their order", false},
		{"a rotated file beside its own copy that was changed", func(t *testing.T, dir string) {
			b, err := os.ReadFile(name(dir, 1))
			must(t, err)
			text := bytes.Replace(unpackedText(t, b), []byte("/in/file"), []byte("/in/FILE"), 1)
			must(t, os.WriteFile(strings.TrimSuffix(name(dir, 1), gzSuffix), text, 0o600))
		}, strings.TrimSuffix(files[1].Name, gzSuffix), "was changed", false},
		{"a rotated file gone", func(t *testing.T, dir string) { must(t, os.Remove(name(dir, 1))) }, files[2].Name, "are missing before this place", false},
		{"the oldest gone", func(t *testing.T, dir string) { must(t, os.Remove(name(dir, 0))) }, files[1].Name, "no line says that the server deleted", false},
		{"the active file gone", func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, activeFile))) }, files[len(files)-2].Name, "the end is cut off", false},
		{"all of them gone but the head", func(t *testing.T, dir string) {
			for _, f := range files {
				must(t, os.Remove(filepath.Join(dir, f.Name)))
			}
		}, "", "are missing behind this place", false},
		{"a rotated file under another name", func(t *testing.T, dir string) {
			must(t, os.Rename(name(dir, 1), filepath.Join(dir, oldName(files[1].First+1)+gzSuffix)))
		}, oldName(files[1].First+1) + gzSuffix, "the name of the file says", false},
		{"a folder in place of a file", func(t *testing.T, dir string) {
			must(t, os.Remove(name(dir, 1)), os.Mkdir(name(dir, 1), 0o700))
		}, files[1].Name, "cannot be read", false},
		{"a file of another server", func(t *testing.T, dir string) { copyFile(t, name(other, 1), name(dir, 1)) }, files[1].Name, "another key", false},
		{"the active file of another server", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(other, activeFile), filepath.Join(dir, activeFile))
		}, activeFile, "another key", false},
		{"the key replaced", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(other, keyFile), filepath.Join(dir, keyFile))
		}, files[0].Name, "another key", false},
		{"key and head replaced", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(other, keyFile), filepath.Join(dir, keyFile))
			copyFile(t, filepath.Join(other, headFile), filepath.Join(dir, headFile))
		}, files[0].Name, "another key", false},
		{"the whole trail of another server", func(t *testing.T, dir string) {
			must(t, os.RemoveAll(dir))
			must(t, os.CopyFS(dir, os.DirFS(other)))
		}, files[0].Name, "another key", true},
		{"head of another server", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(other, headFile), filepath.Join(dir, headFile))
		}, headFile, "signed with another key", false},
		{"head gone", func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, headFile))) }, headFile, "is missing", false},
		{"head emptied", func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, headFile), nil, 0o600))
		}, headFile, "is damaged", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "trail")
			must(t, os.CopyFS(dir, os.DirFS(whole)))
			tc.do(t, dir)
			var want Expect
			if tc.key {
				want.Key = key
			}
			r := mustVerify(t, dir, want)
			if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.File == tc.file && strings.Contains(f.What, tc.what) }) {
				t.Errorf("%+v", r.Findings)
			}
		})
	}
}

// An older copy of the whole folder is a trail of its own: that lines came behind it, only
// a head that was kept elsewhere knows.
func TestVerifyOldCopy(t *testing.T) {
	dir := t.TempDir()
	write(t, Options{Dir: dir}, 10)
	early := copyTrail(t, dir)
	write(t, Options{Dir: dir}, 10)
	head := mustVerify(t, dir, Expect{}).Head
	if r := mustVerify(t, early, Expect{}); len(r.Findings) > 0 {
		t.Errorf("%+v", r.Findings)
	}
	r := mustVerify(t, early, Expect{Heads: []Head{head}})
	if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].What, "the end is cut off") {
		t.Errorf("%+v", r.Findings)
	}
}

func unpackedText(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func lastLineOf(t *testing.T, b []byte) []byte {
	t.Helper()
	text := unpackedText(t, b)
	begin, end := lineAt(text, bytes.Count(text, []byte("\n")))
	return text[begin : end+1]
}

func packed(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
