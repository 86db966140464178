package ftpserver

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/internal/glob"
	"github.com/sealane/sealane/vfs"
)

// S-81: what counts as an option, and what is left as the path.
func TestParseListOptions(t *testing.T) {
	for arg, want := range map[string]string{
		"": "", "-a": "", "-la dir": "dir", "-l -a  dir": "dir", "-1": "", "-l ": "", "a -l": "a -l", " -l": " -l",
		"-": "-", "--": "", "-- -l": "-l", "--  l": " l", "-l -- -R": "-R", "-l --": "", "--all": "--all", "-2": "-2", "-a.b": "-a.b", "-a/b": "-a/b",
		"-ä": "-ä", "./-l": "./-l", "-l *.txt": "*.txt", "-\xff": "-\xff", "-l\tx": "-l\tx", "---": "---", "-la -": "-",
	} {
		if _, got := parseListOptions(arg); got != want {
			t.Errorf("%q: the path is %q, want %q", arg, got, want)
		}
	}
}

// listed gives entries as a storage would, an error behind them if it is not nil.
func listed(entries []vfs.Entry, err error) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
		if err != nil {
			yield(vfs.Entry{}, err)
		}
	}
}

func sortedNames(t *testing.T, arg string, entries []vfs.Entry) []string {
	t.Helper()
	o, _ := parseListOptions(arg)
	var got []string
	for e, err := range o.sort(listed(entries, nil)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Name)
	}
	return got
}

func TestSortListing(t *testing.T) {
	at := func(second int64) time.Time { return time.Unix(second, 0) }
	entries := []vfs.Entry{
		{Name: "b", Size: 2, ModTime: at(1)}, {Name: "c", Size: 2, ModTime: at(3)}, {Name: "a", Size: 2, ModTime: at(1)}, {Name: "d", Size: 9, ModTime: at(2)},
	}
	for arg, want := range map[string]string{
		"": "b c a d", "-r": "b c a d", "-la": "b c a d", "-t": "c d a b", "-tr": "b a d c", "-rt": "b a d c", "-S": "d a b c", "-Sr": "c b a d", "-S -t": "c d a b", "-s": "b c a d", "-T": "b c a d",
	} {
		if got := strings.Join(sortedNames(t, arg, entries), " "); got != want {
			t.Errorf("%q: %s, want %s", arg, got, want)
		}
	}
}

// S-81: sorting holds a bounded number of entries. A larger directory is listed
// whole, in the order of the storage.
func TestSortIsBounded(t *testing.T) {
	entries := make([]vfs.Entry, maxSorted+2)
	for i := range entries {
		entries[i] = vfs.Entry{Name: fmt.Sprint(i), Size: int64(i)}
	}
	for _, n := range []int{maxSorted - 1, maxSorted, maxSorted + 1, maxSorted + 2} {
		got := sortedNames(t, "-S", entries[:n])
		want := make([]string, n)
		for i := range want {
			want[i] = entries[i].Name
			if n <= maxSorted {
				want[i] = entries[n-1-i].Name
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d entries: %d came, beginning with %.5q", n, len(got), got)
		}
	}
	// Who stops early gets no more, sorted or not.
	for _, n := range []int{10, maxSorted + 2} {
		o, _ := parseListOptions("-S")
		taken := 0
		for range o.sort(listed(entries[:n], nil)) {
			if taken++; taken == 3 {
				break
			}
		}
		if taken != 3 {
			t.Errorf("%d entries: %d came behind the break", n, taken)
		}
	}
}

// A listing that broke off is never a shorter one, sorted or matched.
func TestListingKeepsErrors(t *testing.T) {
	broken := errors.New("broken")
	p, err := glob.Compile("a*")
	if err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{"", "-t", "-Sr"} {
		for _, n := range []int{1, maxSorted + 1} {
			o, _ := parseListOptions(arg)
			entries := slices.Repeat([]vfs.Entry{{Name: "a"}, {Name: "b"}}, n)
			var last error
			for _, err := range o.sort(listTarget{pattern: p}.matching(listed(entries, broken))) {
				last = err
			}
			if last != broken {
				t.Errorf("%q with %d entries ended with %v", arg, n, last)
			}
		}
	}
}

// FuzzListOptions (S-81, V-33): the path is the end of the argument, options are
// asked for by nothing else than words of letters, and sorting loses nothing.
// F-15.
func FuzzListOptions(f *testing.F) {
	for _, seed := range []string{"", "-la", "-la dir", "-l -a  dir", "-- -x", "-" + strings.Repeat("R", 8000), strings.Repeat("-R ", 2000), "-tSr --  x", "- -", "-\xff", "-1a -1", "\x00", "--\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		o, path := parseListOptions(arg)
		options, ok := strings.CutSuffix(arg, path)
		if !ok {
			t.Fatalf("%q: the path is %q, which is not its end", arg, path)
		}
		words := strings.Fields(options)
		for i, word := range words {
			if word == "--" && i == len(words)-1 {
				continue
			}
			if strings.Trim(word[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz1") != "" || word[0] != '-' || len(word) < 2 {
				t.Fatalf("%q: %q is taken for an option", arg, word)
			}
		}
		if o.recursive != (strings.Contains(options, "R")) || (o.check() != nil) != o.recursive {
			t.Fatalf("%q: recursive is %v", arg, o.recursive)
		}
		// A path that looks like an option stands behind "--".
		if word, _, _ := strings.Cut(path, " "); isListOption(word) && (len(words) == 0 || words[len(words)-1] != "--") {
			t.Fatalf("%q: %q is left in the path", arg, word)
		}
		entries := []vfs.Entry{{Name: "b", Size: 1}, {Name: "a", Size: 2}, {Name: "c"}}
		var names []string
		for e := range o.sort(listed(entries, nil)) {
			names = append(names, e.Name)
		}
		slices.SortFunc(names, cmp.Compare[string])
		if strings.Join(names, "") != "abc" {
			t.Fatalf("%q: sorted to %q", arg, names)
		}
	})
}
