package ftpserver_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// F-09: the tests with the tag walljump run with a package time whose clock of the wall they
// can move (time.JumpWall), while the monotonic one goes on: what a system does whose clock is
// set. Only so can it be tested that no limit of time goes by the former.
func TestF09WallClockJumps(t *testing.T) {
	if os.Getenv("INTEROP_LONG") != "1" {
		t.Skip("compiles the standard library anew; set INTEROP_LONG=1")
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("the go command is needed: %v", err)
	}
	original := filepath.Join(strings.TrimSpace(string(out)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	source := string(text)
	for _, change := range [][2]string{
		{"import (\n", "import (\n\t\"sync/atomic\"\n"},
		{"func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n", "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n\tsec += wallJump.Load()\n"},
	} {
		if strings.Count(source, change[0]) != 1 {
			t.Fatalf("%s of this Go is another: %q is not in it once", original, change[0])
		}
		source = strings.Replace(source, change[0], change[1], 1)
	}
	source += "\nvar wallJump atomic.Int64\n\n// JumpWall moves the clock of the wall.\nfunc JumpWall(d Duration) { wallJump.Add(int64(d / Second)) }\n"
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, "time.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{changed: []byte(source), overlay: replace} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	test := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-tags", "walljump", "-vet=off", "-count=1", "-timeout=5m", "-v", "-run", "^TestF09(Jump|Deadline|Write|Bans)",
		".", "../internal/dataconn", "../internal/wire", "../internal/guard", "../internal/daemon")
	// A cache of its own: what is compiled against another package time has been seen to be
	// missed in the usual one (golang/go#73368).
	test.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "cache"))
	out, err = test.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	if n := strings.Count(string(out), "\n--- PASS: TestF09"); n != 7 {
		t.Errorf("%d tests have passed, want 7", n)
	}
}
