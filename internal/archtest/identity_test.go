package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// V-13: the program never changes which user or which groups it runs as, for itself or for
// a program that it starts, so that no identity can be incomplete and no right left over. Who
// owns what an account stores is set by one fchown of user and group.
func TestIdentityNeverChanges(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := os.DirFS(filepath.Dir(filepath.Dir(here)))
	forbidden := []string{
		"Setuid", "Setgid", "Seteuid", "Setegid", "Setreuid", "Setregid", "Setresuid", "Setresgid", "Setfsuid", "Setfsgid", "Setgroups",
		"Credential", "SYS_SETUID", "SYS_SETGID", "SYS_SETRESUID", "SYS_SETRESGID", "SYS_SETGROUPS", "Chroot", "Capset",
	}
	files := 0
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "bench" || name == "interop" || strings.HasPrefix(d.Name(), ".") && name != "."):
			return fs.SkipDir // those run other programs, and are no part of this one
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		files++
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil // it does not compile, which others say
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(forbidden, s.Sel.Name) {
				if from, ok := s.X.(*ast.Ident); ok && slices.Contains([]string{"syscall", "unix", "windows"}, from.Name) {
					t.Errorf("%s: %s.%s changes what the program may do", set.Position(s.Pos()), from.Name, s.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || files < 100 {
		t.Errorf("%d files, %v", files, err)
	}
}
