package layer

import "testing"

func TestWindowsName(t *testing.T) {
	for name, want := range map[string]bool{
		"CON": true, "con": true, "con.txt": true, "Con .txt": true, "NUL": true, "aux.tar.gz": true, "COM1": true, "lpt9.x": true,
		"COM²": true, "CONIN$": true, "a.": true, "a ": true, "a:b": true, "f::$DATA": true, `a\b`: true, "a|b": true, "a\x1fb": true,
		"CONSOLE": false, "COM": false, "COM10": false, "LPTX": false, "a.con": false, ".a": false, "a b": false, "nul_": false, "ä": false,
	} {
		if got := windowsName(name); got != want {
			t.Errorf("windowsName(%q) = %v", name, got)
		}
	}
}

func TestShortName(t *testing.T) {
	for name, want := range map[string]bool{
		"PROGRA~1": true, "a~12.txt": true, "~1": true,
		"~1x": false, "a~": false, "longer-name~1": false, "a.b~1": false, "plain": false,
	} {
		if got := shortName(name); got != want {
			t.Errorf("shortName(%q) = %v", name, got)
		}
	}
}

func TestFoldCase(t *testing.T) {
	for _, same := range [][]string{
		{"abc", "ABC", "aBc"},
		{"k", "K", "\u212a"}, // the Kelvin sign
		{"s", "S", "ſ"},
		{"ÄÖ", "äö", "Äö"},
		{"Σ", "σ", "ς"},
		{"\xffA", "\xffa"},
	} {
		for _, s := range same {
			if foldCase(s) != foldCase(same[0]) {
				t.Errorf("foldCase(%q) = %q, foldCase(%q) = %q", s, foldCase(s), same[0], foldCase(same[0]))
			}
		}
	}
	for _, differ := range [][2]string{{"a", "ä"}, {"\xff", "\xfe"}, {"a", "b"}, {"\xff", "\ufffd"}} {
		if foldCase(differ[0]) == foldCase(differ[1]) {
			t.Errorf("%q and %q fold to the same", differ[0], differ[1])
		}
	}
}
