package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Finding is one breach of a rule.
type Finding struct {
	Rule string // short name of the rule
	File string // path from the module's root
	Line int    // 0 where the breach is something that is missing
	Text string // what is wrong and how to mend it
}

// String gives the finding as compilers do: file, line, text, and the rule.
func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s [%s]", f.File, f.Text, f.Rule)
	}
	return fmt.Sprintf("%s:%d: %s [%s]", f.File, f.Line, f.Text, f.Rule)
}

type checker struct {
	*tree
	plan     Plan
	rows     map[string]Row
	findings []Finding
}

// Check holds the module whose root is given to the plan. The error is for a
// module that cannot be read or parsed; breaches are findings, sorted by
// package and file.
func Check(root fs.FS, plan Plan) ([]Finding, error) {
	t, err := load(root)
	if err != nil {
		return nil, err
	}
	c := &checker{tree: t, plan: plan, rows: map[string]Row{}}
	for _, row := range plan.Rows {
		c.rows[row.Package] = row
		if len(t.packages[row.Package]) == 0 {
			c.missing("no-stale-row", row.Package, "the package is gone: take its row out of the plan")
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(t.packages)) {
		c.names(pkg)
		c.imports(pkg)
		c.inits(pkg)
		c.variables(pkg)
		c.documented(pkg)
		c.described(pkg)
	}
	return c.findings, nil
}

func (c *checker) breach(rule string, pos token.Pos, format string, args ...any) {
	p := c.fset.Position(pos)
	c.findings = append(c.findings, Finding{rule, p.Filename, p.Line, fmt.Sprintf(format, args...)})
}

func (c *checker) missing(rule, file, format string, args ...any) {
	c.findings = append(c.findings, Finding{Rule: rule, File: file, Text: fmt.Sprintf(format, args...)})
}

// names: a package is called after what it is about.
func (c *checker) names(pkg string) {
	for _, s := range c.packages[pkg] {
		name := strings.TrimSuffix(s.ast.Name.Name, "_test")
		if slices.Contains(c.plan.BadNames, name) || slices.Contains(c.plan.BadNames, path.Base(pkg)) {
			c.breach("package-name", s.ast.Name.Pos(), "package %s in folder %s says nothing about its content: name it after its subject", name, pkg)
		}
	}
}

// imports: who may import whom.
func (c *checker) imports(pkg string) {
	row, ok := c.rows[pkg]
	if !ok {
		c.missing("row", pkg, "the package has no row in the plan: add one to internal/archtest/rules.go and to ARCHITECTURE.md")
		return
	}
	for _, s := range c.packages[pkg] {
		for _, spec := range s.ast.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err == nil && c.allowed(row, imported, s.test) {
				continue
			}
			who := pkg
			if s.test {
				who = "the tests of " + pkg
			}
			c.breach("imports", spec.Pos(), "%s may not import %s", who, imported)
		}
	}
}

func (c *checker) allowed(row Row, imported string, test bool) bool {
	folder, own := strings.CutPrefix(imported, c.module+"/")
	if !own {
		if imported == "C" {
			return false // the program is pure Go and cross-compiles
		}
		if !strings.Contains(top(imported), ".") {
			return true // the standard library
		}
	}
	list := append(slices.Clone(row.Module), row.Library...)
	if test {
		list = slices.Concat(list, row.Tests, c.plan.Tests, []string{row.Package})
	}
	for _, entry := range list {
		if own && entry == folder {
			return true
		}
		if !own && (imported == entry || strings.HasPrefix(imported, entry+"/")) {
			return true
		}
	}
	return false
}

// inits: what a program does at its start can be read from main.
func (c *checker) inits(pkg string) {
	for _, s := range c.packages[pkg] {
		for _, decl := range s.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				c.breach("no-init", fn.Pos(), "func init runs unseen: make it a function that somebody calls")
			}
		}
	}
}

// documented: a package for others says what it is and shows how it is used.
func (c *checker) documented(pkg string) {
	if !public(pkg) {
		return
	}
	doc, example := false, slices.Contains(c.plan.NoExample, pkg)
	for _, s := range c.packages[pkg] {
		doc = doc || path.Base(s.file) == "doc.go" && s.ast.Doc != nil
		if !s.test {
			continue
		}
		for _, decl := range s.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			example = example || ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Example")
		}
	}
	if !doc {
		c.missing("doc", pkg, "the public package has no doc.go with a package comment")
	}
	if !example {
		c.missing("example", pkg, "the public package has no Example in a _test.go file")
	}
}

// described: the table of ARCHITECTURE.md has a line "| `package` | … | imports |"
// for every package, and its last cell is the plan's row.
func (c *checker) described(pkg string) {
	row, ok := c.rows[pkg]
	if !ok {
		return // already a finding
	}
	want := cell(row)
	for line := range strings.Lines(c.page) {
		if !strings.HasPrefix(line, "| `"+pkg+"` |") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), "|"), "|")
		if got := strings.TrimSpace(cells[len(cells)-1]); got != want {
			c.missing("architecture", "ARCHITECTURE.md", "the line of %s says that it imports %q, the plan says %q", pkg, got, want)
		}
		return
	}
	c.missing("architecture", "ARCHITECTURE.md", "the table has no line that starts with | `%s` |", pkg)
}

// cell is what a row looks like in ARCHITECTURE.md.
func cell(row Row) string {
	if len(row.Module)+len(row.Library) == 0 {
		return "standard library only"
	}
	return strings.Join(append(slices.Clone(row.Module), row.Library...), ", ")
}
