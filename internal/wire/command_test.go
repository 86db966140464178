package wire

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// feed gives a Conn whose peer sends the given pieces, each with a write of its
// own, and then closes.
func feed(t testing.TB, pieces ...string) *Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		go io.Copy(io.Discard, theirs)
		for _, piece := range pieces {
			if _, err := io.WriteString(theirs, piece); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { ours.Close() })
	return NewConn(ours, time.Minute)
}

// S-32: LF alone ends a line as CRLF does; NUL, and CR elsewhere, are refused.
// S-34: IAC IAC is one 0xFF; ABOR is found behind IP and DM.
func TestReadCommand(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       Command
		err        error
	}{
		{"plain", "NOOP\r\n", Command{Verb: "NOOP"}, nil},
		{"bare LF", "NOOP\n", Command{Verb: "NOOP"}, nil},
		{"lower case", "retr a\r\n", Command{Verb: "RETR", Arg: "a", HasArg: true}, nil},
		{"spaces kept", "RETR  a b \r\n", Command{Verb: "RETR", Arg: " a b ", HasArg: true}, nil},
		{"empty argument", "LIST \r\n", Command{Verb: "LIST", HasArg: true}, nil},
		{"empty", "\r\n", Command{}, nil},
		{"digits", "xsha256 a\r\n", Command{Verb: "XSHA256", Arg: "a", HasArg: true}, nil},
		{"digit first", "1RETR a\r\n", Command{}, nil},
		{"a reply", "220 Ready\r\n", Command{}, nil},
		{"suffix is no verb", "XXQUIT\r\n", Command{Verb: "XXQUIT"}, nil},
		{"long verb", strings.Repeat("A", 17) + "\r\n", Command{}, nil},
		{"NUL", "RETR a\x00b\r\n", Command{Verb: "RETR", Arg: "a\x00b", HasArg: true}, ErrControlByte},
		{"CR inside", "RETR a\rb\r\n", Command{Verb: "RETR", Arg: "a\rb", HasArg: true}, ErrControlByte},
		{"CR NUL", "NOOP\r\x00\n", Command{}, ErrControlByte},
		{"IAC IAC", "RETR \xff\xff\r\n", Command{Verb: "RETR", Arg: "\xff", HasArg: true}, nil},
		{"IAC not doubled", "RETR \xffa\r\n", Command{Verb: "RETR", Arg: "\xffa", HasArg: true}, nil},
		{"IP DM ABOR", "\xff\xf4\xff\xf2ABOR\r\n", Command{Verb: "ABOR"}, nil},
		{"DO", "\xff\xfd\x01NOOP\r\n", Command{Verb: "NOOP", Telnet: []byte{255, 252, 1}}, nil},
		{"WILL", "\xff\xfb\x03NOOP\r\n", Command{Verb: "NOOP", Telnet: []byte{255, 254, 3}}, nil},
		{"SB", "\xff\xfa\x18\x01x\xff\xf0NOOP\r\n", Command{Verb: "NOOP"}, nil},
		{"IAC before LF", "NOOP\xff\n", Command{Verb: "NOOP"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := feed(t, test.line).ReadCommand()
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if test.err != nil && test.want.Verb == "" {
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// S-32: no meaning of read boundaries (RFC 1123 §4.1.2.10).
func TestReadCommandInPieces(t *testing.T) {
	c := feed(t, strings.Split("USER a\r\nPASS b\r\n", "")...)
	for _, want := range []string{"USER", "PASS"} {
		if cmd, err := c.ReadCommand(); err != nil || cmd.Verb != want {
			t.Errorf("got %q, %v; want %s", cmd.Verb, err, want)
		}
	}
}

// S-30, S-31: a line over the limit is an end, and its tail never a command.
func TestReadCommandTooLong(t *testing.T) {
	longest := "STOR " + strings.Repeat("x", MaxCommandLine-len("STOR \n")) + "\n"
	if _, err := feed(t, longest).ReadCommand(); err != nil {
		t.Errorf("a line of the limit: %v", err)
	}
	if _, err := feed(t, "x"+longest).ReadCommand(); !errors.Is(err, ErrLineTooLong) {
		t.Errorf("one byte more: %v", err)
	}
	iac := strings.Repeat("\xff\xfd\x01", MaxCommandLine)
	if _, err := feed(t, iac).ReadCommand(); !errors.Is(err, ErrLineTooLong) {
		t.Errorf("a flood of Telnet options: %v", err)
	}
}

// C-17: nothing of an unsafe command reaches the peer, and its tail no error.
func TestWriteCommandRefusesControlBytes(t *testing.T) {
	for _, arg := range []string{"a\r\nDELE b", "a\nb", "a\x00b"} {
		err := feed(t).WriteCommand("STOR", arg)
		if !errors.Is(err, ErrUnsafeArgument) || strings.Contains(err.Error(), "DELE") {
			t.Errorf("%q: %v", arg, err)
		}
	}
}

// F-15.
func FuzzReadCommand(f *testing.F) {
	for _, seed := range []string{"NOOP\r\n", "RETR \xff\xff\r\n", "\xff\xfa\xff\xf0ABOR\n", "a\x00\r\n", "\r\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := feed(t, string(data))
		for {
			cmd, err := c.ReadCommand()
			if err != nil && !errors.Is(err, ErrControlByte) {
				return
			}
			if len(cmd.Verb) > 16 || len(cmd.Arg) > MaxCommandLine || len(cmd.Telnet) > maxTelnetReply {
				t.Fatalf("over the limits: %+v", cmd)
			}
			if strings.Contains(cmd.Arg, "\n") || err == nil && strings.ContainsAny(cmd.Arg, "\r\x00") {
				t.Fatalf("a line end inside a command: %+v", cmd)
			}
			if strings.ToUpper(cmd.Verb) != cmd.Verb || strings.Trim(cmd.Verb, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
				t.Fatalf("not a verb: %q", cmd.Verb)
			}
		}
	})
}

// Several commands leave by one write, or, if one of them is unsafe, none.
func TestWriteCommands(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	got := make(chan string, 1)
	go func() {
		b := make([]byte, 100)
		n, _ := far.Read(b)
		got <- string(b[:n])
	}()
	c := NewConn(near, time.Minute)
	if err := c.WriteCommands([]string{"SIZE", "/f"}, []string{"MFMT", "1", "a\r\nDELE b"}); !errors.Is(err, ErrUnsafeArgument) {
		t.Errorf("unsafe: %v", err)
	}
	if err := c.WriteCommands([]string{"SIZE", "/f"}, []string{"EPSV"}); err != nil {
		t.Error(err)
	}
	if lines := <-got; lines != "SIZE /f\r\nEPSV\r\n" {
		t.Errorf("sent %q", lines)
	}
}
