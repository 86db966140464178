package archtest

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
)

// variables: a package-level variable is set once, where it is declared.
//
// It sees assignments, ++ and --, range clauses, delete and clear on a
// package-level variable or on what hangs below it (x.f = …, x[k] = …), with
// shadowing resolved by go/types. It does not see a change through a pointer
// or by a method call.
func (c *checker) variables(pkg string) {
	var files []*ast.File
	for _, s := range c.packages[pkg] {
		if !s.test {
			files = append(files, s.ast)
		}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{
		// Files for several systems declare the same name twice, and imports
		// are empty here. Names are resolved all the same.
		Error:    func(error) {},
		Importer: emptyImporter{},
	}
	checked, _ := config.Check(pkg, c.fset, files, info)
	if checked == nil {
		return
	}
	changed := func(target ast.Expr) {
		id := root(target)
		if id == nil {
			return
		}
		if v, ok := info.Uses[id].(*types.Var); ok && v.Parent() == checked.Scope() {
			c.breach("no-changing-variable", id.Pos(), "package-level variable %s is changed here: make it a field of what owns it", id.Name)
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			for _, target := range targets(n) {
				changed(target)
			}
			return true
		})
	}
}

// targets gives the expressions that a node changes.
func targets(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.CallExpr:
		if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "delete" || fn.Name == "clear") && len(n.Args) > 0 {
			return n.Args[:1]
		}
	}
	return nil
}

// root is the variable that an expression such as (*x.f)[i] starts from.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.ParenExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// emptyImporter answers every import with a package that declares nothing: the
// names of this package are all that is asked for.
type emptyImporter struct{}

func (emptyImporter) Import(imported string) (*types.Package, error) {
	p := types.NewPackage(imported, path.Base(imported))
	p.MarkComplete()
	return p, nil
}
