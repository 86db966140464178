package cli

import (
	"os"
	"strings"
	"testing"
)

func TestCharset(t *testing.T) {
	h := start(t, wicked{
		lists: map[string][]string{"/d\xe9/": {"type=file;size=2;modify=20200102030405; caf\xe9 \x80"}},
		files: map[string]string{"/d\xe9/caf\xe9 \x80": "ok"},
	})
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"get", "-r", "--charset", "latin1", "URL/dé", "a"}, {"get", "--charset", "windows-1252", "URL/d%C3%A9/caf*", "."},
		{"get", "--charset", "latin1", "URL/dé/café €", "b"},
	} {
		if code, out, errs := against(t.Context(), t, h, args...); code != 0 {
			t.Errorf("%q: exit code %d\n%s%s", args, code, out, errs)
		}
	}
	for _, name := range []string{"a/café €", "café €", "b"} {
		if text, err := os.ReadFile(name); err != nil || string(text) != "ok" {
			t.Errorf("%q, %v", text, err)
		}
	}
	// What does not fit is said, and nothing is sent in its place.
	if code, _, errs := against(t.Context(), t, h, "get", "--charset", "latin1", "URL/世", "c"); code == 0 || !strings.Contains(errs, "character set") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	for _, name := range []string{"utf-16", "nothing", "iso-2022-jp", "replacement"} {
		if _, err := nameCodec(name); exitCode(err) != exitUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := nameCodec("utf-8"); c != nil || err != nil {
		t.Errorf("%v, %v", c, err)
	}
}
