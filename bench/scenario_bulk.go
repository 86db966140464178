package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const gib = 1 << 30

// download reads -size bytes over so many streams.
func download(streams int) func(b *bench) ([]value, error) {
	return func(b *bench) ([]value, error) {
		name, size := "big", b.o.size
		if streams > 1 {
			name, size = "part", b.o.size/int64(b.o.streams)
		}
		ready := func() error { return nil }
		return b.bulk(streams, size, ready, func(_ int, c *client) error { return c.retrieve(name, size) })
	}
}

// upload writes as many.
func upload(streams int) func(b *bench) ([]value, error) {
	return func(b *bench) ([]value, error) {
		size := b.o.size / int64(streams)
		defer b.clearUploads()
		return b.bulk(streams, size, b.touchMemory, func(i int, c *client) error {
			name := fmt.Sprintf("up/file-%d", i)
			if err := c.store(name, size); err != nil {
				return err
			}
			info, err := os.Stat(filepath.Join(b.p.tree, name))
			if err == nil && info.Size() != size {
				err = fmt.Errorf("%s: the server confirmed %d bytes and has %d", name, size, info.Size())
			}
			return err
		})
	}
}

// touchMemory fills as much of the tmpfs as the uploads will, and frees it again.
// A virtual machine gives long unused memory back to its host, and gets it back
// page by page: without this, the first server to upload paid up to three times
// as much as the next.
func (b *bench) touchMemory() error { return b.p.touchMemory(b.o.size) }

func (p *place) touchMemory(size int64) error {
	name := filepath.Join(p.dir, "touch")
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	defer f.Close()
	block := make([]byte, 1<<20)
	for left := size; left > 0; left -= int64(len(block)) {
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) clearUploads() {
	left, err := filepath.Glob(filepath.Join(b.p.tree, "up", "*"))
	if err != nil {
		return
	}
	for _, name := range left {
		os.Remove(name)
	}
}

// bulk measures work; ready is called when the sessions are there.
func (b *bench) bulk(streams int, size int64, ready func() error, work func(int, *client) error) ([]value, error) {
	clients, err := b.sessions(streams)
	if err != nil {
		return nil, err
	}
	defer end(clients)
	if err := ready(); err != nil {
		return nil, err
	}
	wall, cpu, err := b.cost(func() error { return each(clients, work) })
	if err != nil {
		return nil, err
	}
	bytes := float64(size) * float64(streams)
	return []value{
		{"cpu", "s/GiB", cpu.Seconds() / bytes * gib},
		{"rate", "MB/s", bytes / 1e6 / wall.Seconds()},
	}, nil
}

// small reads -files small files over so many connections.
func small(connections int) func(b *bench) ([]value, error) {
	return func(b *bench) ([]value, error) {
		clients, err := b.sessions(connections)
		if err != nil {
			return nil, err
		}
		defer end(clients)
		files := b.o.files / connections
		for _, c := range clients {
			c.opened, c.resumed = 0, 0
		}
		wall, cpu, err := b.cost(func() error {
			return each(clients, func(_ int, c *client) error {
				for i := range files {
					if err := c.retrieve(smallName(i), smallSize); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		var opened, resumed int
		for _, c := range clients {
			opened += c.opened
			resumed += c.resumed
		}
		n := float64(files * connections)
		return []value{
			{"cpu", "ms/file", milliseconds(cpu) / n},
			{"rate", "files/s", n / wall.Seconds()},
			{"resumed", "%", 100 * float64(resumed) / float64(max(opened, 1))},
		}, nil
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
