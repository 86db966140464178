package cli

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
)

// howtoStep is one command of a page, and what it is said to print.
type howtoStep struct {
	args []string
	want []string
}

// howtoSteps reads the blocks of kind console: "$ sealane …" and lines of output.
func howtoSteps(t *testing.T, page string) (steps []howtoStep) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return pageSteps(string(text))
}

func pageSteps(text string) (steps []howtoStep) {
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		command, isCommand := strings.CutPrefix(line, "$ sealane ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside && isCommand:
			steps = append(steps, howtoStep{args: shellWords(command)})
		case inside && len(steps) > 0:
			last := &steps[len(steps)-1]
			last.want = append(last.want, line)
		}
	}
	return steps
}

// understood looks at the command line, and runs nothing.
func (s howtoStep) understood(t *testing.T, env *Env) {
	t.Helper()
	cmd, rest, err := newRootCommand(env).Find(s.args)
	if err == nil {
		if err = cmd.ParseFlags(rest); err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
	}
	if err != nil {
		t.Errorf("sealane %s: %v", strings.Join(s.args, " "), err)
	}
}

// printed compares what a command has printed with the page, in which "…" stands for any text.
func (s howtoStep) printed(t *testing.T, out string) {
	t.Helper()
	want := strings.TrimRight(strings.Join(s.want, "\n"), "\n")
	pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(want), "…", "(?s:.+?)") + "\n?$"
	if !regexp.MustCompile(pattern).MatchString(out) {
		t.Errorf("sealane %s printed\n%sand not\n%s", strings.Join(s.args, " "), out, want)
	}
}

// shellWords splits at spaces outside of double quotes.
func shellWords(s string) (words []string) {
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// TestHowtoCertificates follows the page: its cert commands print what it says.
// Of those that need a server, flags and arguments are looked at.
func TestHowtoCertificates(t *testing.T) {
	steps := howtoSteps(t, "../../docs/howto/certificates.md")
	if len(steps) < 9 {
		t.Fatalf("the page has %d commands", len(steps))
	}
	t.Chdir(t.TempDir())
	for _, s := range steps {
		var out, errs bytes.Buffer
		env := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(name string) string {
			if name == "SEALANE_CERT_PASSWORD" {
				return "wonderland"
			}
			return ""
		}}
		if s.args[0] != "cert" {
			s.understood(t, env)
			continue
		}
		if code := Main(context.Background(), env, s.args); code != 0 {
			t.Fatalf("sealane %s: exit code %d\n%s", strings.Join(s.args, " "), code, errs.String())
		}
		s.printed(t, out.String())
	}
}
