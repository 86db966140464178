package wire

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// S-34, R-052: sequences stand anywhere in a line, in whatever pieces they come, and
// none outlives the line: its end is always found.
func TestTelnetInLines(t *testing.T) {
	for _, test := range []struct{ name, input, args, answer string }{
		{"at the end", "NOOP a\xff\xfd\x01\r\n", "a", "\xff\xfc\x01"},
		{"between CR and LF", "NOOP a\r\xff\xf1\n", "a", ""},
		{"half at the end", "NOOP a\xff\nNOOP b\n", "a b", ""},
		{"half before CR", "NOOP a\xff\r\nNOOP b\r\n", "a\xff b", ""},
		{"half an option", "NOOP a\xff\xfd\nNOOP b\n", "a b", ""},
		{"an option that is CR", "NOOP a\xff\xfd\r\nNOOP b\n", "a b", "\xff\xfc\r"},
		{"SB without SE", "NOOP a\xff\xfa\x18x\nNOOP b\n", "a b", ""},
		{"SB with IAC in it", "NOOP a\xff\xfa\x18\xff\xff\xf0x\xff\xf0b\n", "ab", ""},
		{"SB with SB in it", "NOOP a\xff\xfa\xff\xfax\xff\xf0b\n", "ab", ""},
		{"SE alone", "NOOP a\xff\xf0b\n", "ab", ""},
		{"IP, Synch, ABOR", "\xff\xf4\xff\xf2NOOP a\n", "a", ""},
		{"all the commands", "NOOP a\xff\xf1\xff\xf3\xff\xf5\xff\xf6\xff\xf7\xff\xf8\xff\xf9b\n", "ab", ""},
		{"refusals are not refused", "NOOP a\xff\xfc\x01\xff\xfe\x01\n", "a", ""},
		{"IAC before the verb's space", "NOOP\xff\xf1 a\n", "a", ""},
		{"an IAC for each of two", "NOOP \xff\xff\xff\xff\n", "\xff\xff", ""},
		{"IAC and an option", "NOOP \xff\xff\xff\xfd\x06\n", "\xff", "\xff\xfc\x06"},
		{"an option that is IAC", "NOOP a\xff\xfb\xffb\n", "ab", "\xff\xfe\xff"},
	} {
		var bytewise []string
		for i := range len(test.input) {
			bytewise = append(bytewise, test.input[i:i+1])
		}
		for how, pieces := range map[string][]string{"whole": {test.input}, "in pieces": bytewise} {
			c := feed(t, pieces...)
			var args, answer string
			for i := 0; ; i++ {
				cmd, err := c.ReadCommand()
				if err == io.EOF {
					break
				}
				if err != nil || cmd.Verb != "NOOP" {
					t.Fatalf("%s, %s: %+v, %v", test.name, how, cmd, err)
				}
				if i > 0 {
					args += " "
				}
				args, answer = args+cmd.Arg, answer+string(cmd.Telnet)
			}
			if args != test.args || answer != test.answer {
				t.Errorf("%s, %s: %q and %q, want %q and %q", test.name, how, args, answer, test.args, test.answer)
			}
		}
	}
}

// S-34, V-26: what has no end is over the limit of a line, and nothing of it is held
// but the answers to the first options.
func TestTelnetFlood(t *testing.T) {
	for name, flood := range map[string]string{
		"SB": "\xff\xfa" + strings.Repeat("x", MaxCommandLine), "SB of IAC": "\xff\xfa" + strings.Repeat("\xff", MaxCommandLine),
		"WILL": strings.Repeat("\xff\xfb\x01", MaxCommandLine), "NOP": strings.Repeat("\xff\xf1", MaxCommandLine), "SB SE": strings.Repeat("\xff\xfa\xff\xf0", MaxCommandLine),
	} {
		c := feed(t, flood)
		if _, err := c.ReadCommand(); !errors.Is(err, ErrLineTooLong) {
			t.Errorf("%s: %v", name, err)
		}
		if held := cap(c.line) + cap(c.begun.telnet.answer); held > keptBuffer {
			t.Errorf("%s: %d bytes are held", name, held)
		}
	}
}

// the refusals go out in clear, and nothing does under TLS.
func TestWriteTelnet(t *testing.T) {
	ours, theirs := tcpPair(t)
	ours.SetDeadline(time.Now().Add(time.Minute))
	c := NewConn(NewSocket(ours), time.Minute)
	refusals := []byte{telnetIAC, telnetWont, 1}
	if err := c.WriteTelnet(refusals); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(refusals))
	if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, refusals) {
		t.Errorf("in clear: %v, %v", got, err)
	}

	server, client := tlsPair(t)
	inside := NewConn(server, time.Minute)
	if err := inside.WriteTelnet(refusals); err != nil {
		t.Error(err)
	}
	inside.Close()
	if got, err := io.ReadAll(client); len(got) > 0 || err != nil {
		t.Errorf("under TLS: %v, %v", got, err)
	}
}

// tlsPair gives the two ends of a TLS connection.
func tlsPair(t *testing.T) (server, client *tls.Conn) {
	t.Helper()
	ours, theirs := tcpPair(t)
	server = tls.Server(NewSocket(ours), &tls.Config{Certificates: []tls.Certificate{testCertificate(t)}})
	client = tls.Client(theirs, &tls.Config{InsecureSkipVerify: true})
	shaken := make(chan error, 1)
	go func() { shaken <- client.Handshake() }()
	if err := errors.Join(server.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	return server, client
}

// FuzzTelnet: escaping is undone by the filter, whatever the bytes; what is no
// sequence passes, and nothing comes out that was not in.
// F-15.
func FuzzTelnet(f *testing.F) {
	for _, seed := range []string{"", "plain", "\xff", "\xff\xff", "\xff\xfa\xff", "\xff\xf0\xff\xfa\x18\xff\xf0x", "a\xffb\xff\xfd\xff\xff\xfbx"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		filter := func(in []byte) (out []byte, tn telnet) {
			for _, b := range in {
				out = tn.filter(out, b)
			}
			return out, tn
		}
		if got, tn := filter(appendEscaped(nil, string(data))); !bytes.Equal(got, data) || tn.state != telnetText || len(tn.answer) > 0 {
			t.Fatalf("escaped %q came back as %q", data, got)
		}
		got, tn := filter(data)
		if len(got) > len(data) || len(tn.answer) > maxTelnetReply || len(tn.answer)%3 != 0 {
			t.Fatalf("%q gave %q and the answer %q", data, got, tn.answer)
		}
		if bytes.IndexByte(data, telnetIAC) < 0 && !bytes.Equal(got, data) {
			t.Fatalf("%q gave %q", data, got)
		}
	})
}
