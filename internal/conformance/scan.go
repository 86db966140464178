package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// test is one test and the ids that it carries.
type test struct {
	Package string // folder below the root
	File    string // path below the root
	Name    string // as "go test" has it: "TestX", "TestScripts/x"
	IDs     []string
	Interop bool // behind the build tag of the tests with real clients
}

// An id in prose is "S-71", or a range "R-109 to R-111"; in the name of a function
// it is "_S71".
var (
	inProse = regexp.MustCompile(`\b(R|SP|S|T|C|F|D|V)-(\d{2,3})\b(?: to (R|SP|S|T|C|F|D|V)-(\d{2,3})\b)?`)
	inName  = regexp.MustCompile(`_(R|SP|S|T|C|F|D|V)(\d{2,3})(?:_|$)`)
)

// mentions returns the ids in a text, ranges spelled out.
func mentions(text string) []string {
	var out []string
	for _, m := range inProse.FindAllStringSubmatch(text, -1) {
		from, _ := strconv.Atoi(m[2])
		to := from
		if m[3] == m[1] {
			to, _ = strconv.Atoi(m[4])
		}
		for n := from; n <= to; n++ {
			out = append(out, fmt.Sprintf("%s-%0*d", m[1], len(m[2]), n))
		}
	}
	return out
}

func nameMentions(name string) []string {
	var out []string
	for _, m := range inName.FindAllStringSubmatch(name, -1) {
		out = append(out, m[1]+"-"+m[2])
	}
	return out
}

// suite is the folder of the tests that every storage driver passes; they are no
// _test.go files, and run as subtests in each driver (suiteRuns).
const suite = "vfs/vfstest"

// transcripts are the folders of tests in txtar archives, and what plays them.
func transcripts() map[string]string {
	return map[string]string{"ftpserver/testdata/script": "TestScripts", "internal/cli/testdata/script": "TestScripts"}
}

// scan returns the tests below root that carry an id, in the order of their files.
func scan(root string) ([]test, error) {
	folders := map[string]*folder{}
	var out []test
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		dir := path.Dir(rel)
		switch {
		case d.IsDir() && rel != "." && strings.HasPrefix(d.Name(), "."), d.IsDir() && rel == "internal/conformance":
			return filepath.SkipDir // its own tests hold ids as examples
		case d.IsDir():
		case strings.HasSuffix(rel, "_test.go"), dir == suite && strings.HasSuffix(rel, ".go"):
			if folders[dir] == nil {
				folders[dir] = &folder{name: dir, fset: token.NewFileSet()}
			}
			return folders[dir].add(name, rel)
		case strings.HasSuffix(rel, ".txtar") && transcripts()[dir] != "":
			t, err := scanTranscript(name, rel)
			if len(t.IDs) > 0 {
				out = append(out, t)
			}
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		out = append(out, f.tests()...)
	}
	slices.SortFunc(out, func(a, b test) int {
		return strings.Compare(a.File+"\x00"+a.Name, b.File+"\x00"+b.Name)
	})
	return out, nil
}

// scanTranscript takes the ids of the prose that stands above the first file, and of
// the "#" lines of the script.
func scanTranscript(name, rel string) (test, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return test{}, err
	}
	prose, rest, _ := strings.Cut(string(text), "\n-- ")
	for line := range strings.Lines(rest) {
		if strings.HasPrefix(line, "#") {
			prose += "\n" + line
		}
	}
	dir := path.Dir(rel)
	return test{
		Package: path.Dir(path.Dir(dir)),
		File:    rel,
		Name:    transcripts()[dir] + "/" + strings.TrimSuffix(path.Base(rel), ".txtar"),
		IDs:     unique(mentions(prose)),
	}, nil
}

// folder gathers the declarations of one package's test files. What stands in the
// comment of a declaration that is no test counts for the tests that use it.
type folder struct {
	name  string
	fset  *token.FileSet
	decls []decl
}

type decl struct {
	name    string
	file    string
	test    bool
	interop bool
	ids     []string
	uses    map[string]bool
}

func (f *folder) add(name, rel string) error {
	file, err := parser.ParseFile(f.fset, name, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	interop := slices.ContainsFunc(file.Comments, func(c *ast.CommentGroup) bool {
		return c.Pos() < file.Package && strings.Contains(c.List[0].Text, "go:build interop")
	})
	for _, d := range file.Decls {
		for _, n := range declared(d) {
			one := decl{name: n, file: rel, interop: interop, uses: map[string]bool{}}
			if fn, ok := d.(*ast.FuncDecl); ok {
				one.test = fn.Recv == nil && f.runs(n)
			}
			one.ids = f.carried(file, d)
			one.ids = append(one.ids, nameMentions(n)...)
			ast.Inspect(d, func(x ast.Node) bool {
				if id, ok := x.(*ast.Ident); ok && id.Name != n {
					one.uses[id.Name] = true
				}
				return true
			})
			f.decls = append(f.decls, one)
		}
	}
	return nil
}

// runs reports whether go test, or the suite, runs a function of that name.
func (f *folder) runs(name string) bool {
	prefixes := []string{"Test", "Fuzz"}
	if f.name == suite {
		prefixes = append(prefixes, "test")
	}
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(name, prefix); ok && name != "TestMain" && (rest == "" || rest[0] < 'a' || rest[0] > 'z') {
			return true
		}
	}
	return false
}

func declared(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return []string{d.Name.Name}
	case *ast.GenDecl:
		var out []string
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					out = append(out, n.Name)
				}
			case *ast.TypeSpec:
				out = append(out, spec.Name.Name)
			}
		}
		return out
	}
	return nil
}

// carried are the ids of the comments and strings from the doc comment of d to its end.
func (f *folder) carried(file *ast.File, d ast.Decl) []string {
	from, to := d.Pos(), d.End()
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc != nil {
			from = d.Doc.Pos()
		}
	case *ast.GenDecl:
		if d.Doc != nil {
			from = d.Doc.Pos()
		}
	}
	var out []string
	for _, c := range file.Comments {
		if c.Pos() >= from && c.Pos() < to {
			out = append(out, mentions(c.Text())...)
		}
	}
	ast.Inspect(d, func(x ast.Node) bool {
		if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			out = append(out, mentions(lit.Value)...)
		}
		return true
	})
	return out
}

func (f *folder) tests() []test {
	byName := map[string][]int{}
	for i, d := range f.decls {
		byName[d.name] = append(byName[d.name], i)
	}
	var out []test
	for _, d := range f.decls {
		if !d.test {
			continue
		}
		got := slices.Clone(d.ids)
		seen := map[string]bool{}
		for more := keys(d.uses); len(more) > 0; {
			n := more[0]
			more = more[1:]
			if seen[n] {
				continue
			}
			seen[n] = true
			for _, i := range byName[n] {
				if used := f.decls[i]; !used.test {
					got = append(got, used.ids...)
					more = append(more, keys(used.uses)...)
				}
			}
		}
		if got = unique(got); len(got) > 0 {
			out = append(out, test{Package: f.name, File: d.file, Name: d.name, IDs: got, Interop: d.interop})
		}
	}
	return out
}

func keys(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	return out
}

func unique(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
