package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// tree is a module as its sources have it.
type tree struct {
	module   string // path of the module
	fset     *token.FileSet
	packages map[string][]source // by folder
	page     string              // ARCHITECTURE.md
}

type source struct {
	file string // path from the module's root
	test bool
	ast  *ast.File
}

// load parses every Go file below root, whatever its build constraints, except
// where the go command does not look either: testdata, vendor, and names that
// start with "." or "_".
func load(root fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), packages: map[string][]source{}}
	gomod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return nil, fmt.Errorf("archtest: the folder is not a module: %w", err)
	}
	for line := range strings.Lines(string(gomod)) {
		if rest, ok := strings.CutPrefix(line, "module "); ok {
			t.module = strings.TrimSpace(rest)
		}
	}
	page, err := fs.ReadFile(root, "ARCHITECTURE.md")
	if err != nil {
		return nil, fmt.Errorf("archtest: the module needs an ARCHITECTURE.md: %w", err)
	}
	t.page = string(page)
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name != "." && skipped(d.Name()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		return t.add(root, name)
	})
	return t, err
}

func skipped(base string) bool {
	return base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
}

func (t *tree) add(root fs.FS, name string) error {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(t.fset, name, text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return err
	}
	pkg := path.Dir(name)
	t.packages[pkg] = append(t.packages[pkg], source{file: name, test: strings.HasSuffix(name, "_test.go"), ast: parsed})
	return nil
}

// top is the first part of a slash-separated path.
func top(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}
