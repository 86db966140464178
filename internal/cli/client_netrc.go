package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sealane/sealane/internal/config"
)

// Bounds of a netrc file.
const (
	maxNetrc      = 1 << 20 // bytes
	maxNetrcToken = 4096
)

// netrcEntry is a machine of a netrc file.
type netrcEntry struct {
	machine  string // "" is default
	login    string
	password string
	account  string // known to FTP and used by no server of today: read, so that files which have it are not refused

	hasPassword bool
}

// errNetrc is the kind of all errors in the text of a netrc file.
var errNetrc = errors.New("not a netrc file")

// parseNetrc reads a netrc file as ftp(1) knows it: machine, default, login, password,
// account, macdef, and comments, which begin with "#" where no value stands. A word may stand in
// double quotes, with \" and \\ in it, as curl has it. Errors name a line and nothing
// that is in it.
func parseNetrc(text string) ([]netrcEntry, error) {
	p := &netrcParser{text: text, line: 1}
	var entries []netrcEntry
	for {
		word, ok, err := p.next(true)
		if err != nil || !ok {
			return entries, err
		}
		switch word {
		case "machine":
			name, err := p.value()
			if err != nil {
				return nil, err
			}
			if name == "" {
				return nil, p.failf("the machine has no name")
			}
			entries = append(entries, netrcEntry{machine: name})
		case "default":
			entries = append(entries, netrcEntry{})
		case "macdef":
			if _, err := p.value(); err != nil {
				return nil, err
			}
			p.skipMacro()
		default:
			if len(entries) == 0 {
				return nil, p.failf("a word stands before the first machine")
			}
			if err := p.field(word, &entries[len(entries)-1]); err != nil {
				return nil, err
			}
		}
	}
}

// netrcParser takes words off a text.
type netrcParser struct {
	text string
	line int
}

func (p *netrcParser) failf(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", errNetrc, p.line, fmt.Sprintf(format, args...))
}

// field reads the value of word into e. A word that nobody knows may be a slip behind
// which a password stands: it is refused and not shown.
func (p *netrcParser) field(word string, e *netrcEntry) error {
	var into *string
	switch word {
	case "login", "user":
		into = &e.login
	case "password":
		into, e.hasPassword = &e.password, true
	case "account":
		into = &e.account
	default:
		return p.failf("a word is not one of machine, default, login, password, account, macdef")
	}
	if *into != "" {
		return p.failf("%s comes twice for one machine", word)
	}
	var err error
	*into, err = p.value()
	return err
}

// value is the word that has to follow another.
func (p *netrcParser) value() (string, error) {
	word, ok, err := p.next(false)
	if err == nil && !ok {
		err = p.failf("the file ends where a value is missing")
	}
	return word, err
}

// next takes the next word; ok is false at the end. A password may begin with "#".
func (p *netrcParser) next(comments bool) (word string, ok bool, err error) {
	for p.text != "" {
		switch c := p.text[0]; {
		case c == '\n':
			p.line++
			p.text = p.text[1:]
		case isBlank(c):
			p.text = p.text[1:]
		case c == '#' && comments:
			p.text = p.text[len(untilLF(p.text)):]
		case c == '"':
			return p.quoted()
		default:
			end := strings.IndexAny(p.text, " \t\r\n\f\v")
			if end < 0 {
				end = len(p.text)
			}
			word, p.text = p.text[:end], p.text[end:]
			return word, true, p.checkWord(word)
		}
	}
	return "", false, nil
}

// quoted takes a word in double quotes.
func (p *netrcParser) quoted() (string, bool, error) {
	var b strings.Builder
	for i := 1; i < len(p.text); i++ {
		switch c := p.text[i]; c {
		case '"':
			p.text = p.text[i+1:]
			if p.text != "" && !isBlank(p.text[0]) && p.text[0] != '\n' {
				return "", false, p.failf("something follows a quote without a space")
			}
			return b.String(), true, p.checkWord(b.String())
		case '\n':
			return "", false, p.failf("a quote does not end")
		case '\\':
			if i++; i == len(p.text) || p.text[i] == '\n' {
				return "", false, p.failf("a quote does not end")
			}
			switch c := p.text[i]; c {
			case '"', '\\', ' ':
				b.WriteByte(c)
			case 't':
				b.WriteByte('\t')
			default: // \n and \r could never be a user or a password
				return "", false, p.failf(`behind a backslash stands something else than ", \, t or a space`)
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", false, p.failf("a quote does not end")
}

// checkWord refuses what no command could carry (CVE-2017-3533).
func (p *netrcParser) checkWord(word string) error {
	switch {
	case len(word) > maxNetrcToken:
		return p.failf("a word is longer than %d bytes", maxNetrcToken)
	case strings.ContainsAny(word, "\x00\r\n"):
		return p.failf("a word holds NUL or CR")
	}
	return nil
}

// skipMacro passes over the commands of a macro, which end with an empty line.
func (p *netrcParser) skipMacro() {
	p.skipLine() // what is left of the line of macdef
	for p.text != "" {
		if strings.TrimRight(p.skipLine(), "\r") == "" {
			return
		}
	}
}

func (p *netrcParser) skipLine() string {
	line := untilLF(p.text)
	p.text = p.text[len(line):]
	if p.text != "" {
		p.text = p.text[1:]
		p.line++
	}
	return line
}

func untilLF(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' }

// findNetrc gives the first entry for the host, and for the user if one is given, or
// else the default, which counts only where it stands behind all machines that fit.
// An entry of another user of the host is never taken (CVE-2026-8926).
func findNetrc(entries []netrcEntry, host, user string) (netrcEntry, bool) {
	for _, e := range entries {
		if e.machine != "" && !strings.EqualFold(e.machine, host) {
			continue
		}
		if e.login == "" && user == "" || user != "" && e.login != "" && e.login != user {
			continue
		}
		return e, true
	}
	return netrcEntry{}, false
}

// netrc gives the entry for a host and user from the file that is named by the flag or
// by NETRC, or lies in the home folder. A file that is named must be there.
func (f *clientFlags) netrc(env *Env, host, user string) (netrcEntry, bool, error) {
	name, named := f.netrcFile, true
	if name == "" {
		name = env.Getenv("NETRC")
	}
	if name == "" {
		name, named = homeNetrc(env), false
	}
	if name == "" {
		return netrcEntry{}, false, nil
	}
	text, err := readNetrc(name)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return netrcEntry{}, false, nil
	}
	if err != nil {
		return netrcEntry{}, false, err
	}
	entries, err := parseNetrc(text)
	if err != nil {
		return netrcEntry{}, false, withHint(fmt.Errorf("cannot use %s: %w", name, err),
			`entries look like: machine HOST login USER password "PASSWORD"`)
	}
	e, ok := findNetrc(entries, host, user)
	return e, ok, nil
}

func homeNetrc(env *Env) string {
	home, name := env.Getenv("HOME"), ".netrc"
	if runtime.GOOS == "windows" {
		home, name = env.Getenv("USERPROFILE"), "_netrc"
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, name)
}

// readNetrc reads the file, unless others can.
func readNetrc(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file", name)
	case config.OthersCanRead(info):
		return "", withHint(usagef("others can read %s, which may hold passwords", name), "chmod 600 %s", name)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxNetrc+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxNetrc {
		return "", fmt.Errorf("%s is larger than %d bytes", name, maxNetrc)
	}
	return string(text), nil
}
