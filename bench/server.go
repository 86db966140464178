package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// product is a server that can be measured.
type product struct {
	name    string
	version string
	// settings says in words what is not the same for all.
	settings string
	noMLSD   bool
	control  int // ports
	from, to int
	// command makes the command that serves in the foreground, with TLS required
	// on both connections or, if plain, without TLS.
	command func(plain bool) (*exec.Cmd, error)
	cleanup func() // nil if there is nothing beside place.dir
}

// newProduct gives a product its ports; index is different for each.
func newProduct(p *place, name string, index int) product {
	from, to := p.dataPorts(index)
	return product{name: name, control: p.port + index, from: from, to: to}
}

func (s *product) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.control)) }

// running is a started server.
type running struct {
	group *group
	log   *os.File
}

// start runs the server and waits until it answers.
func (s *product) start(p *place, plain bool) (*running, error) {
	cmd, err := s.command(plain)
	if err != nil {
		return nil, err
	}
	logPath := p.path(s.name + ".log")
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	g, err := p.group.start(cmd, s.name)
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	r := &running{group: g, log: log}
	if err := answers(s.addr(), 15*time.Second, g.ended()); err != nil {
		r.stop()
		said, _ := os.ReadFile(logPath) // the error below counts
		return nil, fmt.Errorf("%w; it said: %s", err, tail(said, 500))
	}
	return r, nil
}

// stop ends the server and gives the CPU time that it has used, or 0 if that is
// not known.
func (r *running) stop() time.Duration {
	cpu, err := r.group.cpu()
	if err != nil {
		cpu = 0
	}
	r.group.stop()
	r.log.Close()
	return cpu
}

// answers waits until a server greets.
func answers(addr string, within time.Duration, ended <-chan struct{}) error {
	last := fmt.Errorf("it does not listen on %s", addr)
	for end := time.Now().Add(within); time.Now().Before(end); {
		select {
		case <-ended:
			return fmt.Errorf("it ended before it answered")
		case <-time.After(20 * time.Millisecond):
		}
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			last = err
			continue
		}
		greeting := make([]byte, 4)
		_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // Read fails in any case where this does
		_, err = c.Read(greeting)
		c.Close()
		if err == nil {
			return nil
		}
		last = err
	}
	return last
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// writeConfig writes a configuration file for root.
func writeConfig(path, content string) error {
	return os.WriteFile(path, []byte(content), 0o600)
}
