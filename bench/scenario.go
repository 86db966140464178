package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// scenario is one kind of work. Its run gets a fresh server.
type scenario struct {
	name  string
	about string
	plain bool // without TLS
	once  bool // in -idle-rounds rounds only
	run   func(b *bench) ([]value, error)
}

// value is one figure of one sample.
type value struct {
	metric string
	unit   string
	n      float64
}

// errNotOffered is what a scenario returns for a server without its command.
var errNotOffered = errors.New("the server does not offer this")

// scenarios is the list of all, in the order of the report.
func scenarios(o *options) []scenario {
	many := fmt.Sprint(o.streams)
	return []scenario{
		{name: "download-1", about: "RETR of one file, one stream, TLS", run: download(1)},
		{name: "download-" + many, about: "the same bytes over " + many + " streams", run: download(o.streams)},
		{name: "upload-1", about: "STOR of one file, one stream, TLS", run: upload(1)},
		{name: "upload-" + many, about: "the same bytes over " + many + " streams", run: upload(o.streams)},
		{name: "plain-1", about: "RETR of one file, one stream, no TLS", plain: true, run: download(1)},
		{name: "small-1", about: "RETR of 4 KiB files, one connection, data connections resumed", run: small(1)},
		{name: "small-" + many, about: "the same over " + many + " connections", run: small(o.streams)},
		{name: "login", about: "connect, TLS, USER, PASS, PBSZ, PROT, TYPE, QUIT, one after the other", run: login},
		{name: "list-mlsd", about: "MLSD of the large folder", run: listing("MLSD list")},
		{name: "list-list", about: "LIST of the large folder", run: listing("LIST list")},
		{name: "idle", about: "idle logged-in sessions, then a NOOP to each", once: true, run: idle},
		{name: "noop-loaded", about: "NOOP while 4 sessions download", run: loaded(noop)},
		{name: "retr-loaded", about: "RETR of 4 KiB while 4 sessions download", run: loaded(retrieveSmall)},
	}
}

// bench is what a scenario works with.
type bench struct {
	o      *options
	p      *place
	server product
	target target
	group  *group
	report *report
}

// sample starts the server, lets the scenario run, and stops the server.
func sample(o *options, p *place, server product, s scenario, r *report) ([]value, error) {
	if server.noMLSD && s.name == "list-mlsd" {
		return nil, errNotOffered
	}
	up, err := server.start(p, s.plain)
	if err != nil {
		return nil, err
	}
	defer func() { r.used += up.stop() }()
	b := &bench{o: o, p: p, server: server, group: up.group, report: r,
		target: target{Addr: server.addr(), Password: p.password, Timeout: o.timeout}}
	if !s.plain {
		b.target.CA = p.cert
	}
	return s.run(b)
}

// settle is how long a server may finish what it does after its last reply.
const settle = 50 * time.Millisecond

// cost measures a piece of work: how long it took, and the CPU time of the
// server.
func (b *bench) cost(work func() error) (wall, cpu time.Duration, err error) {
	before, err := b.group.cpu()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := work(); err != nil {
		return 0, 0, err
	}
	wall = time.Since(began)
	time.Sleep(settle)
	after, err := b.group.cpu()
	return wall, after - before, err
}

// sessions logs in n times and warms each session up with one small file.
func (b *bench) sessions(n int) ([]*client, error) {
	clients := make([]*client, 0, n)
	for range n {
		c, err := connect(b.target)
		if err != nil {
			end(clients)
			return nil, err
		}
		clients = append(clients, c)
		if err := c.retrieve(smallName(0), smallSize); err != nil {
			end(clients)
			return nil, err
		}
	}
	b.report.negotiated(b.server.name, clients[0])
	return clients, nil
}

// end closes sessions without QUIT: the server is stopped next.
func end(clients []*client) {
	for _, c := range clients {
		c.raw.Close()
	}
}

// each runs work for all clients at once.
func each(clients []*client, work func(i int, c *client) error) error {
	errs := make([]error, len(clients))
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() { errs[i] = work(i, c) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
