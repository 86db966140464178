package trail

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// run is the writer.
func (t *Trail) run() {
	defer close(t.done)
	for {
		change, quitting := t.wait()
		t.flush()
		if change != nil {
			change.done <- t.change(change)
		}
		if quitting {
			t.end()
			return
		}
	}
}

// wait returns when there is something to write, and a while later, so that it is more;
// or at once if there are other settings.
func (t *Trail) wait() (change *turn, quitting bool) {
	later := make(<-chan time.Time)
	if len(t.pending) > 0 || t.told != t.head && t.store != nil {
		retry := time.NewTimer(max(again, headEvery))
		defer retry.Stop()
		later = retry.C
	}
	wake := t.wake
	if len(t.pending) > 0 {
		wake = nil // it would fail again
	}
	select {
	case <-wake:
	case <-later:
		return nil, false
	case change = <-t.turn:
		return change, false
	case <-t.quit:
		return nil, true
	}
	more := time.NewTimer(gather)
	defer more.Stop()
	select {
	case <-more.C:
		return nil, false
	case change = <-t.turn:
		return change, false
	case <-t.quit:
		return nil, true
	}
}

// take gets the events that wait.
func (t *Trail) take() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cap(t.batch) > chunk {
		t.batch = nil // of a rush that is over
	}
	t.batch, t.queue = t.queue, t.batch[:0]
	if t.pending = t.batch; t.lost > 0 {
		t.pending = append(t.pending, Event{Time: time.Now(), Kind: Lost, Sink: "file", Lost: t.lost})
		t.lost = 0
	}
}

// flush writes what waits, as far as that works.
func (t *Trail) flush() {
	t.busy(true)
	err := t.writeAll()
	t.busy(false)
	t.mu.Lock()
	before := t.err
	t.err = err
	t.mu.Unlock()
	switch {
	case err != nil && before == nil:
		t.log.Error("the trail cannot be written", "err", err)
	case err == nil && before != nil:
		t.log.Info("the trail is written again")
	}
}

func (t *Trail) busy(yes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since = (time.Time{}); yes {
		t.since = time.Now()
	}
}

func (t *Trail) writeAll() error {
	if len(t.pending) == 0 {
		t.take()
	}
	for len(t.pending) > 0 {
		n := min(chunk, len(t.pending))
		if err := t.write(t.pending[:n]); err != nil {
			return err
		}
		clear(t.pending[:n])
		if t.pending = t.pending[n:]; len(t.pending) == 0 {
			t.take()
		}
	}
	return t.settle(t.signed)
}

// settle forces lines to the disk, as the settings say, and then says in the file head
// which one is the last.
func (t *Trail) settle(signed bool) error {
	if t.store == nil || t.told == t.head {
		return nil
	}
	sync := t.o.Sync == SyncBatch || t.o.Sync == SyncCheckpoint && signed
	if sync {
		if err := t.store.file.Sync(); err != nil {
			return err
		}
	}
	if !signed && time.Since(t.toldAt) < headEvery {
		return nil
	}
	if err := writeHead(t.store.dir, t.store.key, t.head, time.Now(), sync); err != nil {
		return err
	}
	t.told, t.toldAt, t.signed = t.head, time.Now(), false
	return nil
}

// write writes some events.
func (t *Trail) write(events []Event) error {
	if t.store != nil {
		if err := t.store.reopen(); err != nil {
			return err
		}
		if t.store.due(t.o.MaxSize, t.o.MaxAge) {
			if err := t.rotate(); err != nil {
				t.log.Warn("the trail goes on in the same file", "err", err)
			}
		}
	}
	var first []Event
	if t.store != nil && t.store.first == 0 && events[0].Kind != NewFile {
		first = append(first, Event{Time: time.Now(), Kind: NewFile, File: activeFile, Previous: t.previous()})
	}
	return t.put(first, events, false)
}

func (t *Trail) previous() string {
	files, err := Files(t.store.dir)
	if n := len(files); err == nil && n > 1 {
		return strings.TrimSuffix(files[n-2].Name, gzSuffix)
	}
	return ""
}

// put makes lines of events and writes them; sign: with a checkpoint at the end.
func (t *Trail) put(first, events []Event, sign bool) error {
	head, unsaid, signed := t.head, t.unsaid, t.signed
	t.text, t.ends, t.kinds = t.text[:0], t.ends[:0], t.kinds[:0]
	add := func(e *Event) {
		begin := len(t.text)
		t.text = t.enc.appendLine(t.text, head.Seq+1, head.Sum, e)
		head = Head{head.Seq + 1, sumOf(t.text[begin:])}
		t.text = append(t.text, '\n')
		t.ends = append(t.ends, len(t.text))
		t.kinds = append(t.kinds, mark{e.Kind, e.Time, grave(e)})
		unsaid++
	}
	checkpoint := func() {
		if t.store != nil {
			e := t.checkpoint(head)
			add(&e)
		}
		unsaid, signed = 0, true
	}
	for i := range first {
		add(&first[i])
	}
	for i := range events {
		add(&events[i])
		if unsaid >= t.o.Every {
			checkpoint()
		}
	}
	if sign && unsaid > 0 {
		checkpoint()
	}
	if t.store != nil {
		if err := t.store.append(t.text, t.head.Seq+1); err != nil {
			return err
		}
	}
	t.head, t.unsaid, t.signed = head, unsaid, signed
	t.mu.Lock()
	t.counts.Lines += uint64(len(t.ends))
	t.mu.Unlock()
	t.pass()
	return nil
}

// checkpoint is the signed line behind head.
func (t *Trail) checkpoint(head Head) Event {
	now := time.Now()
	sig := ed25519.Sign(t.store.key, checkpointText(head.Seq+1, head.Sum, now))
	return Event{
		Time: now, Kind: Checkpoint, Key: KeyID(t.store.key.Public().(ed25519.PublicKey)), Signature: base64.StdEncoding.EncodeToString(sig),
	}
}

// pass gives the lines that have been written to the sinks.
func (t *Trail) pass() {
	if len(t.outlets) == 0 {
		return
	}
	begin := 0
	for i, end := range t.ends {
		text := append([]byte(nil), t.text[begin:end-1]...)
		for _, o := range t.outlets {
			o.offer(Entry{Kind: t.kinds[i].kind, Time: t.kinds[i].at, Grave: t.kinds[i].warn, Text: text})
		}
		begin = end
	}
}

// grave reports whether an event is one that people may want to see at once.
func grave(e *Event) bool {
	switch e.Kind {
	case "login-failed", "tls-failed", "refused", "command-refused", Recovered, Lost:
		return true
	}
	return e.Verdict == "failed"
}

// rotate signs the active file and begins another.
func (t *Trail) rotate() error {
	if t.unsaid > 0 {
		if err := t.put(nil, nil, true); err != nil {
			return err
		}
	}
	if _, err := t.store.rotate(); err != nil {
		return err
	}
	t.tidy()
	return nil
}

// tidying is what happens to old files of a folder, in the background.
type tidying struct {
	dir  string
	work sync.WaitGroup
	one  sync.Mutex // at a time
}

// tidy deletes, in the background, what the settings let go, which is recorded, and
// compresses old files.
func (t *Trail) tidy() {
	own, o := t.tidying, t.o
	if own == nil {
		return // the next folder has its own
	}
	own.work.Go(func() {
		own.one.Lock()
		defer own.one.Unlock()
		gone, err := overdue(own.dir, o.Keep, o.KeepFor, time.Now())
		for _, f := range gone {
			if t.recordOf(own, Event{Kind: Removed, File: strings.TrimSuffix(f.Name, gzSuffix), Last: int64(f.last)}) {
				err = errors.Join(err, os.Remove(filepath.Join(own.dir, f.Name)))
			}
		}
		if err = errors.Join(err, pack(own.dir)); err != nil {
			t.log.Warn("old files of the trail could not be compressed or deleted", "err", err)
		}
	})
}

// recordOf records an event of a folder, unless the lines go to another one by now.
func (t *Trail) recordOf(own *tidying, e Event) (taken bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tidying == own && t.recordLocked(e, true)
}

// end writes the last line, which is signed, and closes all.
func (t *Trail) end() {
	t.tidying.work.Wait()
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	t.flush()
	if t.store != nil {
		var err error
		if t.unsaid > 0 && len(t.pending) == 0 {
			err = t.put(nil, nil, true)
		}
		err = errors.Join(err, t.settle(true))
		t.mu.Lock()
		t.err = errors.Join(t.err, err)
		t.mu.Unlock()
		t.tidying.work.Wait()
		if err := t.store.close(); err != nil {
			t.log.Warn("the trail could not be closed", "err", err)
		}
	}
	for _, o := range t.outlets {
		o.close()
	}
	t.leaving.Wait()
	t.freed.Wait()
}
