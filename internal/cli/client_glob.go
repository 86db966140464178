package cli

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/url"
	"path"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/glob"
	"github.com/sealane/sealane/internal/listing"
	"github.com/sealane/sealane/internal/ui"
	"github.com/sealane/sealane/vfs"
)

// Bounds of the expansion of one pattern.
const (
	maxMatches     = 100_000
	maxGlobFolders = 10_000 // that are listed
)

// target is a URL argument: one path, or a pattern below one.
type target struct {
	u ftp.URL // its path is the folder in which the pattern begins
	// pattern has the elements of the path from the first one with a * ? [ on; none
	// means that u is what is meant.
	pattern []string
	arg     string
}

// parseTarget reads a URL argument. * ? and [ in its path make it a pattern, unless they
// are written as %2A %3F %5B, or literal is set.
func parseTarget(arg string, literal bool) (target, error) {
	base, rest := splitPath(arg)
	if literal || !glob.HasMeta(rest) {
		u, err := parseURL(arg)
		return target{u: u, arg: arg}, err
	}
	if strings.Contains(rest, "#") {
		return target{}, usagef("write # as %%23 in a URL")
	}
	elements := strings.Split(strings.TrimRight(rest, "/"), "/")
	first := slices.IndexFunc(elements, glob.HasMeta)
	if first < 0 { // after the path: of a query
		return target{}, usagef("write ? as %%3F in a URL")
	}
	u, err := parseURL(base + strings.Join(elements[:first], "/") + "/")
	if err != nil {
		return target{}, err
	}
	t := target{u: u, arg: arg}
	for _, element := range elements[first:] {
		pattern, err := unescapePattern(element)
		if err != nil {
			return target{}, err
		}
		if pattern == "" {
			continue // two slashes are as one
		}
		t.pattern = append(t.pattern, pattern)
	}
	return t, nil
}

// splitPath cuts a URL where its path begins.
func splitPath(arg string) (base, rest string) {
	scheme := strings.Index(arg, "://")
	if scheme < 0 {
		return arg, ""
	}
	slash := strings.IndexByte(arg[scheme+3:], '/')
	if slash < 0 {
		return arg, ""
	}
	cut := scheme + 3 + slash
	return arg[:cut], arg[cut:]
}

// unescapePattern decodes an element of a path. What was escaped means itself.
func unescapePattern(element string) (string, error) {
	if strings.ContainsFunc(element, unicode.IsControl) { // as in the other parts of a URL
		return "", usageError{fmt.Errorf("%w: it holds a control character", ftp.ErrURL)}
	}
	var b strings.Builder
	for i := 0; i < len(element); i++ {
		if element[i] != '%' {
			b.WriteByte(element[i])
			continue
		}
		text, err := url.PathUnescape(element[i:min(i+3, len(element))])
		if err != nil || len(text) != 1 {
			return "", usageError{fmt.Errorf("%w: a %% is not followed by two hexadecimal digits", ftp.ErrURL)}
		}
		i += 2
		switch c := text[0]; c {
		case '*', '?', '[':
			b.WriteString("[" + text + "]")
		case '/', '\r', '\n', 0:
			return "", usageError{fmt.Errorf("%w: a name holds a slash, a line end or a NUL", ftp.ErrURL)}
		default:
			b.WriteByte(c)
		}
	}
	if b.String() == "." || b.String() == ".." {
		return "", usagef(`a pattern cannot hold "." or ".."`)
	}
	return b.String(), nil
}

// match is what a pattern has found.
type match struct {
	path  string // on the server of the pattern
	entry *entry
}

// matchSize is what a match takes besides its entry and its path: 24 bytes in a list that
// grows, twice where several patterns are put together.
const matchSize = 24*4 + 16

// expander finds what patterns mean, by listings.
type expander struct {
	lend    func(context.Context, ftp.URL) (c *ftpclient.Client, back func(), err error)
	matches []match
	folders int
	refused int // names that no file can have
	held    held
}

// expand gives what t means, in order of the names. Only complete listings count.
func (t target) expand(ctx context.Context, pool *ftpclient.Pool) ([]match, error) {
	return t.find(ctx, &expander{lend: func(ctx context.Context, u ftp.URL) (*ftpclient.Client, func(), error) {
		c, err := pool.Get(ctx, u)
		return c, func() { pool.Put(c) }, err
	}})
}

// expandOn is expand for a single connection. What is no pattern means itself, and is
// not looked at.
func (t target) expandOn(ctx context.Context, c *ftpclient.Client) ([]match, error) {
	if t.pattern == nil {
		return []match{{t.u.Path, &entry{name: path.Base(t.u.Path), kind: vfs.KindFile, size: -1, micros: noTime}}}, nil
	}
	return t.find(ctx, &expander{lend: func(context.Context, ftp.URL) (*ftpclient.Client, func(), error) {
		return c, func() {}, nil
	}})
}

// all reports whether a pattern means everything that is in the root of the server.
func (t target) all() bool {
	return len(t.pattern) == 1 && strings.Trim(t.pattern[0], "*") == "" && path.Clean(t.u.Path) == "/"
}

// addNoGlob is for commands that take patterns.
func addNoGlob(cmd *cobra.Command, literal *bool) {
	cmd.Flags().BoolVar(literal, "no-glob", false, "take * and [ for parts of a name")
}

func (t target) find(ctx context.Context, e *expander) ([]match, error) {
	if err := e.walk(ctx, t.u, strings.TrimRight(t.u.Path, "/"), t.pattern); err != nil {
		return nil, err
	}
	switch {
	case e.refused > 0:
		return nil, fmt.Errorf("%w: the server lists %s that no file can have", ftpclient.ErrProtocol, ui.Counted(e.refused, "name"))
	case len(e.matches) == 0:
		return nil, withHint(fmt.Errorf("%w %s", errNoMatch, ui.Safe(t.u.Path+strings.Join(t.pattern, "/"))),
			"sealane ls shows what is there; --no-glob takes * ? and [ for parts of a name")
	}
	return e.matches, nil
}

// walk looks for the first of patterns in the folder at dir, and for the others in what
// it finds.
func (e *expander) walk(ctx context.Context, u ftp.URL, dir string, patterns []string) error {
	if e.folders++; e.folders > maxGlobFolders {
		return fmt.Errorf("the pattern leads to more than %s folders", ui.Count(maxGlobFolders))
	}
	pattern, err := glob.Compile(patterns[0])
	if err != nil {
		return usageError{err}
	}
	u.Path = dir + "/"
	found, err := e.list(ctx, u, pattern)
	if err != nil {
		return err
	}
	for _, entry := range found {
		name := dir + "/" + entry.name
		if len(patterns) > 1 {
			if entry.kind != vfs.KindDir {
				continue
			}
			if err := e.walk(ctx, u, name, patterns[1:]); err != nil {
				return err
			}
			continue
		}
		if len(e.matches) == maxMatches {
			return fmt.Errorf("the pattern means more than %s files", ui.Count(maxMatches))
		}
		if err := e.held.take(int64(matchSize + len(name))); err != nil {
			return err
		}
		e.matches = append(e.matches, match{name, entry})
	}
	if len(patterns) > 1 {
		e.held.release(found)
	}
	return nil
}

// list gives the entries of a folder that match, by name.
func (e *expander) list(ctx context.Context, u ftp.URL, pattern *glob.Pattern) ([]*entry, error) {
	c, back, err := e.lend(ctx, u)
	if err != nil {
		return nil, err
	}
	defer back()
	var found []*entry
	for listed, err := range c.List(ctx, u.Path) {
		switch {
		case err != nil:
			return nil, err
		case !pattern.Match(listed.Name):
			continue
		case !oneName(listed.Name):
			e.refused++
			continue
		case len(found) == maxMatches:
			return nil, fmt.Errorf("the pattern means more than %s files", ui.Count(maxMatches))
		}
		found = append(found, keptEntry(listed))
		if err := e.held.take(found[len(found)-1].bytes()); err != nil {
			return nil, err
		}
	}
	sortEntries(found)
	return found, nil
}

// oneName reports whether a name that a server lists is one name, and leads nowhere
// else (CVE-2018-10916).
func oneName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00\r\n")
}

// folderHint is for a folder where a file is to be downloaded.
const folderHint = "sealane ls shows what is in it, and sealane get -r downloads it"

// oneFile refuses a URL that says itself that it names a folder.
func oneFile(u ftp.URL, hint string) error {
	if strings.HasSuffix(u.Path, "/") {
		return withHint(usagef("the URL %s names a folder", u), "%s", hint)
	}
	return nil
}

// safeHere says why a name from a server cannot be that of a file on this machine.
func safeHere(name string) error {
	if runtime.GOOS == "windows" {
		return listing.Safe(name, listing.Windows)
	}
	return listing.Safe(name, listing.AnySystem)
}

// errTaken says that two files would get one name here.
var errTaken = errors.New("another file of this run has that name here already")

// claims are the names that files have got in this run, and those of their parts.
type claims struct {
	fold  bool // upper and lower case are the same here
	forms bool // so are the forms of a character: "é" as one sign or as two
	taken map[uint64]struct{}
	seed  maphash.Seed
}

func newClaims(goos string) *claims {
	return &claims{fold: goos == "windows" || goos == "darwin", forms: goos == "darwin", taken: map[uint64]struct{}{}, seed: maphash.MakeSeed()}
}

// claim takes a name, or says that it is gone: a second file must not replace the first.
func (c *claims) claim(name string) error {
	if c.forms {
		name = norm.NFC.String(name)
	}
	if c.fold {
		// Upper case first: "ſ" and the sign of Kelvin have one that others have too.
		name = strings.ToLower(strings.ToUpper(name))
	}
	// Of a name its hash is kept: a folder may have hundreds of thousands, each at the end
	// of a long path.
	hash := func(name string) uint64 { return maphash.String(c.seed, name) }
	has := func(name string) bool { _, ok := c.taken[hash(name)]; return ok }
	whole, isPart := strings.CutSuffix(name, partSuffix)
	if has(name) || has(name+partSuffix) || isPart && has(whole) {
		return errTaken
	}
	c.taken[hash(name)] = struct{}{}
	return nil
}
