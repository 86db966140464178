//go:build unix

package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/osfs"
)

// A pipe that nobody writes into is refused, and not waited for: not even Ctrl-C would end
// that.
func TestPutPipe(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Skip(err)
	}
	h := takes(t, nil)
	for _, args := range [][]string{{"put", "pipe", "URL/f"}, {"put", "-r", "pipe", "URL/f"}} {
		code, _, errs := against(t.Context(), t, h, args...)
		if code != exitOther || !strings.Contains(errs, "pipe is not a regular file") || !strings.Contains(errs, `use "-"`) {
			t.Errorf("%q: exit code %d\n%s", args, code, errs)
		}
	}
}

// A name that FTP cannot carry is a failure, and not left out without a word.
func TestNamesThatCannotGo(t *testing.T) {
	srv := ftptest.NewServer(nil, nil)
	defer srv.Close()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("d", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"good", "two\nlines"} {
		if err := os.WriteFile(filepath.Join("d", name), nil, 0o600); err != nil {
			t.Skip(err)
		}
	}
	url := "ftpes://" + ftptest.User + "@" + srv.Addr
	for _, args := range [][]string{{"put", "-r", "d", url + "/put"}, {"mirror", "d", url + "/mirror"}, {"mirror", "d", "copy"}} {
		var out, errs bytes.Buffer
		env := &Env{Stdout: &out, Stderr: &errs, Getenv: func(key string) string {
			return map[string]string{"SEALANE_PASSWORD": ftptest.Password}[key]
		}}
		if strings.HasPrefix(args[2], "ftpes") || args[0] == "put" {
			args = append(args, "--pin", certs.PinOf(srv.Certificate.Leaf).String())
		}
		code := Main(t.Context(), env, args)
		if code != exitPartly || !strings.Contains(out.String(), "good") || !strings.Contains(errs.String(), `the first is "two\nlines"`) {
			t.Errorf("%q: exit code %d\n%s%s", args, code, out.String(), errs.String())
		}
	}
}

// Of a single file likewise, and in words.
func TestPutNameWithLineEnd(t *testing.T) {
	h := takes(t, nil)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("two\nlines", nil, 0o600); err != nil {
		t.Skip(err)
	}
	code, _, errs := against(t.Context(), t, h, "put", "two\nlines", "URL/in/")
	if code != exitUsage || !strings.Contains(errs, `the name "two\nlines", with a line end in it`) {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}

// rm -r deletes a link to a folder and nothing behind it, although the server shows it as a
// folder in MLSD: it may lead to the folder above.
func TestRmLinks(t *testing.T) {
	for _, off := range [][]string{nil, {"MLSD", "MLST"}} {
		dir := t.TempDir()
		write := func(name string) {
			name = filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		write("stays")
		write("other/stays")
		write("gone/d/file")
		for name, target := range map[string]string{"up": "..", "d/link": "../../other", "d/file-link": "file"} {
			if err := os.Symlink(target, filepath.Join(dir, "gone", name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("other", filepath.Join(dir, "named")); err != nil {
			t.Fatal(err)
		}
		there, err := osfs.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer there.Close()
		srv := ftptest.NewServerFS(there, func(s *ftpserver.Server) { s.Verbs.Off = off })
		defer srv.Close()
		for _, name := range []string{"named", "gone"} {
			var out, errs bytes.Buffer
			env := &Env{Stdout: &out, Stderr: &errs, Getenv: func(key string) string {
				return map[string]string{"SEALANE_PASSWORD": ftptest.Password}[key]
			}}
			args := []string{"rm", "-r", "ftpes://" + ftptest.User + "@" + srv.Addr + "/" + name, "--pin", certs.PinOf(srv.Certificate.Leaf).String()}
			if code := Main(t.Context(), env, args); code != 0 {
				t.Errorf("%s: exit code %d\n%s%s", name, code, out.String(), errs.String())
			}
		}
		if left := treeBelow(t, dir); !slices.Equal(left, []string{"other/stays", "stays"}) {
			t.Errorf("without %q: left %q", off, left)
		}
	}
}

// mirror --delete likewise: what is behind the link is of another folder.
func TestMirrorDeleteLinks(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(t.TempDir())
	for _, name := range []string{filepath.Join(dir, "other/sub/stays"), filepath.Join(dir, "dest/old/file"), "source/new"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../../other", filepath.Join(dir, "dest/old/link")); err != nil {
		t.Fatal(err)
	}
	there, err := osfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	srv := ftptest.NewServerFS(there, nil)
	defer srv.Close()
	var out, errs bytes.Buffer
	env := &Env{Stdout: &out, Stderr: &errs, Getenv: func(key string) string {
		return map[string]string{"SEALANE_PASSWORD": ftptest.Password}[key]
	}}
	args := []string{"mirror", "--delete", "source", "ftpes://" + ftptest.User + "@" + srv.Addr + "/dest", "--pin", certs.PinOf(srv.Certificate.Leaf).String()}
	if code := Main(t.Context(), env, args); code != 0 || strings.Contains(out.String(), "stays") {
		t.Errorf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	if left := treeBelow(t, dir); !slices.Equal(left, []string{"dest/new", "other/sub/stays"}) {
		t.Errorf("left %q", left)
	}
}
