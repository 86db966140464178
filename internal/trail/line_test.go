package trail

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func hostile() []string {
	return []string{
		"plain", "", "Grüße 世界", "a\r\nb\n{\"v\":1}", "\x1b]52;c;eA==\a", "\u009b31m", "\u202egnp.exe", "\u2028\u2029", "\x00", "\xff\xfe\"",
		"</script><script>", `back\slash "quote"`, "tag \U000e0041", "\ufffd", strings.Repeat("\x01", 100), "\xed\xa0\x80", "ends in \xc3", "_base64",
	}
}

// S-37, V-07, V-94: whatever comes from a peer (USER, paths, CLNT, ALPN, SNI, subjects of
// certificates), an event is one line of valid JSON from which all of it comes back.
func FuzzLine(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s, "x", int64(5), true)
		f.Add("x", s, int64(-1), false)
	}
	enc := newEncoder()
	f.Fuzz(func(t *testing.T, a, b string, n int64, yes bool) {
		if len(a) > maxText || len(b) > maxText {
			t.Skip("cut")
		}
		at := time.Unix(n%(1<<33), n&(1<<29-1)).UTC()
		want := Event{
			Time: at, Kind: "transfer", User: a, Path: b, To: a, Client: b, ALPN: a, SNI: b, Certificate: a, Error: b, Host: a, Account: b,
			Bytes: n, Duration: n, Resumed: yes,
		}
		raw := enc.appendLine(nil, 7, Sum{1}, &want)
		if i := bytes.IndexFunc(raw, func(r rune) bool {
			return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs, unicode.Co)
		}); i >= 0 || !utf8.Valid(raw) || !json.Valid(raw) || bytes.ContainsAny(raw, "<>&") {
			t.Fatalf("%q", raw)
		}
		got, err := ParseLine(raw)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(Line{7, Sum{1}, want}, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if again := enc.appendLine(nil, got.Seq, got.Prev, &got.Event); !bytes.Equal(raw, again) {
			t.Errorf("%s\n%s", raw, again)
		}
	})
}

// What is read may have been written by anybody.
func FuzzParseLine(f *testing.F) {
	enc := newEncoder()
	for _, s := range hostile() {
		f.Add(enc.appendLine(nil, 1, Sum{}, &Event{Time: time.Unix(0, 0), Kind: "login", User: s}))
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := ParseLine(raw)
		if err != nil {
			return
		}
		if len(l.Values()) != len(Members()) {
			t.Error("columns")
		}
		line := enc.appendLine(nil, l.Seq, l.Prev, &l.Event)
		if again, err := ParseLine(line); err != nil || again.Seq != l.Seq || again.Event.Kind != l.Event.Kind {
			t.Errorf("%s: %v", line, err)
		}
	})
}

// Verify reads whatever is in the files, in bounded memory.
func FuzzVerify(f *testing.F) {
	dir := f.TempDir()
	write(f, Options{Dir: dir, Every: 3}, 5)
	key, err := PublicKey(dir)
	if err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, activeFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add(bytes.Repeat(text, 2))
	f.Add([]byte("\n\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		v := &verifier{key: key, files: 1, r: &Report{}}
		if err := v.lines(t.Context(), File{Name: activeFile, Active: true}, bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		v.finish(fs.ErrNotExist)
		if n := len(v.r.Findings); n == 0 || n > maxFindings {
			t.Errorf("%d findings without the file head", n)
		}
	})
}

// A line without end is passed over, and the ones behind it are read.
func TestLinesAreBounded(t *testing.T) {
	r := NewLines(strings.NewReader("first\n" + strings.Repeat("x", maxLine+1) + "\nthird\nrest"))
	var got []string
	for {
		raw, err := r.Next()
		if err != nil && err != errLong && err != errCut {
			break
		}
		got = append(got, string(raw))
		if err != nil {
			got[len(got)-1] += " " + err.Error()
		}
	}
	want := []string{"first", " " + errLong.Error(), "third", "rest " + errCut.Error()}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The longest event makes a line that is read again, marked as cut.
func TestLongTexts(t *testing.T) {
	var e Event
	v := reflect.ValueOf(&e).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.String {
			v.Field(i).SetString(strings.Repeat("\xff\x01", maxText))
		}
	}
	e.Time = time.Unix(0, 0)
	raw := newEncoder().appendLine(nil, 1, Sum{}, &e)
	if len(raw) >= maxLine {
		t.Errorf("%d bytes", len(raw))
	}
	if l, err := ParseLine(raw); err != nil || !l.Event.Cut || len(l.Event.Path) != maxText {
		t.Errorf("%v", err)
	}
}

// docs/trail.md says what the code does.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/trail.md")
	if err != nil {
		t.Fatal(err)
	}
	members := "| member | type | meaning |\n|---|---|---|\n"
	for _, m := range Members() {
		if m.Name == "" || m.Doc == "" {
			t.Errorf("%+v", m)
		}
		members += "| `" + m.Name + "` | " + m.Type + " | " + m.Doc + " |\n"
	}
	kinds := "| kind | meaning |\n|---|---|\n"
	for _, k := range Kinds() {
		kinds += "| `" + k[0] + "` | " + k[1] + " |\n"
	}
	for _, table := range []string{members, kinds} {
		if !strings.Contains(string(page), table) {
			t.Errorf("docs/trail.md needs this table:\n%s", table)
		}
	}
}
