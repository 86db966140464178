package layer

import (
	"fmt"
	"strings"

	"github.com/sealane/sealane/internal/glob"
	"github.com/sealane/sealane/vfs"
)

// maxPatterns bounds the patterns of a list, so that a name is judged in bounded
// time.
const maxPatterns = 256

// nameRules judges single names.
type nameRules struct {
	refuse, hide  []*glob.Pattern
	windows, fold bool
}

func newNameRules(p Policy) (*nameRules, error) {
	n := &nameRules{windows: p.WindowsNames, fold: p.FoldCase}
	for _, list := range []struct {
		from []string
		to   *[]*glob.Pattern
	}{{p.Refuse, &n.refuse}, {p.Hide, &n.hide}} {
		if len(list.from) > maxPatterns {
			return nil, fmt.Errorf("layer: %d patterns of names, at most %d are allowed", len(list.from), maxPatterns)
		}
		for _, pattern := range list.from {
			text := pattern
			if n.fold {
				text = foldCase(text)
			}
			ready, err := glob.Compile(text)
			if err != nil || text == "" || strings.ContainsRune(text, '/') {
				return nil, fmt.Errorf("layer: the pattern %q must have 1 to %d bytes and no \"/\": it is of names, not of paths", pattern, glob.MaxPattern)
			}
			*list.to = append(*list.to, ready)
		}
	}
	return n, nil
}

func (n *nameRules) matches(patterns []*glob.Pattern, name string) bool {
	if len(patterns) == 0 {
		return false
	}
	if n.fold {
		name = foldCase(name)
	}
	for _, pattern := range patterns {
		if pattern.Match(name) {
			return true
		}
	}
	return false
}

// hidden says whether one name is hidden. A short name may be the second one of any
// other file.
func (n *nameRules) hidden(name string) bool {
	return n.windows && shortName(name) || n.matches(n.hide, name)
}

// hides says whether p is hidden, or something on the way to it.
func (n *nameRules) hides(p vfs.Path) bool {
	if len(n.hide) == 0 && !n.windows || p.IsRoot() {
		return false
	}
	for name := range strings.SplitSeq(p.Rel(), "/") {
		if n.hidden(name) {
			return true
		}
	}
	return false
}

// mayMake says whether a name may come into being.
func (n *nameRules) mayMake(name string) error {
	if n.hidden(name) || n.matches(n.refuse, name) || n.windows && windowsName(name) {
		return vfs.ErrBadName
	}
	return nil
}

// windowsName says whether Windows cannot hold a name as it is ("Naming Files,
// Paths, and Namespaces" in its documentation).
func windowsName(name string) bool {
	if strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return true
	}
	for i := range len(name) {
		if name[i] < 0x20 || strings.IndexByte(`<>:"/\|?*`, name[i]) >= 0 {
			return true
		}
	}
	base, _, _ := strings.Cut(name, ".")
	return device(strings.ToUpper(strings.TrimRight(base, " ")))
}

func device(base string) bool {
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	number, ok := strings.CutPrefix(base, "COM")
	if !ok {
		number, ok = strings.CutPrefix(base, "LPT")
	}
	switch number {
	case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
		return ok
	}
	return false
}

// shortName is a name of 8.3 form with "~" and a number, which the system gives to
// files with long names.
func shortName(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	i := strings.LastIndexByte(base, '~')
	if i < 0 || len(base) > 8 || i == len(base)-1 {
		return false
	}
	return strings.Trim(base[i+1:], "0123456789") == ""
}
