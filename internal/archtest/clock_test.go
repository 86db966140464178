package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ofSessions are the packages in which sessions, their limits and bans live.
var ofSessions = []string{"ftpserver", "internal/wire", "internal/dataconn", "internal/origin", "internal/guard", "internal/sock", "auth", "auth/password"}

// wallOnly are what gives a time without its monotonic reading, or a number in its place.
var wallOnly = []string{
	"Round", "Truncate", "UTC", "Local", "In", "AddDate", "Unix", "UnixMilli", "UnixMicro", "UnixNano", "Date", "Parse", "ParseInLocation",
}

// wallUses are the places where that is right, as file, function and name, with why.
var wallUses = map[string]string{
	"ftpserver/tls_proof.go append Unix":    "the age of a ticket, which its client keeps, also beyond this process; crypto/tls goes by the same clock",
	"ftpserver/tls_proof.go proofOf Unix":   "the same",
	"internal/guard/guard.go tellBan UTC":   "text for the log",
	"internal/guard/state.go restore Unix":  "trust that outlives the process",
	"internal/guard/state.go snapshot Unix": "the same",
	"internal/origin/origin.go wait Unix":   "a deadline that is over by any clock",
}

// F-09: limits of time are measured by the monotonic clock, so that a clock of the wall that
// jumps ends no session and prolongs none: where sessions live, no time loses its monotonic
// reading. And certificates are judged by the clock of the wall: nobody gives crypto/tls or
// crypto/x509 another.
func TestSessionsGoByTheMonotonicClock(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := os.DirFS(filepath.Dir(filepath.Dir(here)))
	used := map[string]bool{}
	for _, pkg := range ofSessions {
		files, err := fs.Glob(root, pkg+"/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pkg, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range clockFindings(t, name, text) {
				used[f.use] = true
				if wallUses[f.use] == "" {
					t.Errorf("%s: %s", f.at, f.text)
				}
			}
		}
	}
	for use := range wallUses {
		if !used[use] {
			t.Errorf("the exception %q is needed no more", use)
		}
	}
}

type clockFinding struct{ at, use, text string }

// clockFindings looks at names alone: what is no time.Time, and has a method of such a name,
// needs an exception, too.
func clockFindings(t *testing.T, name string, text []byte) (out []clockFinding) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil // it does not compile, which others say
	}
	for _, decl := range file.Decls {
		function := ""
		if f, ok := decl.(*ast.FuncDecl); ok {
			function = f.Name.Name
		}
		found := func(n ast.Node, what, format string) {
			out = append(out, clockFinding{
				at: set.Position(n.Pos()).String(), use: fmt.Sprintf("%s %s %s", name, function, what),
				text: fmt.Sprintf(format, what) + ": if that is right, name it in wallUses",
			})
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains(wallOnly, s.Sel.Name) {
					found(n, s.Sel.Name, "%s takes away the monotonic reading")
				}
			case *ast.CompositeLit:
				kind, ok := n.Type.(*ast.SelectorExpr)
				if !ok || kind.Sel.Name != "Config" && kind.Sel.Name != "VerifyOptions" {
					break
				}
				for _, e := range n.Elts {
					if field, ok := e.(*ast.KeyValueExpr); ok {
						if key, ok := field.Key.(*ast.Ident); ok && (key.Name == "Time" || key.Name == "CurrentTime") {
							found(n, key.Name, "%s is another clock for certificates")
						}
					}
				}
			case *ast.AssignStmt:
				for _, target := range n.Lhs {
					if s, ok := target.(*ast.SelectorExpr); ok && s.Sel.Name == "CurrentTime" {
						found(n, s.Sel.Name, "%s is another clock for certificates")
					}
				}
			}
			return true
		})
	}
	return out
}

// TestClockFindings: the check above sees what it is for.
func TestClockFindings(t *testing.T) {
	const text = `package p

func a() {
	_ = t.Round(0).Before(now)
	_ = time.Unix(0, n)
	until.Store(t.UnixNano())
	_ = &tls.Config{Time: clock}
	_ = x509.VerifyOptions{CurrentTime: at}
	o.CurrentTime = at
	_ = now.Add(limit).Before(time.Now())
	_ = Event{Time: time.Now()}
}
`
	var got []string
	for _, f := range clockFindings(t, "p/p.go", []byte(text)) {
		got = append(got, path.Base(f.use))
	}
	want := []string{"p.go a Round", "p.go a Unix", "p.go a UnixNano", "p.go a Time", "p.go a CurrentTime", "p.go a CurrentTime"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
