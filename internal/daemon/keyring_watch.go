package daemon

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settleTime is how long after a first change the pairs are read: a certificate and
	// its key are two files, and a new pair is not written in one step.
	settleTime = 300 * time.Millisecond
	// inspectEvery is how often it is looked for certificates that end.
	inspectEvery = time.Hour
)

// watch reads the pairs again when something in their folders changes and when again
// says so, until ctx ends. The folders are watched and not the files, which programs
// replace.
func (r *keyring) watch(ctx context.Context, again <-chan os.Signal) {
	watcher, err := fsnotify.NewWatcher()
	var events chan fsnotify.Event
	var errs chan error
	if err == nil {
		defer watcher.Close()
		events, errs = watcher.Events, watcher.Errors
		err = r.watchFolders(watcher)
	}
	if err != nil {
		r.log.Warn("changes of certificates are not seen by themselves: send SIGHUP after one", "err", cause(err))
	}
	var settled <-chan time.Time
	hourly := time.NewTicker(inspectEvery)
	defer hourly.Stop()
	r.inspect()
	for {
		all := false
		select {
		case <-ctx.Done():
			return
		case <-events:
			if settled == nil {
				settled = time.After(settleTime)
			}
			continue
		case err := <-errs:
			r.log.Warn("a change of a certificate may have been missed", "err", cause(err))
		case <-settled:
			settled = nil
		case <-again:
			all = true
		case <-hourly.C: // a folder of another machine tells of no changes
		}
		r.reload(all)
		r.inspect()
	}
}

func (r *keyring) watchFolders(watcher *fsnotify.Watcher) error {
	var files []string
	for _, s := range r.slots {
		files = append(files, s.files()...)
	}
	for _, o := range r.others {
		files = append(files, o.files()...)
	}
	for _, file := range files {
		if file == "" {
			continue
		}
		if err := watcher.Add(filepath.Dir(file)); err != nil {
			return err
		}
	}
	return nil
}
