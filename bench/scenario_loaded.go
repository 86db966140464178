package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The downloads that load a server run in a second process: in this one, the
// scheduler of Go would delay the round trips that are measured.

// bulkVariable makes this program that second process.
const bulkVariable = "SEALANE_BENCH_BULK"

const bulkStreams = 4

// bulkJob is the content of the variable, as JSON.
type bulkJob struct {
	Target  target
	File    string
	Streams int
}

// bulk downloads a file again and again until its standard input ends. It says
// "ready" when all streams are under way, and at the end how many bytes came
// since.
func bulk(text string) error {
	var job bulkJob
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		return err
	}
	clients := make([]*client, job.Streams)
	for i := range clients {
		c, err := connect(job.Target)
		if err != nil {
			return err
		}
		clients[i] = c
	}
	var bytes atomic.Int64
	var under sync.WaitGroup
	under.Add(len(clients))
	failed := make(chan error, len(clients))
	for _, c := range clients {
		go func() {
			var once sync.Once
			for {
				_, err := c.fetch("RETR "+job.File, func(piece []byte) {
					bytes.Add(int64(len(piece)))
					once.Do(under.Done)
				})
				if err != nil {
					once.Do(under.Done)
					failed <- err
					return
				}
			}
		}()
	}
	under.Wait()
	fmt.Println("ready")
	bytes.Store(0)
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		ended <- err
	}()
	select {
	case err := <-failed:
		return err
	case <-ended:
		fmt.Println(bytes.Load())
		return nil
	}
}

// loaded measures round trips while the server is busy.
func loaded(trip func(i int, c *client) error) func(b *bench) ([]value, error) {
	return func(b *bench) ([]value, error) {
		clients, err := b.sessions(1)
		if err != nil {
			return nil, err
		}
		defer end(clients)
		c := clients[0]
		var times []float64
		began := time.Now()
		bytes, err := b.underBulk(func() error {
			began = time.Now()
			for i := range b.o.samples {
				if err := c.deadline(); err != nil {
					return err
				}
				start := time.Now()
				if err := trip(i, c); err != nil {
					return err
				}
				times = append(times, milliseconds(time.Since(start)))
				time.Sleep(time.Millisecond) // as a person or a program would leave pauses
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return []value{
			{"p50", "ms", percentile(times, 50)},
			{"p99", "ms", percentile(times, 99)},
			{"bulk", "MB/s", float64(bytes) / 1e6 / time.Since(began).Seconds()},
		}, nil
	}
}

func noop(_ int, c *client) error {
	_, err := c.command("NOOP", 200)
	return err
}

func retrieveSmall(i int, c *client) error { return c.retrieve(smallName(i), smallSize) }

// underBulk runs work while another process downloads, and gives the bytes that
// it got meanwhile.
func (b *bench) underBulk(work func() error) (int64, error) {
	job, err := json.Marshal(bulkJob{Target: b.target, File: "big", Streams: bulkStreams})
	if err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), bulkVariable+"="+string(job))
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(out)
	if lines.Scan() && lines.Text() == "ready" {
		err = work()
	} else {
		err = errors.New("the downloads did not start")
	}
	in.Close()
	var bytes int64
	if lines.Scan() {
		_, scanErr := fmt.Sscan(lines.Text(), &bytes)
		err = errors.Join(err, scanErr)
	}
	waitErr := cmd.Wait()
	b.report.used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if waitErr != nil {
		err = errors.Join(err, fmt.Errorf("downloads: %w: %s", waitErr, said.String()))
	}
	return bytes, err
}
