package trail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Syslog sends lines to a collector in the form of RFC 5424; the message is the line.
// Network is "udp" (RFC 5426), "tcp" (RFC 6587 §3.4.1: each message behind its length),
// or "unixgram" for the socket of the system.
func Syslog(network, address string) Sink {
	host, _ := os.Hostname()
	return &syslog{
		network: network, address: address,
		host: syslogName(host, 255), app: syslogName(filepath.Base(os.Args[0]), 48), pid: strconv.Itoa(os.Getpid()),
	}
}

type syslog struct {
	network, address string
	host, app, pid   string
	conn             net.Conn
	text             []byte
}

func (s *syslog) Name() string { return "syslog" }

// datagram bounds a message over UDP and unix sockets, in bytes.
const datagram = 60_000

func (s *syslog) Send(ctx context.Context, e Entry) error {
	if s.conn == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, s.network, s.address)
		if err != nil {
			return err
		}
		s.conn = conn
	}
	s.text = s.appendMessage(s.text[:0], e)
	out := s.text
	if s.network == "tcp" {
		out = append([]byte(strconv.Itoa(len(s.text))+" "), s.text...)
	} else if len(out) > datagram {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(out))
	}
	deadline, _ := ctx.Deadline()
	err := s.conn.SetWriteDeadline(deadline)
	if err == nil {
		_, err = s.conn.Write(out)
	}
	if err != nil { // half a message may have gone: begin anew
		return errors.Join(err, s.Close())
	}
	return nil
}

// facility is 13, "log audit"; severities are warning and informational (RFC 5424
// §6.2.1).
const facility = 13

func (s *syslog) appendMessage(b []byte, e Entry) []byte {
	severity := 6
	if e.Grave {
		severity = 4
	}
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(facility*8+severity), 10)
	b = append(b, ">1 "...)
	b = e.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z07:00") // six digits at most (§6.2.3.1)
	for _, field := range []string{s.host, s.app, s.pid, syslogName(string(e.Kind), 32), "-"} {
		b = append(b, ' ')
		b = append(b, field...)
	}
	b = append(b, ' ')
	return append(b, e.Text...)
}

// syslogName makes a field of the header: printable ASCII without spaces (§6).
func syslogName(s string, longest int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), longest)]
}

func (s *syslog) Close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}

// JournalSocket is where journald listens.
const JournalSocket = "/run/systemd/journal/socket"

// Journal sends lines to journald, in its own form, at the socket of that name. Each
// entry has the line as MESSAGE and some of what it says in fields.
func Journal(socket string) Sink { return &journal{address: socket, app: filepath.Base(os.Args[0])} }

type journal struct {
	address string
	app     string
	conn    net.Conn
	text    []byte
}

func (j *journal) Name() string { return "journald" }

func (j *journal) Send(ctx context.Context, e Entry) error {
	if j.conn == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unixgram", j.address)
		if err != nil {
			return err
		}
		j.conn = conn
	}
	j.text = j.appendEntry(j.text[:0], e)
	if len(j.text) > datagram {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(j.text))
	}
	deadline, _ := ctx.Deadline()
	err := j.conn.SetWriteDeadline(deadline)
	if err == nil {
		_, err = j.conn.Write(j.text)
	}
	if err != nil {
		return errors.Join(err, j.Close())
	}
	return nil
}

// appendEntry appends NAME=VALUE lines. A line of the trail has no line end in it, nor
// has any text that ParseLine gives here behind oneLine.
func (j *journal) appendEntry(b []byte, e Entry) []byte {
	priority := "6"
	if e.Grave {
		priority = "4"
	}
	field := func(name, value string) {
		if value != "" {
			b = append(append(append(append(b, name...), '='), oneLine(value)...), '\n')
		}
	}
	field("PRIORITY", priority)
	field("SYSLOG_IDENTIFIER", j.app)
	field("MESSAGE", string(e.Text))
	field("SEALANE_KIND", string(e.Kind))
	if l, err := ParseLine(e.Text); err == nil {
		field("SEALANE_SEQ", strconv.FormatUint(l.Seq, 10))
		field("SEALANE_SESSION", l.Event.Session)
		field("SEALANE_ACCOUNT", l.Event.Account)
		field("SEALANE_ADDRESS", l.Event.Address)
		field("SEALANE_VERB", l.Event.Verb)
		field("SEALANE_PATH", l.Event.Path)
		field("SEALANE_VERDICT", l.Event.Verdict)
		field("SEALANE_TIME", l.Event.Time.UTC().Format(time.RFC3339Nano))
	}
	return b
}

// oneLine escapes a text as lines of the trail have it, without the quotes.
func oneLine(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return s
	}
	quoted := appendString(nil, s)
	return string(quoted[1 : len(quoted)-1])
}

func (j *journal) Close() error {
	if j.conn == nil {
		return nil
	}
	err := j.conn.Close()
	j.conn = nil
	return err
}
