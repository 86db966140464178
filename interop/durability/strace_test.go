//go:build interop && linux

package durability

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// traced are the system calls that move bytes, names and syncs; "?" is for those
// that not every architecture has.
const traced = "?write,?pwrite64,?writev,?pwritev,?sendto,?sendmsg,?fsync,?fdatasync,?sync,?syncfs,?sync_file_range," +
	"?link,?linkat,?rename,?renameat,?renameat2,?unlink,?unlinkat,?rmdir,?mkdir,?mkdirat," +
	"?copy_file_range,?splice,?sendfile,?ioctl,?ftruncate,?fallocate"

// event is one system call of the server: its places in the trace, where it began
// and ended, and its text with file descriptors as N<path>.
type event struct {
	begin, end int
	name       string
	text       string
	failed     bool
}

func (e event) String() string { return fmt.Sprintf("%d-%d %.200s", e.begin, e.end, e.text) }

func needStrace(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("strace", "-f", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		lack(t, "strace cannot be run: %v; see interop/install.sh\n%s", err, out)
	}
}

// straced starts the server under strace, which writes what it sees to a file.
func straced(t *testing.T, dir string, flags ...string) (*server, string) {
	t.Helper()
	needStrace(t)
	file := filepath.Join(t.TempDir(), "trace")
	s := newServer(t, dir, append([]string{"--insecure-plaintext"}, flags...)...)
	// With -D the tracer is the child, so that the server's process is ours.
	s.within = []string{"strace", "-D", "-f", "-yy", "-s", "48", "-o", file, "-e", "trace=" + traced}
	s.start(t)
	return s, file
}

// readTrace reads the trace once the server has ended, and puts calls together
// that were interrupted by those of other threads.
func readTrace(t *testing.T, file string) []event {
	t.Helper()
	var text string
	for late := time.Now().Add(30 * time.Second); ; {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// strace is not waited for by anybody; its last lines tell that all is there.
		text = string(b)
		if strings.Contains(text, "+++ exited with") || strings.Contains(text, "+++ killed by") {
			break
		}
		if time.Now().After(late) {
			t.Fatal("strace has not written the end of the server")
		}
		time.Sleep(10 * time.Millisecond)
	}
	open := map[string]event{} // by thread
	var events []event
	for i, line := range strings.Split(text, "\n") {
		thread, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimLeft(rest, " ")
		if before, found := strings.CutSuffix(rest, " <unfinished ...>"); found {
			name, _, _ := strings.Cut(before, "(")
			open[thread] = event{begin: i, name: name, text: before}
			continue
		}
		e := event{begin: i, text: rest}
		if _, after, found := strings.Cut(rest, " resumed>"); found && strings.HasPrefix(rest, "<... ") {
			e = open[thread]
			e.text += after
		}
		e.end = i
		e.name, _, _ = strings.Cut(e.text, "(")
		e.failed = strings.Contains(e.text, ") = -1") || strings.Contains(e.text, ")  = -1")
		events = append(events, e)
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.begin - b.begin })
	return events
}

// until cuts the events in parts, each of which ends with the server's reply of a
// code on a socket.
func until(events []event, code string) [][]event {
	var out [][]event
	from := 0
	for i, e := range events {
		if (e.name == "write" || e.name == "sendto") && strings.Contains(e.text, `>, "`+code+" ") && strings.Contains(e.text, "<TCP") {
			out = append(out, events[from:i+1])
			from = i + 1
		}
	}
	return out
}

var descriptor = regexp.MustCompile(`\d+<([^>]*)>(?:\(deleted\))?`)

// paths are those of the file descriptors of a call.
func (e event) paths() []string {
	var out []string
	for _, m := range descriptor.FindAllStringSubmatch(e.text, -1) {
		out = append(out, m[1])
	}
	return out
}

var entry = regexp.MustCompile(`(?:\d+<([^>]*)>|AT_FDCWD(?:<[^>]*>)?), "([^"]*)"`)

// entries are the names that a call is about, as absolute paths.
func (e event) entries() []string {
	var out []string
	for _, m := range entry.FindAllStringSubmatch(e.text, -1) {
		out = append(out, filepath.Join(m[1], m[2]))
	}
	return out
}

// names says whether e is the successful call that gave a path its meaning: the
// last name that it mentions is that path.
func (e event) names(verbs []string, path string) bool {
	all := e.entries()
	return !e.failed && slices.Contains(verbs, e.name) && len(all) > 0 && all[len(all)-1] == path
}

func (e event) syncs(path string) bool {
	p := e.paths()
	return !e.failed && (e.name == "fsync" || e.name == "fdatasync") && len(p) > 0 && p[0] == path
}

// writesBelow gives the file below dir that a call brought bytes to, or "".
func (e event) writesBelow(dir string) string {
	p := e.paths()
	if e.failed || len(p) == 0 {
		return ""
	}
	to := p[0]
	switch e.name {
	case "write", "pwrite64", "writev", "pwritev":
	case "ioctl":
		if !strings.Contains(e.text, "FICLONE") {
			return ""
		}
	case "copy_file_range", "splice", "sendfile":
		if e.name != "sendfile" {
			to = p[len(p)-1]
		}
	default:
		return ""
	}
	if strings.HasPrefix(to, dir+"/") {
		return to
	}
	return ""
}
