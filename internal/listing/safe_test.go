package listing

import (
	"errors"
	"strings"
	"testing"
)

// C-11: what must never become the name of a local file.
func TestSafe_C11(t *testing.T) {
	everywhere := []string{
		"", ".", "..", "/", "../x", "/etc/x", "a/b", "a/", `C:\x`, `a\..\b`, `..\x`, `\`, "a\x00b", "\x00", "a\rb", "a\nb", "a\r\n", strings.Repeat("a", 256), strings.Repeat("a", 4096),
		strings.Repeat("ä", 128),
	}
	windows := []string{
		"CON", "con", "Nul", "AUX.txt", "prn.tar.gz", "COM1", "com9.log", "LPT0", "COM¹", "CONIN$", "conout$", "CON .txt", "x:ads", "x::$DATA", "C:", "c:x", "a.", "a ", "...", "a. .", " ",
		"a<b", "a>b", `a"b`, "a|b", "a?", "*", "a\tb", "a\x1bb", "\xff", "a\xc3",
	}
	fine := []string{
		"a", "a b", " a", ".a", "..a", "a..b", "-rf", "~", "~root", "$HOME", "COM", "COM10", "CONSOLE", "CONx.txt", "LPT", "nul_", "a.CON", "ä", "e\u0301", "\u202e", strings.Repeat("a", 255),
	}
	for _, name := range everywhere {
		for _, rules := range []Rules{AnySystem, Windows} {
			if err := Safe(name, rules); !errors.Is(err, ErrUnsafe) {
				t.Errorf("%.40q, %d: %v", name, rules, err)
			}
		}
	}
	for _, name := range windows {
		if err := Safe(name, Windows); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%q: %v", name, err)
		}
		if err := Safe(name, AnySystem); err != nil {
			t.Errorf("%q is refused everywhere: %v", name, err)
		}
	}
	for _, name := range fine {
		if err := Safe(name, Windows); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// What Safe lets pass is one name in its folder, by the rules of Go too.
func FuzzSafe(f *testing.F) {
	for _, name := range []string{"a", "..", "CON", "a:b", `a\b`, "a."} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		windows, all := Safe(name, Windows), Safe(name, AnySystem)
		if all != nil && windows == nil {
			t.Errorf("%q is safe on Windows only", name)
		}
		if all == nil && (!isOneName(name) || len(name) > 255) {
			t.Errorf("%q is safe", name)
		}
	})
}
