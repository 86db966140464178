package layer

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sealane/sealane/vfs"
)

// Limits of patterns, so that a name is judged in bounded time.
const (
	maxPatterns = 256
	maxPattern  = vfs.MaxName // bytes
)

// nameRules judges single names.
type nameRules struct {
	refuse, hide  []string
	windows, fold bool
}

func newNameRules(p Policy) (*nameRules, error) {
	n := &nameRules{windows: p.WindowsNames, fold: p.FoldCase}
	for _, list := range []struct {
		from []string
		to   *[]string
	}{{p.Refuse, &n.refuse}, {p.Hide, &n.hide}} {
		if len(list.from) > maxPatterns {
			return nil, fmt.Errorf("layer: %d patterns of names, at most %d are allowed", len(list.from), maxPatterns)
		}
		for _, pattern := range list.from {
			if pattern == "" || len(pattern) > maxPattern || strings.ContainsRune(pattern, '/') {
				return nil, fmt.Errorf("layer: the pattern %q must have 1 to %d bytes and no \"/\": it is of names, not of paths", pattern, maxPattern)
			}
			if n.fold {
				pattern = foldCase(pattern)
			}
			*list.to = append(*list.to, pattern)
		}
	}
	return n, nil
}

func (n *nameRules) matches(patterns []string, name string) bool {
	if len(patterns) == 0 {
		return false
	}
	if n.fold {
		name = foldCase(name)
	}
	for _, pattern := range patterns {
		if glob(pattern, name) {
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

// glob matches the whole name. It goes back to the last "*" only, so its time is
// bounded by the product of the lengths, whatever the pattern.
func glob(pattern, name string) bool {
	star, mark := -1, 0 // where the last "*" is, and where in name it may end next
	p, i := 0, 0
	for i < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == '?':
			_, n := utf8.DecodeRuneInString(name[i:])
			p, i = p+1, i+n
		case p < len(pattern) && pattern[p] == name[i]:
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
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
