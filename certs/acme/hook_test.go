package acme

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mholt/acmez/v3/acme"
)

// TestMain makes the test program a hook, too, so that no shell is needed.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 2 && os.Args[1] == "hook":
		hook(os.Args[2], os.Args[3:])
	default:
		os.Exit(m.Run())
	}
}

func hook(file string, words []string) {
	if words[0] == "hang" {
		select {}
	}
	if words[0] == "fail" {
		fmt.Println(strings.Repeat("the zone is not ours ", 100))
		os.Exit(3)
	}
	if err := os.WriteFile(file, []byte(strings.Join(words, "\n")), 0o600); err != nil {
		os.Exit(4)
	}
}

func challenge(name string) acme.Challenge {
	return acme.Challenge{Type: string(DNS01), KeyAuthorization: "token.key", Identifier: acme.Identifier{Type: "dns", Value: name}}
}

// V-08, V-05: names of the configuration become words of a command, never a part of a command
// line; and no hook runs that the operator has not set.
func TestHook(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/words"
	h := &Hook{Command: []string{program, "hook", file}}
	c := challenge("*.example.org; rm -rf $HOME")
	for what, run := range map[string]func(context.Context, acme.Challenge) error{"present": h.Wait, "cleanup": h.CleanUp} {
		if err := run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		want := what + "\n" + c.DNS01TXTRecordName() + "\n" + c.DNS01KeyAuthorization()
		if err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q: each word as it is", got, err, want)
		}
	}
	if err := h.Present(t.Context(), c); err != nil {
		t.Error(err)
	}
}

func TestHookThatFails(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &Hook{Command: []string{program, "hook", "file", "fail"}}
	err = h.Wait(t.Context(), challenge("example.org"))
	if err == nil || !strings.Contains(err.Error(), "zone is not ours") || len(err.Error()) > 1000 {
		t.Errorf("got %v", err)
	}
	if err := (&Hook{Command: []string{file404}}).Wait(t.Context(), challenge("example.org")); err == nil {
		t.Error("a hook that does not exist did its work")
	}
}

const file404 = "/nonexistent/hook"

func TestHookThatHangs(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- (&Hook{Command: []string{program, "hook", "file", "hang"}}).Wait(ctx, challenge("example.org"))
	}()
	cancel()
	if err := <-done; err == nil {
		t.Error("it ended well")
	}
}
