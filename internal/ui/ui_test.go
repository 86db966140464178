package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vbauerster/mpb/v8"
)

// C-16, R-094: nothing of a peer may drive the terminal; what cannot be shown is shown
// in hexadecimal.
func TestSafe_C16(t *testing.T) {
	for in, want := range map[string]string{
		"plain name.txt":          "plain name.txt",
		"Grüße 世界":                "Grüße 世界",
		`C:\x`:                    `C:\x`,
		"\x1b]52;c;eA==\a":        `\x1b]52;c;eA==\x07`,
		"a\rb\nc\td":              `a\rb\nc\td`,
		"back\bspace\x7f":         `back\x08space\x7f`,
		"c1 \u009b31m":            `c1 \u009b31m`,
		"bidi \u202egnp.exe":      `bidi \u202egnp.exe`,
		"zero\u200bwidth":         `zero\u200bwidth`,
		"raw \xff\xfe \\":         `raw \xff\xfe \\`,
		"separator \u2028 \u2029": `separator \u2028 \u2029`,
		"tag \U000e0041":          `tag \U000e0041`,
		"replacement \ufffd":      "replacement \ufffd",
	} {
		if got := Safe(in); got != want {
			t.Errorf("Safe(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWriteJSON_C16(t *testing.T) {
	in := "\x1b[31m \u009b \u202e \u2028 \U000e0041 ü \x7f"
	var b bytes.Buffer
	if err := WriteJSON(&b, map[string]string{"name": in}); err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSuffix(b.String(), "\n")
	if !harmless(line) {
		t.Errorf("dangerous: %q", line)
	}
	var out map[string]string
	if err := json.Unmarshal([]byte(line), &out); err != nil || out["name"] != in {
		t.Errorf("got back %q, %v", out["name"], err)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -12: "-12"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 files", 1: "1 file", 2: "2 files", 1000: "1,000 files", -1: "-1 files"} {
		if got := Counted(n, "file"); got != want {
			t.Errorf("Counted(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 1500000: "1.5 MB", 999999: "1.0 MB", 1 << 62: "4.6 EB"} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %s, want %s", n, got, want)
		}
	}
	if got := Rate(3000, 2*time.Second); got != "1.5 kB/s" {
		t.Error(got)
	}
	if got := Rate(5, 0); got != "-" {
		t.Error(got)
	}
}

func TestBoardLine(t *testing.T) {
	b := &Bar{name: "f", from: 500, size: 1000}
	b.done.Store(750)
	if got, want := b.textAfter(time.Second), " 75%  750 B  250 B/s  1s left  f"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b.size = -1
	if got, want := b.textAfter(time.Second), "750 B  250 B/s  f"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for in, want := range map[string]int{strings.Repeat("x", 100): 29, strings.Repeat("ü", 100): 29, strings.Repeat("世", 100): 14, "short": 5} {
		if got := len([]rune(cut(in, 30))); got != want {
			t.Errorf("%q: %d characters, want %d", in, got, want)
		}
	}
}

// C-16: of a name that would drive the terminal, the bars show the escaped form.
func TestBoard_C16(t *testing.T) {
	var out bytes.Buffer
	b := newBoard(&out, true, mpb.WithAutoRefresh())
	evil := "\x1b]52;c;eA==\a\r\b\u202egnp.exe"
	b.Expect(1000)
	bar := b.File(evil, 1000, 0)
	b.Set(bar, 500)
	fmt.Fprintf(b, "%s\n", Safe(evil))
	b.End(bar, true)
	if next := b.File("next", -1, 0); next.line != bar.line {
		t.Error("the next file has another line")
	}
	if got, want := b.all.text(time.Second), "500 B  500 B/s  1 of 1 or more files"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b.Complete()
	if got, want := b.all.text(time.Second), " 50%  500 B  500 B/s  1s left  1 of 1 file"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b.Close()
	text := out.String()
	for _, bad := range []string{"\x1b]52", "\a", "\b", "\u202e"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in %q", bad, text)
		}
	}
	if !strings.Contains(text, `\x1b]52;c;eA==\x07\r\x08\u202egnp.exe`) {
		t.Errorf("nothing was shown: %q", text)
	}
}

func TestNoBoard(t *testing.T) {
	b := NewBoard(&bytes.Buffer{}, true)
	if b != nil {
		t.Error("bars in a pipe")
	}
	bar := b.File("f", 1, 0)
	b.Expect(1)
	b.Set(bar, 1)
	b.End(bar, true)
	b.Complete()
	b.Close()
}
