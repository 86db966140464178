package certs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

// The bounds of a file of known hosts.
const (
	maxKnownFile = 4 << 20
	maxKnownLine = 4096
)

// ErrKnownHosts is wrapped by the errors about what is in a file of known hosts.
var ErrKnownHosts = errors.New("the list of known servers cannot be used")

// knownFile is a file of known hosts in memory.
type knownFile struct{ lines []knownLine }

// knownLine is a server, or a line that is kept as it is.
type knownLine struct {
	host *KnownHost
	text string
}

func (f *knownFile) hosts() []KnownHost {
	var all []KnownHost
	for _, l := range f.lines {
		if l.host != nil {
			all = append(all, *l.host)
		}
	}
	return all
}

func (f *knownFile) find(address string) *KnownHost {
	for _, l := range f.lines {
		if l.host != nil && l.host.Address == address {
			return l.host
		}
	}
	return nil
}

func (f *knownFile) put(h KnownHost) error {
	host, port, err := net.SplitHostPort(h.Address)
	if err != nil || strings.Trim(host, ".") == "" || port == "" {
		return fmt.Errorf("%w: %.80q is not host and port", ErrKnownHosts, h.Address)
	}
	h.Address = KnownAddress(host, port)
	h.First, h.Last = h.First.UTC().Truncate(time.Second), h.Last.UTC().Truncate(time.Second)
	text := h.line()
	if len(text) > maxKnownLine {
		return fmt.Errorf("%w: the line of %.80q would be longer than %d bytes", ErrKnownHosts, h.Address, maxKnownLine)
	}
	for i, l := range f.lines {
		if l.host != nil && l.host.Address == h.Address {
			f.lines[i] = knownLine{&h, text}
			return nil
		}
	}
	f.lines = append(f.lines, knownLine{&h, text})
	return nil
}

func (f *knownFile) text() []byte {
	var b bytes.Buffer
	for _, l := range f.lines {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// line is h as a line of the file.
func (h *KnownHost) line() string {
	how := "verified"
	if h.Trusted {
		how = "trusted"
	}
	fields := []string{escapeAddress(h.Address), h.Key.String(), how, h.First.Format(time.RFC3339), h.Last.Format(time.RFC3339)}
	if h.TLS13 {
		fields = append(fields, "tls1.3")
	}
	if h.Resumed {
		fields = append(fields, "resumed")
	}
	return strings.Join(append(fields, h.extra...), " ")
}

// escapeAddress writes as %XX what could be taken for something else in a line of
// the file, or drive a terminal.
func escapeAddress(address string) string {
	var b strings.Builder
	for i := range len(address) {
		c := address[i]
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// parseKnown reads a file of known hosts; name is for errors.
func parseKnown(r io.Reader, name string) (*knownFile, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxKnownFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxKnownFile {
		return nil, fmt.Errorf("%w: %s is larger than 4 MiB; check the path", ErrKnownHosts, name)
	}
	f := &knownFile{}
	seen := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxKnownFile+1)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimRight(lines.Text(), " \t\r")
		h, err := parseKnownLine(text)
		if err == nil && h != nil && seen[h.Address] > 0 {
			err = fmt.Errorf("the server stands in line %d already", seen[h.Address])
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s:%d: %w; correct the line or delete it", ErrKnownHosts, name, n, err)
		}
		if h != nil {
			seen[h.Address] = n
		}
		f.lines = append(f.lines, knownLine{h, text})
	}
	return f, lines.Err()
}

// parseKnownLine reads one line: a server, or nil for a comment or nothing.
func parseKnownLine(text string) (*KnownHost, error) {
	if len(text) > maxKnownLine {
		return nil, fmt.Errorf("it is longer than %d bytes", maxKnownLine)
	}
	fields := strings.Fields(text)
	if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
		return nil, nil
	}
	if len(fields) < 5 {
		return nil, errors.New("it needs address, key, how, first and last")
	}
	h := &KnownHost{}
	address, err := url.PathUnescape(fields[0])
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || strings.Trim(host, ".") == "" || port == "" {
		return nil, errors.New("the address is not HOST:PORT")
	}
	h.Address = KnownAddress(host, port)
	if h.Key, err = ParsePin(fields[1]); err != nil {
		return nil, errors.New("the key is not sha256/BASE64 (44 characters)")
	}
	switch fields[2] {
	case "trusted":
		h.Trusted = true
	case "verified":
	default:
		return nil, errors.New("the third word must be trusted or verified")
	}
	for i, t := range []*time.Time{&h.First, &h.Last} {
		if *t, err = time.Parse(time.RFC3339, fields[3+i]); err != nil {
			return nil, errors.New("a time is not of the form 2026-01-02T15:04:05Z")
		}
		*t = t.UTC()
	}
	for _, word := range fields[5:] {
		switch word {
		case "tls1.3":
			h.TLS13 = true
		case "resumed":
			h.Resumed = true
		default:
			h.extra = append(h.extra, word)
		}
	}
	return h, nil
}
