// Package cli is the command line of sealane: one file per command. Commands
// return errors; exit.go turns them into a sentence, a hint and an exit code.
package cli
