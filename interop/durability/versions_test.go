//go:build interop && linux

package durability

import (
	"os/exec"
	"strings"
	"testing"
)

// TestVersions prints what the other tests are run with.
func TestVersions(t *testing.T) {
	for _, args := range [][]string{
		{program(t), "version"}, {"uname", "-srm"}, {"strace", "-V"}, {"mkfs.ext4", "-V"}, {"mkfs.xfs", "-V"},
		{"curl", "--version"}, {"lftp", "--version"},
	} {
		out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		if err != nil {
			lack(t, "%v: %v; see interop/install.sh\n%s", args, err, out)
		}
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		t.Logf("%s: %s", args[0], first)
	}
}
