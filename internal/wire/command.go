package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// MaxCommandLine bounds a command line, in bytes on the wire: a path of 4 KiB,
// every byte of it doubled as IAC, and room for the verb.
const MaxCommandLine = 2*4096 + 256

var (
	// ErrLineTooLong means that a line went over its limit. What follows on the
	// connection is the rest of that line, so nothing more may be read from it:
	// the rest must never run as a command of its own (CVE-2008-4242).
	ErrLineTooLong = errors.New("wire: line too long")

	// ErrControlByte means that a command line held a NUL, or a CR elsewhere than
	// before its LF. The line has been read whole; the next one may be read.
	ErrControlByte = errors.New("wire: NUL or CR inside a command line")

	// ErrUnsafeArgument is returned by WriteCommand, before a byte is sent, for
	// a verb or an argument that would break the line.
	ErrUnsafeArgument = errors.New("wire: CR, LF or NUL inside a command")
)

// Command is one command line, taken apart.
type Command struct {
	// Verb is in upper case, and empty if the line does not begin with one to
	// sixteen letters and digits, a letter first, that stand alone or before a space.
	Verb string
	// Arg is everything behind the one space that follows the verb, byte for
	// byte: names may begin and end with spaces (RFC 2640 §3.1).
	Arg string
	// HasArg tells "VERB " with an empty argument from "VERB".
	HasArg bool
	// Telnet holds the refusals of the Telnet options that the peer offered
	// before or in this line, to be sent by WriteTelnet. At most 48 bytes.
	Telnet []byte
}

// begun is what there is of a command line whose end has not come.
type begun struct {
	telnet telnet
	read   int // bytes, as on the wire
}

// ReadCommand reads one line. A line ends with LF; a CR before it belongs to the
// end, so that bare LF is taken for CR LF in every command alike. Errors are
// ErrLineTooLong, ErrControlByte, and those of the connection. After
// os.ErrDeadlineExceeded the next call goes on where this one was cut off: nothing
// of the line is lost.
func (c *Conn) ReadCommand() (Command, error) {
	for ; ; c.begun.read++ {
		if c.begun.read == MaxCommandLine {
			return Command{}, ErrLineTooLong
		}
		b, err := c.br.ReadByte()
		if err != nil {
			return Command{}, err
		}
		if b == '\n' {
			// LF ends the line even inside a Telnet sequence: a peer that sends
			// half of one must not be able to hide line ends from us.
			break
		}
		c.line = c.begun.telnet.filter(c.line, b)
	}
	line := bytes.TrimSuffix(c.line, []byte{'\r'})
	cmd := parseCommand(string(line))
	cmd.Telnet = c.begun.telnet.answer
	unsafe := bytes.IndexByte(line, '\r') >= 0 || bytes.IndexByte(line, 0) >= 0
	c.line, c.begun = keep(c.line), begun{}
	if unsafe {
		return cmd, ErrControlByte
	}
	return cmd, nil
}

func parseCommand(line string) Command {
	const longest = 16
	verb, arg, found := strings.Cut(line, " ")
	if len(verb) > longest {
		verb = ""
	}
	for i := range len(verb) {
		letter := verb[i]|0x20 >= 'a' && verb[i]|0x20 <= 'z'
		// XSHA256 and MD5 hold digits; a reply ("220 Ready") must be no command.
		if digit := verb[i] >= '0' && verb[i] <= '9'; !letter && (!digit || i == 0) {
			return Command{}
		}
	}
	return Command{Verb: strings.ToUpper(verb), Arg: arg, HasArg: found}
}

// WriteCommand sends one command line. Without arg the verb stands alone. CR, LF
// and NUL in either are ErrUnsafeArgument: no name may become a command
// (CVE-2017-3533).
func (c *Conn) WriteCommand(verb string, arg ...string) error {
	return c.writeLines(func(b []byte) ([]byte, error) { return appendCommand(b, verb, arg) })
}

// WriteCommands sends several command lines by one write, each of them a verb and
// its arguments. If one of them is ErrUnsafeArgument, none is sent.
func (c *Conn) WriteCommands(lines ...[]string) error {
	return c.writeLines(func(b []byte) ([]byte, error) {
		var err error
		for _, line := range lines {
			if b, err = appendCommand(b, line[0], line[1:]); err != nil {
				break
			}
		}
		return b, err
	})
}

func (c *Conn) writeLines(appendTo func([]byte) ([]byte, error)) error {
	out, err := appendTo(c.out[:0])
	defer func() { c.out = keep(out) }()
	if err != nil {
		return err
	}
	return c.flush(out)
}

func appendCommand(b []byte, verb string, arg []string) ([]byte, error) {
	begin := len(b)
	b = append(b, verb...)
	for _, a := range arg {
		b = append(b, ' ')
		b = appendEscaped(b, a)
	}
	if bytes.ContainsAny(b[begin:], "\r\n\x00") {
		return b, fmt.Errorf("%s: %w", strings.ToValidUTF8(firstWord(verb), "?"), ErrUnsafeArgument)
	}
	return append(b, '\r', '\n'), nil
}

// firstWord keeps an unsafe verb from carrying its tail into an error.
func firstWord(verb string) string {
	if i := strings.IndexAny(verb, " \r\n\x00"); i >= 0 {
		return verb[:i]
	}
	return verb
}

// WriteTelnet sends the refusals of Command.Telnet. Under TLS they are dropped:
// no client negotiates there, and an answer would only confuse it.
func (c *Conn) WriteTelnet(answer []byte) error {
	if len(answer) == 0 || c.tls != nil {
		return nil
	}
	return c.flush(answer)
}
