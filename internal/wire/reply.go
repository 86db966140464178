package wire

import (
	"errors"
	"strconv"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// Limits of what a client reads as one reply (GHSA-rpmf, CVE-2018-1000300).
const (
	MaxReplyLine  = 64 << 10 // bytes, line end included
	MaxReplyLines = 1000
	MaxReplyBytes = 1 << 20 // of all lines together
)

// ErrBadReply means that the peer sent something that is no FTP reply, or one
// over the limits.
var ErrBadReply = errors.New("wire: not a valid FTP reply")

// WriteReply sends r with one write. The lines are made safe here, in the one
// place where all replies pass: CR, LF and NUL become "?", so that no name can
// forge a reply line, and IAC is doubled.
func (c *Conn) WriteReply(r ftp.Reply) error {
	c.out = AppendReply(c.out[:0], r)
	defer func() { c.out = keep(c.out) }()
	return c.flush(c.out)
}

// AppendReply appends the bytes of r to b (RFC 959 §4.2): "xyz-first", " middle",
// "xyz last".
func AppendReply(b []byte, r ftp.Reply) []byte {
	lines := r.Lines
	if len(lines) == 0 {
		lines = []string{""}
	}
	for i, line := range lines {
		switch {
		case i == len(lines)-1:
			b = strconv.AppendInt(b, int64(r.Code), 10)
			b = append(b, ' ')
		case i == 0:
			b = strconv.AppendInt(b, int64(r.Code), 10)
			b = append(b, '-')
		default:
			b = append(b, ' ')
		}
		b = appendEscaped(b, lineSafe.Replace(line))
		b = append(b, '\r', '\n')
	}
	return b
}

var lineSafe = strings.NewReplacer("\r", "?", "\n", "?", "\x00", "?")

// ReadReply reads one reply, of however many lines. The line behind "xyz-" and
// the lines in between lose one leading space, or a repeated "xyz-".
func (c *Conn) ReadReply() (ftp.Reply, error) {
	line, err := c.readReplyLine()
	if err != nil {
		return ftp.Reply{}, err
	}
	code, more, ok := replyCode(line)
	if !ok {
		return ftp.Reply{}, ErrBadReply
	}
	r := ftp.Reply{Code: code, Lines: []string{replyText(line)}}
	for total := len(line); more; {
		if line, err = c.readReplyLine(); err != nil {
			return ftp.Reply{}, err
		}
		total += len(line)
		if len(r.Lines) == MaxReplyLines || total > MaxReplyBytes {
			return ftp.Reply{}, ErrBadReply
		}
		again, dash, ok := replyCode(line)
		switch {
		case ok && again == code && !dash:
			more = false
			line = replyText(line)
		case ok && again == code:
			line = line[4:]
		default:
			line = strings.TrimPrefix(line, " ")
		}
		r.Lines = append(r.Lines, line)
	}
	return r, nil
}

// replyCode takes the code of a line: three digits, then space, hyphen, or the
// end of the line.
func replyCode(line string) (code ftp.Code, dash, ok bool) {
	if len(line) < 3 {
		return 0, false, false
	}
	n := 0
	for i := range 3 {
		if line[i] < '0' || line[i] > '9' {
			return 0, false, false
		}
		n = n*10 + int(line[i]-'0')
	}
	if len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, false, false
	}
	code = ftp.Code(n)
	return code, len(line) > 3 && line[3] == '-', code.Valid()
}

func replyText(line string) string {
	if len(line) < 4 {
		return ""
	}
	return line[4:]
}

func (c *Conn) readReplyLine() (string, error) {
	line, tn := c.line[:0], telnet{}
	for n := 0; ; n++ {
		if n == MaxReplyLine {
			return "", ErrBadReply
		}
		b, err := c.br.ReadByte()
		if err != nil {
			return "", err
		}
		if b == '\n' {
			break
		}
		line = tn.filter(line, b)
	}
	c.line = keep(line)
	return strings.TrimSuffix(string(line), "\r"), nil
}
