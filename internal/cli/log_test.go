package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/internal/trail"
)

// recordTrail makes a trail of these events.
func recordTrail(t *testing.T, dir string, events ...trail.Event) {
	t.Helper()
	tr, err := trail.Open(trail.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		tr.Record(e)
	}
	if err := tr.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func at(s string) time.Time {
	t, err := time.Parse(time.DateTime, s)
	if err != nil {
		panic(err)
	}
	return t
}

func someEvents() []trail.Event {
	return []trail.Event{
		{Time: at("2026-01-01 10:00:00"), Kind: "login-failed", Session: "s1", Address: "192.0.2.7", User: "anna", Method: "password", Verdict: "refused", Rule: "wrong password", Reply: 530},
		{Time: at("2026-01-01 11:00:00"), Kind: "login", Session: "s2", Address: "192.0.2.7", Account: "anna", User: "anna", Method: "password", Verdict: "ok", Reply: 230},
		{Time: at("2026-01-01 11:00:01"), Kind: "transfer", Session: "s2", Address: "192.0.2.7", Account: "anna", Verb: "STOR", Path: "/in/a b\n.txt", Type: "binary",
			Bytes: 1_500_000, Duration: 1_500_000, Rate: 1_000_000, End: "close_notify", Verdict: "ok", Reply: 226},
		{Time: at("2026-01-02 12:00:00"), Kind: "change", Session: "s3", Address: "2001:db8::1", Account: "bob", Verb: "RNTO", Path: "/x", To: "/in/=cmd|calc", Verdict: "ok"},
		{Time: at("2026-01-02 12:00:01"), Kind: "transfer", Session: "s3", Address: "2001:db8::1", Account: "bob", Verb: "RETR", Path: "/inner/\x1b[31m\xff", Type: "ascii",
			Duration: 500, End: "reset", Verdict: "failed", Reply: 426, Error: "connection reset"},
		{Time: at("2026-01-02 12:00:02"), Kind: "change", Session: "s3", Address: "2001:db8::1", Account: "bob", Verb: "DELE", Path: "/x", Verdict: "ok"},
	}
}

// run runs sealane, and gives what it printed.
func runMain(args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	env := &Env{Stdin: strings.NewReader(""), Stdout: &o, Stderr: &e, Getenv: func(string) string { return "" }}
	code = Main(context.Background(), env, args)
	return code, o.String(), e.String()
}

// The filters, alone and together, and what a person sees: no control character of a peer.
func TestLogShow(t *testing.T) {
	dir := t.TempDir()
	recordTrail(t, dir, someEvents()...)
	const (
		failed   = `2026-01-01 10:00:00  login-failed     refused  (anna)        192.0.2.7        password  530  wrong password`
		login    = `2026-01-01 11:00:00  login            ok       anna          192.0.2.7        password  230`
		upload   = `2026-01-01 11:00:01  transfer         ok       anna          192.0.2.7        STOR  /in/a b\n.txt  1.5 MB in 1.5s, 1.0 MB/s  close_notify  226`
		rename   = `2026-01-02 12:00:00  change           ok       bob           2001:db8::1      RNTO  /x  to /in/=cmd|calc`
		download = `2026-01-02 12:00:01  transfer         failed   bob           2001:db8::1      RETR  /inner/\x1b[31m\xff  0 B in 1ms, 0 B/s  reset  426  connection reset`
		deletion = `2026-01-02 12:00:02  change           ok       bob           2001:db8::1      DELE  /x`
	)
	for _, tc := range []struct {
		args []string
		want []string
	}{
		{[]string{"show", "--until", "2026-02-01"}, []string{failed, login, upload, rename, download, deletion}},
		{[]string{"show", "--account", "anna"}, []string{failed, login, upload}},
		{[]string{"show", "--account", "anna", "--account", "bob", "--kind", "transfer"}, []string{upload, download}},
		{[]string{"show", "--path", "/in"}, []string{upload, rename}},
		{[]string{"show", "--path", "/in/"}, []string{upload, rename}},
		{[]string{"show", "--address", "192.0.2.0/24", "--verdict", "refused"}, []string{failed}},
		{[]string{"show", "--address", "2001:db8::1", "--verdict", "failed"}, []string{download}},
		{[]string{"show", "--session", "s2", "--since", "2026-01-01T11:00:01Z"}, []string{upload}},
		{[]string{"show", "--since", "2026-01-01 10:00", "--until", "2026-01-01 10:01"}, []string{failed}},
		{[]string{"show", "--account", "nobody"}, nil},
		{[]string{"grep", "wrong|calc$"}, []string{failed, rename}},
		{[]string{"grep", "(?i)RETR"}, []string{download}},
		{[]string{"tail", "-n", "2", "--until", "2026-02-01"}, []string{download, deletion}},
		{[]string{"tail", "-n", "0"}, nil},
	} {
		code, out, errOut := runMain(append([]string{"log", tc.args[0], "--dir", dir}, tc.args[1:]...)...)
		want := ""
		for _, line := range tc.want {
			want += line + "\n"
		}
		if d := cmp.Diff(want, out); d != "" || code != 0 || errOut != "" {
			t.Errorf("%v: exit code %d, %s (-want +got):\n%s", tc.args, code, errOut, d)
		}
	}
	for _, args := range [][]string{
		{"show", "--verdict", "good"}, {"show", "--kind", "nonsense"}, {"show", "--address", "x"}, {"show", "--since", "yesterday"},
		{"grep", "("}, {"export", "--format", "xml"}, {"verify", "--head", "7"}, {"verify", "--key", "x"}, {"tail", "-n", "-1"}, {"sho"},
	} {
		if code, _, errOut := runMain(append([]string{"log"}, args...)...); code != exitUsage || !strings.Contains(errOut, "hint: ") {
			t.Errorf("%v: exit code %d, %s", args, code, errOut)
		}
	}
	for _, command := range []string{"show", "tail", "verify", "export", "key"} {
		if code, _, errOut := runMain("log", command, "--dir", filepath.Join(dir, "none")); code != exitOther || !strings.Contains(errOut, "there is no trail in") {
			t.Errorf("%s: exit code %d, %s", command, code, errOut)
		}
	}
}

// The forms for other programs. V-07: names cannot become formulas, lines or columns.
func TestLogExport(t *testing.T) {
	dir := t.TempDir()
	recordTrail(t, dir, someEvents()...)
	export := func(args ...string) string {
		code, out, errOut := runMain(append([]string{"log", "export", "--dir", dir, "--until", "2026-02-01"}, args...)...)
		if code != 0 || errOut != "" {
			t.Errorf("%v: exit code %d, %s", args, code, errOut)
		}
		return out
	}
	const xferlog = `Thu Jan  1 11:00:01 2026 2 192.0.2.7 1500000 /in/a_b\n.txt b _ i r anna ftps 0 * c
Fri Jan  2 12:00:01 2026 0 2001:db8::1 0 /inner/\x1b[31m\xff a _ o r bob ftps 0 * i
Fri Jan  2 12:00:02 2026 0 2001:db8::1 0 /x b _ d r bob ftps 0 * c
`
	if d := cmp.Diff(xferlog, export("--format", "xferlog")); d != "" {
		t.Errorf("xferlog (-want +got):\n%s", d)
	}
	// JSON is the lines as they are.
	lines, err := os.ReadFile(filepath.Join(dir, "trail.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	json := export("--format", "json")
	if json == "" || !strings.Contains(string(lines), json) || strings.Count(json, "\n") != len(someEvents()) {
		t.Errorf("not the lines:\n%s", json)
	}
	if _, out, _ := runMain("log", "show", "--json", "--dir", dir, "--until", "2026-02-01"); out != json {
		t.Errorf("show --json:\n%s", out)
	}
	table, err := csv.NewReader(strings.NewReader(export("--format", "csv"))).ReadAll()
	if err != nil || len(table) != len(someEvents())+1 {
		t.Fatalf("%d rows, %v", len(table), err)
	}
	column := func(name string) int {
		for i, s := range table[0] {
			if s == name {
				return i
			}
		}
		t.Fatalf("no column %s", name)
		return 0
	}
	if got := table[3][column("path")]; got != `/in/a b\n.txt` {
		t.Errorf("path %q", got)
	}
	if got := table[3][column("bytes")]; got != "1500000" {
		t.Errorf("bytes %q", got)
	}
	// A formula as a whole text.
	formula := t.TempDir()
	recordTrail(t, formula, trail.Event{Kind: "login-failed", User: "=cmd|' /C calc'!A0", Verdict: "refused"})
	if _, out, _ := runMain("log", "export", "--format", "csv", "--dir", formula); !strings.Contains(out, `,'=cmd|`) {
		t.Errorf("a formula:\n%s", out)
	}
}

// Verify ends with 8 where there is something, names the place, and prints what to keep
// elsewhere.
func TestLogVerify(t *testing.T) {
	dir := t.TempDir()
	recordTrail(t, dir, someEvents()...)
	code, out, errOut := runMain("log", "verify", "--dir", dir)
	if code != 0 || errOut != "" || !strings.Contains(out, "verified: 10 lines in 1 file, all as they were written\n") {
		t.Fatalf("exit code %d, %s\n%s", code, errOut, out)
	}
	_, head, _ := strings.Cut(out, "head      ")
	head = strings.TrimSpace(head)
	code, key, _ := runMain("log", "key", "--dir", dir)
	key = strings.TrimSpace(key)
	if code != 0 || !strings.HasPrefix(key, "ed25519:") {
		t.Fatalf("exit code %d, key %q", code, key)
	}
	if code, out, errOut := runMain("log", "verify", "--dir", dir, "--head", head, "--key", key); code != 0 {
		t.Errorf("exit code %d, %s\n%s", code, errOut, out)
	}
	if code, _, _ := runMain("log", "verify", "--dir", dir, "--head", "3:"+strings.Repeat("0", 64)); code != exitFindings {
		t.Errorf("another head: exit code %d", code)
	}
	name := filepath.Join(dir, "trail.jsonl")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Replace(text, []byte(`"bytes":1500000`), []byte(`"bytes":1500001`), 1)
	if err := os.WriteFile(name, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut = runMain("log", "verify", "--dir", dir)
	if code != exitFindings || !strings.HasPrefix(out, "trail.jsonl:5 (number 5): the line was changed") ||
		!strings.Contains(errOut, "1 finding\nhint: ") || strings.Contains(out, "verified") {
		t.Errorf("exit code %d, %s\n%s", code, errOut, out)
	}
	var got verifiedJSON
	code, out, _ = runMain("log", "verify", "--dir", dir, "--json")
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitFindings || got.OK || got.Lines != 10 || got.Head != head ||
		len(got.Findings) != 1 || got.Findings[0].Line != 5 || got.Findings[0].Seq != 5 || got.Findings[0].File != "trail.jsonl" {
		t.Errorf("%v, exit code %d: %s", err, code, out)
	}
	// A damaged line is passed over by the others, which say so.
	if err := os.WriteFile(name, bytes.Replace(text, []byte(`"bytes":1500000`), []byte(`"bytes:1500000`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut = runMain("log", "show", "--dir", dir, "--kind", "transfer")
	if code != 0 || strings.Count(out, "\n") != 1 || !strings.Contains(errOut, "1 line cannot be read; sealane log verify says which") {
		t.Errorf("exit code %d, %s\n%s", code, errOut, out)
	}
}

// tail -f shows what is added, over a rotation, too.
func TestLogTailFollows(t *testing.T) {
	dir := t.TempDir()
	recordTrail(t, dir, someEvents()...)
	tr, err := trail.Open(trail.Options{Dir: dir, MaxSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		env := &Env{Stdin: strings.NewReader(""), Stdout: w, Stderr: io.Discard, Getenv: func(string) string { return "" }}
		code <- Main(ctx, env, []string{"log", "tail", "-f", "-n", "1", "--kind", "change", "--json", "--dir", dir})
		w.Close()
	}()
	lines := trail.NewLines(r)
	next := func() string {
		raw, err := lines.Next()
		if err != nil {
			t.Fatal(err)
		}
		l, err := trail.ParseLine(raw)
		if err != nil {
			t.Fatal(err)
		}
		return l.Event.Path
	}
	if got := next(); got != "/x" {
		t.Errorf("the last line is of %s", got)
	}
	for _, name := range []string{"/first", "/second", "/third"} { // each in a file of its own
		tr.Record(trail.Event{Kind: "change", Verb: "MKD", Path: name})
		if got := next(); got != name {
			t.Errorf("%s, want %s", got, name)
		}
	}
	// Many files come and go between two looks.
	const most = 30
	recorded := make(chan error, 1)
	go func() {
		for i := range most {
			tr.Record(trail.Event{Kind: "change", Verb: "MKD", Path: fmt.Sprint(i)})
			p, err := trail.Prepare(trail.Options{Dir: dir, MaxSize: 1}, tr) // it is written at once
			if err == nil {
				err = tr.Change(ctx, p)
			}
			if err != nil {
				recorded <- err
				return
			}
		}
		recorded <- nil
	}()
	for i := range most {
		if got := next(); got != fmt.Sprint(i) {
			t.Errorf("%s, want %d", got, i)
		}
	}
	if err := <-recorded; err != nil {
		t.Error(err)
	}
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
	if err := tr.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}
