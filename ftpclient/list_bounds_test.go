package ftpclient

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftp"
)

// C-14: a listing has a bound, also that of MLSD; what is no entry does not count.
func TestAtMost_C14(t *testing.T) {
	parse := atMost(2, parseMLSD)
	for i, line := range []string{"type=cdir; .", "type=file; a", "type=pdir; ..", "type=dir; b", "nonsense"} {
		if _, _, err := parse(line); errors.Is(err, ErrTooManyEntries) {
			t.Errorf("line %d: %v", i, err)
		}
	}
	if _, ok, err := parse("type=file; c"); ok || !errors.Is(err, ErrTooManyEntries) {
		t.Errorf("%v, %v", ok, err)
	}
}

// C-15: what a refusal says is kept as far as people would read it.
func TestShortenRefusal_C15(t *testing.T) {
	long := strings.Repeat("x", maxRefusal)
	for name, lines := range map[string][]string{
		"one line": {long + "y"}, "many lines": strings.Split(strings.Repeat("abc\n", maxRefusal), "\n"),
		"empty lines": make([]string, 1000), "the second": {"a", long},
	} {
		r := ftp.Reply{Code: 550, Lines: lines}
		first := lines[0]
		shortenRefusal(&r)
		size := 0
		for _, line := range r.Lines {
			size += len(line) + 16
		}
		if size > maxRefusal+16 || len(r.Lines) == 0 || !strings.HasPrefix(first, r.Lines[0]) {
			t.Errorf("%s: %d bytes in %d lines", name, size, len(r.Lines))
		}
	}
	for _, r := range []ftp.Reply{{Code: 550, Lines: []string{"no", "such", "file"}}, {Code: 250, Lines: []string{long, long}}} {
		before := fmt.Sprint(r)
		if shortenRefusal(&r); fmt.Sprint(r) != before {
			t.Errorf("%d was shortened", r.Code)
		}
	}
}
