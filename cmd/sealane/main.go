// Command sealane moves files over FTPS: server, client, certificate desk and
// inspector in one program.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/sealane/sealane/internal/cli"
)

func main() {
	env := &cli.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, SetMemoryLimit: debug.SetMemoryLimit}
	os.Exit(cli.Main(context.Background(), env, os.Args[1:]))
}
