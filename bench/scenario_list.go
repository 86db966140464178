package main

import (
	"bytes"
	"fmt"
	"time"
)

// listing reads the large folder: how long it takes, when the first byte comes,
// and by how much the memory of the server grows at its highest.
func listing(command string) func(b *bench) ([]value, error) {
	return func(b *bench) ([]value, error) {
		clients, err := b.sessions(1)
		if err != nil {
			return nil, err
		}
		defer end(clients)
		c := clients[0]
		before, err := b.group.memory("status", "VmRSS:")
		if err != nil {
			return nil, err
		}
		if err := b.group.forgetPeak(); err != nil {
			return nil, err
		}
		var lines int
		var first time.Time
		began := time.Now()
		wall, cpu, err := b.cost(func() error {
			_, err := c.fetch(command, func(piece []byte) {
				if first.IsZero() {
					first = time.Now()
				}
				lines += bytes.Count(piece, []byte("\n"))
			})
			return err
		})
		if err != nil {
			return nil, err
		}
		// Besides the entries: "." and "..", "total", type=cdir and type=pdir.
		if lines < b.o.entries || lines > b.o.entries+3 {
			return nil, fmt.Errorf("%s: got %d lines for %d entries", command, lines, b.o.entries)
		}
		peak, err := b.group.memory("status", "VmHWM:")
		if err != nil {
			return nil, err
		}
		after, err := b.group.memory("status", "VmRSS:")
		if err != nil {
			return nil, err
		}
		return []value{
			{"time", "ms", milliseconds(wall)},
			{"first", "ms", milliseconds(first.Sub(began))},
			{"cpu", "ms", milliseconds(cpu)},
			{"growth", "MiB peak", float64(peak-before) / (1 << 20)},
			{"kept", "MiB after", float64(after-before) / (1 << 20)},
		}, nil
	}
}
