package layer

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealane/sealane/vfs"
)

// Allow is a set of what an account may do in a folder.
type Allow uint16

// The rights of a rule.
const (
	AllowList      Allow = 1 << iota // see what is there
	AllowDownload                    // read files
	AllowUpload                      // make new files, also by renaming
	AllowOverwrite                   // replace files, also by renaming, and write into them (REST)
	AllowAppend                      // write behind the end of files
	AllowDelete                      // remove files and links
	AllowRmdir                       // remove directories
	AllowRename                      // rename files and links
	AllowRenameDir                   // rename directories
	AllowMkdir                       // make directories, also by renaming
	AllowAttr                        // change times and modes
	AllowHash                        // have files hashed; without AllowDownload only whole ones
	AllowLink                        // make symbolic links, if the whole tree has the same rights

	allowEnd
)

// Sets of rights.
const (
	AllowRead = AllowList | AllowDownload | AllowHash
	AllowAll  = allowEnd - 1

	allowWrite = AllowAll &^ AllowRead
)

func (a Allow) has(b Allow) bool { return a&b == b }

// Rule gives rights in a folder and everything below it, as far as there is no
// rule for a folder further down.
type Rule struct {
	Folder vfs.Path
	Allow  Allow
}

// Policy is what an account may do. The zero value allows nothing.
type Policy struct {
	// Rules give the rights; of several that hold, that of the longest folder
	// decides. Where none holds nothing is allowed.
	Rules []Rule
	// Refuse lists patterns of names that may not be made: neither uploaded nor
	// renamed to. They are vfs.ErrBadName. In a pattern "*" is any text, "?" one
	// character, "[a-z]" one of a set and "[!a-z]" one of the others; "[*]" is "*"
	// itself. There is nothing else.
	Refuse []string
	// Hide lists patterns of names that are not there for the account: not listed,
	// vfs.ErrNotExist when asked for, also as a folder on the way, and vfs.ErrBadName
	// when made. ".*" hides the names that begin with a dot.
	Hide []string
	// WindowsNames refuses to make names that Windows cannot hold, or would take for
	// something else: CON and other devices, names with one of <>:"/\|?* or a control
	// character, and those that end in a dot or a space. It hides short names such as
	// PROGRA~1, which lead to other files past their rules.
	WindowsNames bool
	// FoldCase is for storages that ignore case: rules and patterns then do too. A
	// storage that takes composed and decomposed letters for the same needs folders
	// of rules with names in ASCII.
	FoldCase bool
}

// rules finds the rule of a path.
type rules struct {
	fold    bool
	allow   map[string]Allow // by folder, without a "/" at its end
	any     Allow
	uniform bool // the whole tree has the same rights
}

func newRules(list []Rule, fold bool) (*rules, error) {
	r := &rules{fold: fold, allow: map[string]Allow{}}
	for _, rule := range list {
		if rule.Allow&^AllowAll != 0 {
			return nil, fmt.Errorf("layer: the rule of %q has rights that do not exist", rule.Folder)
		}
		key := r.key(rule.Folder)
		if _, twice := r.allow[key]; twice {
			return nil, fmt.Errorf("layer: there are two rules for %q: leave one", rule.Folder)
		}
		r.allow[key] = rule.Allow
		r.any |= rule.Allow
	}
	r.uniform = true
	for _, allow := range r.allow {
		r.uniform = r.uniform && allow == r.allow[""]
	}
	return r, nil
}

// key gives a path as rules are found by.
func (r *rules) key(p vfs.Path) string {
	if p.IsRoot() {
		return ""
	}
	if r.fold {
		return foldCase(p.String())
	}
	return p.String()
}

// at gives the rights at p.
func (r *rules) at(p vfs.Path) Allow { return r.find(r.key(p)) }

func (r *rules) find(key string) Allow {
	for {
		if allow, ok := r.allow[key]; ok || key == "" {
			return allow
		}
		key = key[:strings.LastIndexByte(key, '/')]
	}
}

// entry gives the rights to p as a name in its folder.
func (r *rules) entry(p vfs.Path) Allow { return r.at(p) & r.at(p.Dir()) }

// below says whether there are rules with rights below p.
func (r *rules) below(p vfs.Path) bool {
	key := r.key(p)
	for folder, allow := range r.allow {
		if allow != 0 && strings.HasPrefix(folder, key+"/") {
			return true
		}
	}
	return false
}

// split says whether there is any rule below p.
func (r *rules) split(p vfs.Path) bool {
	key := r.key(p)
	for folder := range r.allow {
		if strings.HasPrefix(folder, key+"/") {
			return true
		}
	}
	return false
}

// alike says whether everything below from would have the same rights below to,
// and, if self is set, so would from itself.
func (r *rules) alike(from, to vfs.Path, self bool) bool {
	a, b := r.key(from), r.key(to)
	if self && r.find(a) != r.find(b) {
		return false
	}
	for folder := range r.allow {
		for _, top := range []string{a, b} {
			// The rule of the name itself counts: it does not move along.
			if folder != top && !strings.HasPrefix(folder, top+"/") {
				continue
			}
			rest := folder[len(top):]
			if (self || rest != "") && r.find(a+rest) != r.find(b+rest) {
				return false
			}
		}
	}
	return true
}

// same says whether everything at key and below it has the rights allow.
func (r *rules) same(key string, allow Allow) bool {
	if r.find(key) != allow {
		return false
	}
	for folder, other := range r.allow {
		if other != allow && strings.HasPrefix(folder, key+"/") {
			return false
		}
	}
	return true
}

// rights tells what an account may do with the entry at p.
func (a *access) rights(p vfs.Path, e vfs.Entry) vfs.Rights {
	allow, parent := a.rules.at(p), a.rules.at(p.Dir())
	way := allow != 0 || a.rules.below(p)
	still := a.rules.same(a.rules.key(p), parent)
	return a.mask(e, allow, parent, way, still)
}

// mask takes from the rights of the storage what is not allowed, at the entry and
// in its folder. way: one may go there; still: a directory that is renamed in its
// folder, and what is in it, keeps its rights.
func (a *access) mask(e vfs.Entry, allow, parent Allow, way, still bool) vfs.Rights {
	both := allow & parent
	if e.Link && !a.rules.uniform {
		both &^= AllowRename | AllowRenameDir
	}
	may := vfs.Rights(0)
	set := func(ok bool, r vfs.Rights) {
		if ok {
			may |= r
		}
	}
	if e.IsDir() {
		set(way, vfs.MayEnter)
		set(allow.has(AllowList), vfs.MayList)
		set(allow.has(AllowUpload), vfs.MayCreate)
		set(allow.has(AllowMkdir), vfs.MayMkdir)
		set(allow&(AllowDelete|AllowRmdir) != 0, vfs.MayPurge)
		set(both.has(AllowRmdir), vfs.MayDelete)
		set(both.has(AllowRenameDir|AllowMkdir) && still, vfs.MayRename)
		return e.Rights & may
	}
	made := a.names.mayMake(e.Name) == nil
	set(allow.has(AllowDownload), vfs.MayRead)
	set(both.has(AllowOverwrite) && made, vfs.MayWrite)
	set(both.has(AllowAppend) && made, vfs.MayAppend)
	set(both.has(AllowDelete), vfs.MayDelete)
	set(both.has(AllowRename) && parent&(AllowUpload|AllowOverwrite) != 0 && mayCross(both, parent), vfs.MayRename)
	return e.Rights & may
}

// mayCross says whether a file may come from under source to under target: it
// leaves where it was, and must not become readable by it.
func mayCross(source, target Allow) bool {
	gained := target &^ source & (AllowDownload | AllowHash)
	return source == target || source.has(AllowDelete) && gained == 0
}

// foldCase makes all spellings of a text that differ in case alone the same.
func foldCase(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] < utf8.RuneSelf && (s[i] < 'A' || s[i] > 'Z')
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b.WriteByte(s[i]) // names need not be UTF-8
		} else {
			b.WriteRune(foldRune(r))
		}
		i += n
	}
	return b.String()
}

// foldRune takes the smallest of the characters that differ in case alone, and of
// ASCII letters the small one.
func foldRune(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}
