package archtest

import (
	"os"
	"path/filepath"
	"testing"
)

// TestHouse holds this module to its plan.
func TestHouse(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root = filepath.Dir(filepath.Dir(root)) // internal/archtest
	findings, err := Check(os.DirFS(root), House())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

// TestPlanIsWhole: every package of the module that a row allows has a row itself.
func TestPlanIsWhole(t *testing.T) {
	plan := House()
	seen := map[string]bool{}
	for _, row := range plan.Rows {
		if seen[row.Package] {
			t.Errorf("package %s has two rows", row.Package)
		}
		seen[row.Package] = true
	}
	for _, row := range plan.Rows {
		for _, other := range row.Module {
			if !seen[other] {
				t.Errorf("the row of %s allows %s, which has no row", row.Package, other)
			}
		}
	}
	for _, pkg := range plan.NoExample {
		if !seen[pkg] || !public(pkg) {
			t.Errorf("%s needs no exemption from Examples", pkg)
		}
	}
}

// TestNever: what the plan may not allow, however its rows are edited.
func TestNever(t *testing.T) {
	for _, row := range House().Rows {
		for _, other := range row.Module {
			bad := false
			switch other {
			case "ftpclient":
				bad = row.Package == "ftpserver" || row.Package == "internal/daemon"
			case "ftpserver":
				bad = row.Package == "ftpclient"
			case "internal/daemon":
				bad = row.Package != "internal/cli"
			case "internal/cli":
				bad = row.Package != "cmd/sealane" && row.Package != "internal/docgen" // which writes what it prints
			case "ftptest", "vfs/vfstest":
				bad = true // for tests only
			case "internal/wire", "internal/dataconn", "internal/listing":
				bad = filepath.Dir(row.Package) == "vfs"
			}
			if bad {
				t.Errorf("the row of %s allows %s", row.Package, other)
			}
		}
		for _, lib := range row.Library {
			if public(row.Package) && (lib == "github.com/spf13/cobra" || lib == "github.com/BurntSushi/toml") {
				t.Errorf("the row of the public package %s allows %s", row.Package, lib)
			}
		}
	}
}
