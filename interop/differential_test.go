//go:build interop && linux

package interop

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// answerTime is how long a server may take for a reply. What takes longer is one
// that waits for a data connection, which the script does not open everywhere.
const answerTime = 5 * time.Second

// step is a line of testdata/differential.txt. Its name tells it from others of
// its group that read the same.
type step struct{ group, name, line string }

// steps reads the script, whose head says what its lines mean.
func steps(t *testing.T) []step {
	t.Helper()
	text, err := os.ReadFile("testdata/differential.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []step
	group, seen := "", map[string]int{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			group = strings.Trim(line, "[]")
			clear(seen)
		default:
			name := line
			if seen[line]++; seen[line] > 1 {
				name += fmt.Sprintf(" (%d)", seen[line])
			}
			out = append(out, step{group, name, line})
		}
	}
	return out
}

// result is what a server did: by "group" and the step's name what it replied, by
// treeGroup and a path what is there in the end.
type result map[row]string

type row struct{ group, name string }

const (
	treeGroup = "(files)"
	// unique is the group of names that the server invents: only their
	// contents can be compared.
	unique = "unique"
)

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

// perform plays all steps against a server. A step that meets a session that has
// ended is done again in a new one, so that it is not taken for what ended it.
func perform(t *testing.T, script []step, at listening) result {
	t.Helper()
	p := &player{address: at.address, password: at.password}
	out := result{}
	group := ""
	for _, s := range script {
		if s.group != group {
			group = s.group
			begin(t, p, group)
		}
		got, err := p.play(s.line)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			begin(t, p, group)
			got, err = p.play(s.line)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			got = "silence"
		} else if err != nil {
			got = "closed"
		}
		if err != nil {
			begin(t, p, group)
		}
		out[row{s.group, s.name}] = got
	}
	p.conn.Close()
	plant(t, out, at.tree)
	return out
}

func begin(t *testing.T, p *player, group string) {
	t.Helper()
	if err := p.login(group); err != nil {
		t.Fatalf("the session of %s: %v", group, err)
	}
}

// plant adds the tree.
func plant(t *testing.T, out result, tree string) {
	t.Helper()
	err := filepath.WalkDir(tree, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, tree)
		if name == "/.sealane" { // where uploads that broke off are kept
			return fs.SkipDir
		}
		if e.IsDir() {
			out[row{treeGroup, quotedPath(name + "/")}] = "a folder"
			return nil
		}
		b, err := os.ReadFile(path)
		if filepath.Dir(name) == "/"+unique {
			out[row{treeGroup, fmt.Sprintf("a file in /%s of %q", unique, b)}] = "there"
			return err
		}
		out[row{treeGroup, quotedPath(name)}] = brief(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// quotedPath is a path on one line; one of many equal bytes is told by its length.
func quotedPath(path string) string {
	if len(path) > 100 {
		return fmt.Sprintf("%s... (%d bytes)", path[:20], len(path))
	}
	return strings.Trim(strconv.Quote(path), `"`)
}

// listening is a server that runs.
type listening struct{ address, tree, password string }

// F-16: the same script to other servers: each difference of a reply's first digit
// or of the files that are left is explained in testdata/compat.txt, and each
// explanation there is still true. INTEROP_COMPAT=write writes what was seen there,
// below "why ?" where it is new, and the page that is made of it.
func TestDifferential(t *testing.T) {
	script := steps(t)
	known := readCompat(t)
	all := rivals()
	results := make([]result, len(all)+1)
	t.Run("play", func(t *testing.T) { // returns when all that is parallel has ended
		t.Run("sealane", func(t *testing.T) {
			t.Parallel()
			s := serve(t, "--insecure-plaintext")
			results[len(all)] = perform(t, script, listening{net.JoinHostPort(s.host, strconv.Itoa(s.explicit)), s.dir, s.password})
		})
		for i, r := range all {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				results[i] = perform(t, script, startRival(t, r))
			})
		}
	})
	ours := results[len(all)]
	if ours == nil || t.Failed() {
		t.Fatal("not every server that began got to the end")
	}
	seen := map[row]difference{}
	complete := true
	for i, r := range all {
		if results[i] == nil {
			complete = false // it was skipped
			continue
		}
		compare(seen, r.name, ours, results[i])
	}
	if os.Getenv("INTEROP_COMPAT") == "write" {
		if !complete {
			t.Fatal("all four other servers are needed to write the page: run bench/install.sh bin/bench-servers as root")
		}
		known = known.with(order(script, seen))
		known.write(t)
	}
	for i, r := range all {
		if results[i] != nil {
			known.check(t, r.name, seen)
		}
	}
}

// compare notes in what a server differs from Sealane.
func compare(seen map[row]difference, name string, ours, theirs result) {
	for _, side := range []result{ours, theirs} {
		for at := range side {
			a, b := cmp.Or(ours[at], "nothing"), cmp.Or(theirs[at], "nothing")
			if a == b {
				continue
			}
			d, ok := seen[at]
			if !ok {
				d = difference{row: at, ours: a, theirs: map[string]string{}}
			}
			d.theirs[name] = b
			seen[at] = d
		}
	}
}

// order puts differences in the order of the script, the files behind it by name.
func order(script []step, seen map[row]difference) []difference {
	var out []difference
	for _, s := range script {
		if d, ok := seen[row{s.group, s.name}]; ok {
			out = append(out, d)
		}
	}
	var files []difference
	for at, d := range seen {
		if at.group == treeGroup {
			files = append(files, d)
		}
	}
	slices.SortFunc(files, func(a, b difference) int { return cmp.Compare(a.name, b.name) })
	return append(out, files...)
}
