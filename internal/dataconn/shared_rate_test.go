package dataconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// farPipe is net.Pipe over a line on which every byte is under way for the delay, in
// both directions.
func farPipe(delay time.Duration) (near, far net.Conn) {
	near, a := net.Pipe()
	b, far := net.Pipe()
	go carryLate(a, b, delay)
	go carryLate(b, a, delay)
	return near, far
}

func carryLate(from, to net.Conn, delay time.Duration) {
	type packet struct {
		due  time.Time
		text []byte // none: the end
	}
	line := make(chan packet, 1024)
	go func() {
		defer to.Close()
		for p := range line {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.text); err != nil {
				from.Close()
				return
			}
		}
	}()
	defer close(line)
	for {
		buf := make([]byte, 32<<10)
		n, err := from.Read(buf)
		if n > 0 {
			line <- packet{time.Now().Add(delay), buf[:n]}
		}
		if err != nil {
			time.Sleep(delay)
			return
		}
	}
}

// farSession does transfers one after the other, as a client on the far end of a line
// and its session here do.
type farSession struct {
	*sharedStage
	delay   time.Duration
	request Request
	client  *tls.Config
}

func (s *farSession) transfer(content string) error {
	time.Sleep(s.delay) // PASV
	o, err := s.Offer(s.t.Context(), s.request)
	if err != nil {
		return err
	}
	defer o.Close()
	served := make(chan error, 1)
	go func() {
		time.Sleep(2 * s.delay) // our 227, and its RETR
		served <- s.serve(o, content)
	}()
	time.Sleep(s.delay)     // 227
	time.Sleep(2 * s.delay) // SYN and SYN-ACK; ACK and hello are one packet
	near, far := farPipe(s.delay)
	go func() {
		time.Sleep(s.delay)
		s.listeners[o.Port()].queue <- addressed{far, loopback}
	}()
	defer near.Close()
	got, err := io.ReadAll(tls.Client(near, s.client))
	if err == nil && string(got) != content {
		err = fmt.Errorf("got %q, want %q", got, content)
	}
	time.Sleep(s.delay) // 226
	if served := <-served; err == nil {
		err = served
	}
	return err
}

func (s *farSession) serve(o Offer, content string) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	conn, err := o.Wait(ctx)
	if err != nil {
		return err
	}
	if _, err = io.WriteString(conn, content); err == nil {
		err = conn.Finish()
	}
	go conn.Drain(2 * time.Second)
	return err
}

// SP-10: one address that is far away gets as many transfers as its ports allow: a
// slot is held for three round trips (reply and connection, hello, Finished). Nobody
// is refused, and nobody gets the file of another. Time is that of the bubble, so
// the machine has no say in it.
func TestSP10RateOverALongLine(t *testing.T) {
	const sessions, files = 32, 6
	for _, c := range []struct {
		ports int
		delay time.Duration // each way
	}{{1, 30 * time.Millisecond}, {2, 60 * time.Millisecond}, {8, 60 * time.Millisecond}} {
		t.Run(fmt.Sprintf("%d_ports_%v", c.ports, c.delay), func(t *testing.T) {
			server, client := testTLS(t, tls.VersionTLS13)
			server.SessionTicketsDisabled = true // every handshake is a whole one
			onStage(t, c.ports, SharedOptions{}, func(t *testing.T, stage *sharedStage) {
				s := &farSession{sharedStage: stage, delay: c.delay, client: client}
				s.request = Request{Local: loopback, Peer: loopback, Secure: secureWith(server), Stall: testStall}
				began := time.Now()
				var all sync.WaitGroup
				for session := range sessions {
					all.Go(func() {
						for file := range files {
							if err := s.transfer(fmt.Sprintf("session %d file %d", session, file)); err != nil {
								t.Errorf("session %d file %d: %v", session, file, err)
							}
						}
					})
				}
				all.Wait()
				rate := sessions * files / time.Since(began).Seconds()
				want := float64(c.ports) / (3 * 2 * c.delay).Seconds()
				if rate < 0.8*want || rate > 1.2*want {
					t.Errorf("%.1f transfers per second, want %.1f", rate, want)
				}
				if n := s.Counts(); n.Refused != 0 || n.Lapses != 0 || n.Dropped != 0 || n.Failed != 0 {
					t.Errorf("counted %+v", n)
				}
				t.Logf("%.2f transfers per second, N/(3 RTT) is %.2f; longest wait %v", rate, want, s.Counts().LongestWait)
				time.Sleep(10 * time.Second) // until all lines are empty
				synctest.Wait()
			})
		})
	}
}
