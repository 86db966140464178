package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
)

// C-14: what cannot be sorted in the memory that there is is an error that says what to
// do; unsorted, entries come in the order of the server, and no other flag changes that.
func TestLsUnsorted_C14(t *testing.T) {
	h := ftptest.NewHostile(flooding(3, "type=file;size=1; f%d").serve)
	defer h.Close()
	for _, flag := range []string{"-U", "--json"} {
		code, out, errs := against(t.Context(), t, h, "ls", "-U", flag, "URL/")
		if first, last := strings.Index(out, "f3"), strings.Index(out, "f1"); code != 0 || first < 0 || last < first || strings.Count(out, "\n") != 3 {
			t.Errorf("%s: exit code %d\n%s%s", flag, code, out, errs)
		}
	}
	for _, args := range [][]string{{"ls", "-U", "-R", "URL/"}, {"ls", "-U", "URL/*"}} {
		if code, out, errs := against(t.Context(), t, h, args...); code != exitUsage || out != "" {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
	many := ftptest.NewHostile(flooding(maxHeld/60_000, "type=file;size=1; %d"+strings.Repeat("n", 60_000)).serve)
	defer many.Close()
	code, out, errs := against(t.Context(), t, many, "ls", "URL/")
	if code != exitOther || out != "" || !strings.Contains(errs, "--unsorted") {
		t.Errorf("exit code %d, %d bytes\n%s", code, len(out), errs)
	}
}

// flooding is a folder whose names go down to 1.
func flooding(names int, format string) wicked {
	var lines []string
	for n := names; n > 0; n-- {
		lines = append(lines, fmt.Sprintf(format, n))
	}
	return wicked{lists: map[string][]string{"/": lines}}
}
