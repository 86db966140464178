package main

import (
	"fmt"
	"sync"
	"time"
)

// login logs in and out, -logins times, after one that does not count.
func login(b *bench) ([]value, error) {
	once := func() error {
		c, err := connect(b.target)
		if err != nil {
			return err
		}
		return c.quit()
	}
	if err := once(); err != nil {
		return nil, err
	}
	time.Sleep(settle)
	wall, cpu, err := b.cost(func() error {
		for range b.o.logins {
			if err := once(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	n := float64(b.o.logins)
	return []value{
		{"cpu", "ms", milliseconds(cpu) / n},
		{"time", "ms", milliseconds(wall) / n},
	}, nil
}

// loginsAtOnce keeps the cores busy without flooding the listen queues.
const loginsAtOnce = 4

// idle logs in -idle sessions, waits until memory has settled, and asks each
// whether it still lives.
func idle(b *bench) ([]value, error) {
	if limit, err := raiseFiles(); err != nil {
		return nil, err
	} else if uint64(b.o.idle)+100 > limit {
		return nil, fmt.Errorf("%d sessions need that many descriptors, and %d are allowed. Raise \"ulimit -n\" or lower -idle", b.o.idle, limit)
	}
	first, err := b.sessions(1)
	if err != nil {
		return nil, err
	}
	defer end(first)
	const rest = 3 * time.Second
	time.Sleep(rest)
	before, err := b.group.memory("smaps_rollup", "Pss:")
	if err != nil {
		return nil, err
	}
	clients, err := b.loginAll(b.o.idle)
	defer end(clients)
	if err != nil {
		return nil, err
	}
	time.Sleep(rest)
	after, err := b.group.memory("smaps_rollup", "Pss:")
	if err != nil {
		return nil, err
	}
	answered := 0
	for _, c := range clients {
		if c.deadline() != nil {
			continue
		}
		if _, err := c.command("NOOP", 200); err == nil {
			answered++
		}
	}
	return []value{
		{"memory", "KiB/session", float64(after-before) / 1024 / float64(b.o.idle)},
		{"answered", "%", 100 * float64(answered) / float64(b.o.idle)},
	}, nil
}

// loginAll opens n sessions, a few at once, and gives those that it has even if
// some fail.
func (b *bench) loginAll(n int) ([]*client, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var clients []*client
	var failure error
	started := 0
	for range loginsAtOnce {
		wg.Go(func() {
			for {
				mu.Lock()
				if started == n || failure != nil {
					mu.Unlock()
					return
				}
				started++
				mu.Unlock()
				c, err := connect(b.target)
				mu.Lock()
				if err != nil {
					failure = fmt.Errorf("session %d: %w", len(clients)+1, err)
				} else {
					clients = append(clients, c)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return clients, failure
}
