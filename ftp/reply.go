package ftp

import (
	"fmt"
	"strings"
)

// Reply is one reply of a server: a code and one or more lines of text. It is
// a value; only internal/wire turns it into bytes and back.
type Reply struct {
	Code Code
	// Lines holds the text without code and line ends. A reply always has at
	// least one line, which may be empty. The lines between the first and the
	// last are sent behind one space, as RFC 2389 §3.2 wants for FEAT and
	// RFC 3659 §7.2 for MLST.
	Lines []string
}

// Replyf makes a reply of one line.
func Replyf(code Code, format string, args ...any) Reply {
	if len(args) == 0 {
		return Reply{Code: code, Lines: []string{format}}
	}
	return Reply{Code: code, Lines: []string{fmt.Sprintf(format, args...)}}
}

// Text returns the lines joined by a newline.
func (r Reply) Text() string { return strings.Join(r.Lines, "\n") }

// IsZero reports whether r is no reply at all.
func (r Reply) IsZero() bool { return r.Code == 0 }

// String gives the reply as people write it: "226 Transfer complete".
func (r Reply) String() string { return fmt.Sprintf("%d %s", int(r.Code), r.Text()) }
