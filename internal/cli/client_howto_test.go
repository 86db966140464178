package cli

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftptest"
)

// TestHowtoClient follows the page against a server: its commands print what it says.
func TestHowtoClient(t *testing.T) {
	steps := howtoSteps(t, "../../docs/howto/client.md")
	if len(steps) < 9 {
		t.Fatalf("the page has %d commands", len(steps))
	}
	s := ftptest.NewServer(map[string]string{"/in/": ""}, nil)
	defer s.Close()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("photos", 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"report.pdf": "the report\n", "photos/a.jpg": "a"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range steps {
		var out, errs safeBuffer
		env := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(name string) string {
			return map[string]string{"SEALANE_PASSWORD": ftptest.Password}[name]
		}}
		args := []string{step.args[0], "--pin", certs.PinOf(s.Certificate.Leaf).String()}
		for _, arg := range step.args[1:] {
			args = append(args, strings.ReplaceAll(arg, "anna@files.example", ftptest.User+"@"+s.Addr))
		}
		if code := Main(context.Background(), env, args); code != 0 {
			t.Fatalf("sealane %s: exit code %d\n%s", strings.Join(step.args, " "), code, errs.String())
		}
		step.printed(t, out.String())
	}
}
