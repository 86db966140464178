//go:build interop && linux

package interop

import (
	"bufio"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answerTime is how long a server may take for a reply. What takes longer is one
// that waits for a data connection, which the script does not open everywhere.
const answerTime = 5 * time.Second

// player is a client that sends what it is told and judges nothing.
type player struct {
	address, password string
	conn              net.Conn
	text              *textproto.Reader
}

// login begins a session in the folder of the group.
func (p *player) login(group string) error {
	if p.conn != nil {
		p.conn.Close()
	}
	var err error
	if p.conn, err = net.Dial("tcp", p.address); err != nil {
		return err
	}
	p.text = textproto.NewReader(bufio.NewReader(p.conn))
	if _, _, err := p.reply(); err != nil {
		return err
	}
	for _, line := range []string{"USER " + user, "PASS " + p.password, "TYPE I", "MKD /" + group, "CWD /" + group} {
		code, text, err := p.do(line)
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		if code >= 400 && line[:3] != "MKD" {
			return fmt.Errorf("%s: %d %s", line, code, text)
		}
	}
	return nil
}

func (p *player) reply() (int, string, error) {
	if err := p.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return 0, "", err
	}
	return p.text.ReadResponse(0)
}

func (p *player) do(line string) (int, string, error) {
	if _, err := io.WriteString(p.conn, line+"\r\n"); err != nil {
		return 0, "", err
	}
	return p.reply()
}

// play does one step and tells what came of it: the first digits of the replies,
// and what was received.
func (p *player) play(line string) (string, error) {
	if line[0] != '<' && line[0] != '>' {
		code, _, err := p.do(expand(line))
		return strconv.Itoa(code / 100), err
	}
	verb, content, _ := strings.Cut(line[2:], " |")
	_, text, err := p.do("PASV")
	if err != nil {
		return "", err
	}
	at := hostPort.FindStringSubmatch(text)
	if at == nil {
		return "no PASV", nil
	}
	high, _ := strconv.Atoi(at[1]) // digits, by hostPort
	low, _ := strconv.Atoi(at[2])
	data, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(high<<8|low)))
	if err != nil {
		return "", err
	}
	defer data.Close()
	code, _, err := p.do(expand(verb))
	if err != nil || code >= 200 {
		return strconv.Itoa(code / 100), err
	}
	got, err := carry(data, verb, line[0] == '>', expand(strings.TrimPrefix(content, " ")))
	if err != nil {
		return "", err
	}
	end, _, err := p.reply()
	return fmt.Sprintf("%d %d%s", code/100, end/100, got), err
}

var hostPort = regexp.MustCompile(`\d+,\d+,\d+,\d+,(\d+),(\d+)`)

// carry does what is to be done on the data connection, and closes it before the
// last reply is read: ProFTPD waits for that, ten seconds long.
func carry(data net.Conn, verb string, send bool, content string) (string, error) {
	defer data.Close()
	if err := data.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return "", err
	}
	if send {
		_, _ = io.WriteString(data, content) // that it broke off shows in the reply
		return "", nil
	}
	b, err := io.ReadAll(data)
	switch verb[:4] {
	case "RETR":
		return " " + brief(b), err
	case "NLST":
		names := strings.Split(strings.ReplaceAll(strings.TrimSpace(string(b)), "\r", ""), "\n")
		slices.Sort(names)
		return " " + several(names), err
	}
	return "", err
}

// brief shows bytes, or of many their number and a checksum.
func brief(b []byte) string {
	if len(b) > 100 {
		return fmt.Sprintf("%d bytes, CRC %08x", len(b), crc32.ChecksumIEEE(b))
	}
	return strconv.Quote(string(b))
}

// several shows names; of lines that tell more, such as times, only their number.
func several(names []string) string {
	all := strings.Join(names, " ")
	if len(all) > 140 {
		return fmt.Sprintf("%d lines", len(names))
	}
	return strconv.Quote(all)
}

var repeated = regexp.MustCompile(`<([^<>]+)\*(\d+)>`)

// expand gives what a part of the script stands for.
func expand(s string) string {
	if !strings.Contains(s, `\`) && !repeated.MatchString(s) {
		return s
	}
	out, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	if err != nil {
		out = s
	}
	return repeated.ReplaceAllStringFunc(out, func(found string) string {
		m := repeated.FindStringSubmatch(found)
		n, _ := strconv.Atoi(m[2]) // digits, by repeated
		return strings.Repeat(m[1], n)
	})
}
