package ui

import (
	"strings"
	"testing"
)

// A text goes onto the screen as far as it fits, and nothing of the one before stays.
func TestScreen(t *testing.T) {
	var b strings.Builder
	s := &Screen{w: &b, size: func() (int, int) { return 5, 3 }}
	if err := s.Show([]string{"ä234567", "x", "not seen"}); err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[Hä234\x1b[K\nx\x1b[K\n\x1b[J"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	if NewScreen(&b) != nil {
		t.Error("a buffer is no terminal")
	}
}
