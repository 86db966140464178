package trail

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// Prepared is settings for which all is ready: what can fail has not failed.
type Prepared struct {
	o     Options
	same  bool   // the folder is the one that is written already
	store *store // nil: same, or no files
	found found
}

// Prepare opens what the settings ask for and writes no line yet. now is the trail of this
// process that [Trail.Change] shall give the settings to; nil: [Prepared.Begin] makes a
// new one. The error says why the files cannot be used. Where neither follows,
// [Prepared.Drop] gives all back.
func Prepare(o Options, now *Trail) (*Prepared, error) {
	if o.queue == 0 {
		o.queue = queueSize
	}
	if o.Every == 0 {
		o.Every = defaultEvery
	}
	if o.open == nil {
		o.open = openFile
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Prepared{o: o}
	if o.Dir == "" {
		return p, nil
	}
	if now != nil && now.writesTo(o.Dir) {
		p.same = true
		return p, nil
	}
	if now != nil {
		now.freed.Wait() // it may be the one of before
	}
	var err error
	if p.store, p.found, err = openStore(o.Dir, o.open, time.Now()); err != nil {
		return nil, err
	}
	if now == nil {
		return p, nil
	}
	// A trail that is written now must not move to a disk that is full.
	if err := probe(o.Dir); err != nil {
		p.Drop()
		return nil, err
	}
	return p, nil
}

// Drop gives back what was opened.
func (p *Prepared) Drop() {
	if p.store != nil {
		p.store.dirty = false // a part of a line stays, and is found again
		_ = p.store.close()   // no line was written
		p.store = nil
	}
}

// first is what stands before the first event in the folder.
func (p *Prepared) first(now time.Time) []Event {
	var list []Event
	if p.store.first == 0 {
		list = append(list, Event{Time: now, Kind: NewFile, File: activeFile, Previous: p.found.previous})
	}
	if p.found.event != nil {
		p.found.event.Time = now
		list = append(list, *p.found.event)
	}
	return list
}

const (
	probeFile = "probe" + tmpSuffix
	probeSize = 64 << 10
)

// probe finds out whether there is room in dir.
func probe(dir string) error {
	name := filepath.Join(dir, probeFile)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, probeSize))
	return errors.Join(err, f.Close(), os.Remove(name))
}

// writesTo reports whether dir is the folder that is written. One that was moved away, and
// is another one by now, is not.
func (t *Trail) writesTo(dir string) bool {
	t.mu.Lock()
	s := t.store
	t.mu.Unlock()
	return s != nil && s.isAt(dir)
}

// isAt reports whether dir is the folder of the files.
func (s *store) isAt(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && os.SameFile(info, s.folder)
}

// turn is a change on its way to the writer.
type turn struct {
	to    *Prepared
	done  chan error
	taken atomic.Bool // by the writer, or back by who wanted it
}

var errSlow = errors.New("trail: the disk does not answer; the settings of before stay")

// Change goes on with other settings: in the same folder in the same file; in another one
// with what stands there, and with a line that names the folder and the last line of
// before. No event is lost by it, none is recorded twice, and what could not be written
// on a full disk goes to the new folder. After an error, which says why the new folder
// cannot be written, or that ctx has ended, all is as before; p is used up in any case. The
// Logger stays the one with which the trail began.
func (t *Trail) Change(ctx context.Context, p *Prepared) error {
	c := &turn{to: p, done: make(chan error, 1)}
	select {
	case t.turn <- c:
	case <-t.done:
		p.Drop()
		return errEnded
	case <-ctx.Done():
		p.Drop()
		return errSlow
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		if c.taken.CompareAndSwap(false, true) {
			p.Drop()
			return errSlow
		}
		return <-c.done
	}
}

// change is Change in the writer.
func (t *Trail) change(c *turn) error {
	if !c.taken.CompareAndSwap(false, true) {
		return errSlow
	}
	p := c.to
	if !p.same && (p.store != nil || t.store != nil) {
		if err := t.move(p); err != nil {
			p.Drop()
			return err
		}
	}
	t.mu.Lock()
	t.o, t.most = p.o, p.o.queue
	t.mu.Unlock()
	t.exchange(p.o.Sinks)
	t.flush()
	if t.store != nil {
		t.tidy() // less may be kept than before
	}
	return nil
}

// move goes on in another folder, or in none.
func (t *Trail) move(p *Prepared) error {
	// From here on no old file is deleted, since the line that says so could get into the
	// other folder.
	tidied := t.tidies(nil)
	t.flush()
	was, now := t.chain, time.Now()
	there := []Event{{Time: now, Kind: Start}} // there were no files
	if was.store != nil {
		there = []Event{{Time: now, Kind: Moved, From: was.store.dir, Head: was.head.String()}}
	}
	if p.store != nil {
		t.link(chain{store: p.store, head: p.found.head})
		if err := t.put(p.first(now), there, false); err != nil {
			t.link(was)
			t.tidies(tidied)
			return err
		}
		t.tellFound(&p.found)
	} else {
		t.link(chain{head: was.head})
	}
	if was.store != nil {
		next := t.chain
		t.link(was)
		t.leave(p, now)
		t.link(next)
		t.freed.Go(func() {
			tidied.work.Wait()
			if err := was.store.close(); err != nil {
				t.log.Warn("the trail of before could not be closed", "err", err)
			}
		})
	}
	t.tidies(&tidying{dir: p.o.Dir})
	return nil
}

// link makes c what is written.
func (t *Trail) link(c chain) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.chain = c
}

// tidies gives the folder whose old files may be deleted from now on, and returns the one
// of before; nil: none.
func (t *Trail) tidies(own *tidying) (was *tidying) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was, t.tidying = t.tidying, own
	return was
}

// leave writes the last lines of a folder, as far as that works.
func (t *Trail) leave(p *Prepared, now time.Time) {
	if len(t.pending) > 0 {
		return // the disk is full
	}
	err := t.putHere([]Event{{Time: now, Kind: Moved, To: p.o.Dir}})
	if err == nil && t.store.isAt(t.store.dir) { // and was not moved away
		err = t.settle(true)
	}
	if err != nil {
		t.log.Warn("the last lines of the trail in the folder of before could not be written", "err", err)
	}
}

// putHere writes events and a checkpoint into the files only: the other sinks have lines of
// the next folder already.
func (t *Trail) putHere(events []Event) error {
	outlets := t.outlets
	t.outlets = nil
	defer func() { t.outlets = outlets }()
	return t.put(nil, events, true)
}

// exchange goes on with other sinks. One that stays keeps its queue; one that goes is given
// the time to send what waits.
func (t *Trail) exchange(sinks []Sink) {
	var list []*outlet
	stays := map[*outlet]bool{}
	for _, s := range sinks {
		own := t.outletOf(s)
		if own == nil {
			own = newOutlet(s, t.o.queue, t.lostBy, t.log)
		}
		stays[own] = true
		list = append(list, own)
	}
	for _, o := range t.outlets {
		if !stays[o] {
			t.leaving.Go(o.close)
		}
	}
	t.outlets = list
}

func (t *Trail) outletOf(s Sink) *outlet {
	for _, o := range t.outlets {
		if o.sink == s {
			return o
		}
	}
	return nil
}
