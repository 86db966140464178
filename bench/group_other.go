//go:build !linux

package main

import (
	"errors"
	"os/exec"
	"time"
)

// errLinux is never seen: start refuses other systems before it measures.
var errLinux = errors.New("the benchmarks need Linux")

type groupMaker struct{}

func newGroupMaker(string) (groupMaker, error) { return groupMaker{}, errLinux }

func (groupMaker) String() string { return "none" }

func (groupMaker) start(*exec.Cmd, string) (*group, error) { return nil, errLinux }

type group struct{}

func (*group) ended() <-chan struct{}               { return nil }
func (*group) cpu() (time.Duration, error)          { return 0, errLinux }
func (*group) memory(string, string) (int64, error) { return 0, errLinux }
func (*group) forgetPeak() error                    { return errLinux }
func (*group) stop()                                {}

func asAccount(*exec.Cmd)          {}
func busy() (time.Duration, error) { return 0, errLinux }
func own() time.Duration           { return 0 }
func raiseFiles() (uint64, error)  { return 0, errLinux }
func machine() []string            { return nil }
func load() string                 { return "-" }
