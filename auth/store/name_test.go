package store

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// hostileNames are those of S-23, V-02 and V-59 that can be no account.
var hostileNames = []string{"", ".", "..", "../x", "a/b", "/", `a\b`, "a\x00", "anna\x00]]os.execute('x')", "a\nb", "\r", "a\x7f", "a\u0085b",
	" a", "a ", "a\t", strings.Repeat("a", MaxName+1), strings.Repeat("a", 64<<10)}

func TestCheckName(t *testing.T) {
	for _, name := range hostileNames {
		if err := CheckName(name); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	for _, name := range []string{"anna", "Anna", "a b", "%s", "'; DROP TABLE accounts; --", `"`, "...", "..a", "\u00e4", "\xff", "%username%", strings.Repeat("a", MaxName)} {
		if err := CheckName(name); err != nil {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

// TestFolderName is V-02: a folder stays below its base, and is nobody else's.
func TestFolderName(t *testing.T) {
	for name, want := range map[string]string{
		"anna": "anna", "anna.b-c_2": "anna.b-c_2", "Anna": "%41nna", "a b": "a%20b", "%41nna": "%2541nna", ".a": "%2ea", "a.": "a%2e",
		"...": "%2e.%2e", "con": "%63on", "con.x": "%63on.x", "com1": "%63om1", "comx": "comx", "console": "console", "~": "%7e",
		"\u00e4": "%c3%a4", "a\u0308": "a%cc%88", "\xff": "%ff", "*": "%2a",
	} {
		if got, err := FolderName(name); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", name, got, err, want)
		}
	}
	long, err := FolderName(strings.Repeat("A", 200))
	other, otherErr := FolderName(strings.Repeat("A", 201))
	if err != nil || otherErr != nil || len(long) > 255 || long == other {
		t.Errorf("%q, %q: %v, %v", long, other, err, otherErr)
	}
	for _, name := range hostileNames {
		if got, err := FolderName(name); got != "" || !errors.Is(err, ErrInvalid) {
			t.Errorf("%.20q: %q, %v", name, got, err)
		}
	}
}

func FuzzFolderName(f *testing.F) {
	for _, name := range append(hostileNames, "anna", "Anna", "con", "\xff") {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := FolderName(name)
		if err != nil {
			return
		}
		if !filepath.IsLocal(got) || filepath.Base(got) != got || len(got) > 255 || strings.ToLower(got) != got {
			t.Errorf("%q gives %q", name, got)
		}
		if again, err := FolderName(got); err == nil && again == got && got != name {
			t.Errorf("%q and %q have one folder", name, got)
		}
	})
}
