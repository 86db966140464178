package ui

import (
	"bytes"
	"io"
	"os"

	"golang.org/x/term"
)

// Screen shows one text after another at the same place of a terminal, without flicker.
type Screen struct {
	w    io.Writer
	size func() (columns, rows int)
}

// NewScreen takes the terminal of w; it is nil if w is none.
func NewScreen(w io.Writer) *Screen {
	f, ok := w.(*os.File)
	if !ok || !IsTerminal(w) {
		return nil
	}
	return &Screen{w: w, size: func() (int, int) {
		columns, rows, err := term.GetSize(int(f.Fd()))
		if err != nil || columns == 0 {
			return 80, 24
		}
		return columns, rows
	}}
}

// Show puts lines onto the screen, as many as fit, and cuts long ones. They must be safe for
// a terminal.
func (s *Screen) Show(lines []string) error {
	columns, rows := s.size()
	var b bytes.Buffer
	b.WriteString("\x1b[H") // to the top
	for i, line := range lines {
		if i == rows-1 {
			break
		}
		b.WriteString(cut(line, columns))
		b.WriteString("\x1b[K\n") // nothing is left of the line before
	}
	b.WriteString("\x1b[J") // nor of the lines below
	_, err := s.w.Write(b.Bytes())
	return err
}

// Begin empties the screen. What is shown last stays at the end.
func (s *Screen) Begin() error {
	_, err := io.WriteString(s.w, "\x1b[2J")
	return err
}
