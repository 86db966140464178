package ftpserver_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// TYPE I moves every value of a byte and no byte at all as they are; beyond
// 4 GiB sizes and offsets are exact.
func TestR002Image(t *testing.T) {
	var every strings.Builder
	for i := range 256 {
		every.WriteByte(byte(i))
	}
	files := map[string]string{"every": strings.Repeat(every.String(), 300), "empty": ""}
	srv := serveTree(t, nil, nil)
	c := connect(t, srv).login()
	for name, want := range files {
		c.stor(name, want)
		if got, _ := c.retr(name); got != want {
			t.Errorf("%s came back as %d bytes", name, len(got))
		}
	}

	dir := t.TempDir()
	const size = 5<<30 + 1
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "large"), nil, 0o644), os.Truncate(filepath.Join(dir, "large"), size)); err != nil {
		t.Skipf("this disk does not hold a sparse file of that size: %v", err)
	}
	tree, err := osfs.Open(dir, osfs.With(osfs.Policy{Durability: vfs.DurableProcess}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	large := ftptest.NewServerFS(tree, nil)
	t.Cleanup(large.Close)
	c = connect(t, large).login()
	if got := c.do("SIZE large", "213"); !strings.HasPrefix(got, "213 5368709121") {
		t.Error(got)
	}
	c.do("REST 5368709118", "350")
	if got, _ := c.retr("large"); got != "\x00\x00\x00" {
		t.Errorf("the last three bytes came as %q", got)
	}
}

// the smallest set of commands that every server has, used as a client of
// that age would: in clear, with PORT, and with the defaults.
func TestR032MinimumImplementation(t *testing.T) {
	srv := serveTree(t, nil, func(s *ftpserver.Server) { inClear(s); activeMode(s) })
	c := connect(t, srv)
	c.expect("220")
	c.do("USER "+ftptest.User, "331")
	c.do("PASS "+ftptest.Password, "230")
	for _, line := range []string{"TYPE A N", "MODE S", "STRU F", "NOOP"} {
		c.do(line, "200")
	}
	l, port, _ := listenForData(t)
	c.do(port, "200")
	c.do("STOR f", "150")
	conn := accepted(t, l)
	if _, err := io.WriteString(conn, "a\r\nb\r\n"); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	c.expect("226")
	l, port, _ = listenForData(t)
	c.do(port, "200")
	c.do("RETR f", "150")
	if got, err := io.ReadAll(accepted(t, l)); string(got) != "a\r\nb\r\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	c.expect("226")
	c.do("QUIT", "221")
}

// the commands of RFC 1123 §4.1.2.13 are all there, and answer
// something else than "unknown" and, but for active mode, something else than "off".
func TestR053CommandsOfHosts(t *testing.T) {
	have := map[string]bool{}
	for _, info := range ftpserver.Commands() {
		have[info.Verb] = true
	}
	for _, verb := range strings.Fields("USER PASS ACCT PORT PASV TYPE MODE STRU RETR STOR APPE RNFR RNTO DELE CWD CDUP RMD MKD PWD LIST NLST SYST STAT HELP NOOP QUIT") {
		codes := afterLogin[verb]
		if !have[verb] || codes[0] == 500 || codes[1] == 500 || verb != "PORT" && (codes[0] == 502 || codes[1] == 502) {
			t.Errorf("%s: %v", verb, codes)
		}
	}
}

// a change of directory leaves all else as it was: type, facts, the data
// port, a marker of REST excepted.
func TestR012DirectoryAlone(t *testing.T) {
	srv := serveTree(t, map[string]string{"/d/f": "a\nb"}, nil)
	c := connect(t, srv).login()
	c.do("OPTS MLST size;", "200")
	addr := c.epsv()
	c.do("CWD d", "250")
	c.do("RETR f", "150")
	s, _ := c.secureData(addr)
	if got, err := io.ReadAll(s); string(got) != "a\nb" || err != nil {
		t.Errorf("behind CWD: %q, %v", got, err)
	}
	c.expect("226")
	if got := c.do("MLST f", "250"); !strings.Contains(got, " size=3; /d/f") {
		t.Errorf("behind CWD: %q", got)
	}
}

// an error whose text names a path, a version or somebody else is a reply
// without any of them.
func TestR175NothingInternal(t *testing.T) {
	secret := errors.New("open /srv/ftp/.journal: sealane 1.2.3 for bob: permission denied")
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Login = func(context.Context, auth.Credentials) (*auth.Grant, error) { return nil, secret }
	})
	c := connect(t, srv)
	c.authTLS()
	c.do("USER alice", "331")
	reply := c.do("PASS x", "421")
	for _, word := range []string{"/srv", "journal", "1.2.3", "bob", "permission"} {
		if strings.Contains(reply, word) {
			t.Errorf("%q tells %q", reply, word)
		}
	}
}

// sequences are the codes that RFC 959 §5.4 lists for each command. 530 and 421 are
// understood everywhere.
func sequences() map[string]string {
	store := "125 150 226 250 425 426 451 551 552 532 450 452 553 500 501"
	list := "125 150 226 250 425 426 451 450 500 501 502"
	set := "200 500 501 504"
	return map[string]string{
		"USER": "230 500 501 331 332", "PASS": "230 202 500 501 503 332", "ACCT": "230 202 500 501 503",
		"CWD": "250 500 501 502 550", "CDUP": "200 500 501 502 550", "SMNT": "202 250 500 501 502 550",
		"REIN": "120 220 500 502", "QUIT": "221 500", "PORT": "200 500 501", "PASV": "227 500 501 502",
		"MODE": set, "TYPE": set, "STRU": set, "ALLO": "200 202 500 501 504", "REST": "500 501 502 350",
		"STOR": store, "STOU": store, "APPE": store + " 550 502", "RETR": "125 150 226 250 425 426 451 450 550 500 501",
		"LIST": list, "NLST": list, "RNFR": "450 550 500 501 502 350", "RNTO": "250 532 553 500 501 502 503",
		"DELE": "250 450 550 500 501 502", "RMD": "250 500 501 502 550", "MKD": "257 500 501 502 550", "PWD": "257 500 501 502 550",
		"ABOR": "225 226 500 501 502", "SYST": "215 500 501 502", "STAT": "211 212 213 450 500 501 502", "HELP": "211 214 500 501 502",
		"SITE": "200 202 500 501", "NOOP": "200 500",
	}
}

// later are the codes that other sections and later standards add to them, and that
// are really seen.
func later() map[string]string {
	return map[string]string{
		"USER": "503",                               // behind CCC there is no new login
		"CDUP": "250",                               // RFC 959 §4.1.1: as CWD
		"REIN": "501", "QUIT": "501", "NOOP": "501", // an argument too many: RFC 959 §5.3
		"PORT": "502",                                               // RFC 2577 §3
		"STOR": "550 554 521", "APPE": "554 521", "RETR": "554 521", // RFC 3659 §5.3, RFC 4217 §10.2
		"STOU": "550",
		"LIST": "504 521 550", "NLST": "504 521 550", // 550 is what RFC 959 §4.2.2 has for what is not there
		"STAT": "503 504 550",
		"RNTO": "550",
		"SITE": "214 250 350 503 504 550", // RFC 959 §4.1.3 leaves these replies to each server
	}
}

// a command is answered with the codes that its row in RFC 959 §5.4 lists, or
// that a later standard adds: in every state, as the tables of the other tests hold
// it, and in all transcripts.
func TestR035RepliesOfTheTable(t *testing.T) {
	allowed := map[string][]string{}
	for verb, codes := range sequences() {
		allowed[verb] = strings.Fields(codes + " 530 421 " + later()[verb])
	}
	seen := map[string]bool{}
	for _, state := range []map[string][2]int{afterLogin, beforeLogin, beforeTLS} {
		for verb, codes := range state {
			for _, code := range codes {
				seen[verb+" "+codeText(code)] = true
				if ok := allowed[verb]; ok != nil && !slices.Contains(ok, codeText(code)) {
					t.Errorf("%s is answered %d", verb, code)
				}
			}
		}
	}
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, script, _ := strings.Cut(string(text), "-- script --\n")
		judgeTranscript(t, name, script, allowed, seen)
	}
	for verb, codes := range later() {
		for _, code := range strings.Fields(codes) {
			if !seen[verb+" "+code] {
				t.Errorf("no transcript has %s answered %s", verb, code)
			}
		}
	}
}

func codeText(code int) string {
	return string([]byte{byte('0' + code/100), byte('0' + code/10%10), byte('0' + code%10)})
}

// judgeTranscript gives each reply to the first command that waits for one and may
// have it. Commands that RFC 959 does not know may have any.
func judgeTranscript(t *testing.T, name, script string, allowed map[string][]string, seen map[string]bool) {
	var waiting []string
	open := "" // the code of a reply of several lines
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "redial", "login", "tls", "clear":
			waiting, open = nil, ""
		case "C:":
			verb, _, _ := strings.Cut(strings.ToUpper(rest), " ")
			waiting = append(waiting, verb)
		case "S:":
			if len(rest) < 4 || open != "" && !strings.HasPrefix(rest, open+" ") || strings.Trim(rest[:3], "0123456789") != "" {
				continue
			}
			code := rest[:3]
			if rest[3] == '-' {
				open = code
				continue
			}
			open = ""
			at := slices.IndexFunc(waiting, func(verb string) bool {
				return allowed[verb] == nil || slices.Contains(allowed[verb], code)
			})
			switch {
			case len(waiting) == 0: // a greeting, or the end
			case at < 0:
				t.Errorf("%s: %s is answered %s", name, waiting[0], code)
				waiting = waiting[1:]
			case code[0] != '1':
				seen[waiting[at]+" "+code] = true
				waiting = slices.Delete(waiting, at, at+1)
			}
		}
	}
}
