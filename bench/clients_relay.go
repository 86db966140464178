package main

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// The servers are on nearHost. On farHost the same ports lead to them with a delay.
const (
	nearHost = "127.0.0.1"
	farHost  = "127.0.0.2"
)

// inFlight bounds what is on the way in one direction of one connection, as the
// windows of TCP do on a long line.
const inFlight = 16 << 20

// relay passes connections on, port for port, and delays all bytes by half a round
// trip in each direction. It rewrites nothing: EPSV names a port and no address.
//
// A user program cannot delay the answer to a connect. What is sent first on a new
// connection is held back for a whole round trip instead.
type relay struct {
	delay time.Duration // of one direction
	lns   []net.Listener

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
	wg     sync.WaitGroup
}

func newRelay(to, from string, ports []int, roundTrip time.Duration) (*relay, error) {
	r := &relay{delay: roundTrip / 2, conns: map[net.Conn]bool{}}
	for _, port := range ports {
		ln, err := net.Listen("tcp", net.JoinHostPort(from, strconv.Itoa(port)))
		if err != nil {
			r.close()
			return nil, fmt.Errorf("relay: %w", err)
		}
		r.lns = append(r.lns, ln)
		r.wg.Go(func() { r.serve(ln, net.JoinHostPort(to, strconv.Itoa(port))) })
	}
	return r, nil
}

func (r *relay) serve(ln net.Listener, to string) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		if r.keep(c) {
			r.wg.Go(func() { r.pass(c.(*net.TCPConn), to) })
		}
	}
}

// keep notes a connection to be closed at the end.
func (r *relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = c.Close()
		return false
	}
	r.conns[c] = true
	return true
}

func (r *relay) drop(c net.Conn) {
	r.mu.Lock()
	delete(r.conns, c)
	r.mu.Unlock()
	_ = c.Close()
}

func (r *relay) pass(client *net.TCPConn, to string) {
	defer r.drop(client)
	accepted := time.Now()
	// Not before the client could have known that it is connected.
	up := r.take(client, accepted.Add(2*r.delay))
	// SYN, its answer, and the ACK that the server waits for.
	time.Sleep(time.Until(accepted.Add(3 * r.delay)))
	s, err := net.Dial("tcp", to)
	if err != nil || !r.keep(s) {
		_ = client.SetLinger(0)
		_ = client.Close() // ends take
		for range up {
		}
		return
	}
	defer r.drop(s)
	server := s.(*net.TCPConn)
	var both sync.WaitGroup
	both.Go(func() { give(server, client, up) })
	both.Go(func() { give(client, server, r.take(server, accepted)) })
	both.Wait()
}

// piece is what was read at once, and when it is due.
type piece struct {
	data []byte
	err  error // the end; io.EOF is FIN
	due  time.Time
}

// take reads to the end of a connection. Nothing counts as sent before begin.
func (r *relay) take(from *net.TCPConn, begin time.Time) <-chan piece {
	const most = 64 << 10
	way := make(chan piece, inFlight/most)
	r.wg.Go(func() {
		defer close(way)
		for {
			buf := make([]byte, most)
			n, err := from.Read(buf)
			sent := time.Now()
			if sent.Before(begin) {
				sent = begin
			}
			way <- piece{buf[:n], err, sent.Add(r.delay)} // the end takes its time too
			if err != nil {
				return
			}
		}
	})
	return way
}

// give writes what was taken from the other end when it is due, and takes FIN and
// RST for what they are.
func give(to, from *net.TCPConn, way <-chan piece) {
	for p := range way {
		time.Sleep(time.Until(p.due))
		_, err := to.Write(p.data)
		switch {
		case err != nil || p.err != nil && p.err != io.EOF:
			for _, end := range []*net.TCPConn{to, from} {
				_ = end.SetLinger(0)
				_ = end.Close()
			}
			for range way {
			}
			return
		case p.err != nil:
			_ = to.CloseWrite()
		}
	}
}

func (r *relay) close() {
	for _, ln := range r.lns {
		_ = ln.Close()
	}
	r.mu.Lock()
	r.closed = true
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.wg.Wait()
}

// ports are those of a server: for commands and for data.
func (s *product) ports() []int {
	ports := []int{s.control}
	for p := s.from; p <= s.to; p++ {
		ports = append(ports, p)
	}
	return ports
}
