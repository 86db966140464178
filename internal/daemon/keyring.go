package daemon

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/certs"
)

// keyring is the certificates of the server that stand in files. It reads them again when
// they have changed, or when it is told to; what cannot be used changes nothing.
// Sessions and transfers that run keep what they have.
type keyring struct {
	log   *slog.Logger
	now   func() time.Time
	slots []*slot
	// others are read again beside the pairs.
	others []*watched

	mu      sync.Mutex // one reload at a time
	refused atomic.Int64
	told    map[string]int // by fingerprint: the least of warnDays that was told of
}

// slot is one pair of files, and what was last read from them.
type slot struct {
	cert, key, staple string // files; staple may be empty
	pair              atomic.Pointer[certs.Pair]
	stapled           time.Time // until when the staple may be shown; zero: for ever
	seen              seenFiles
}

func (s *slot) files() []string { return []string{s.cert, s.key, s.staple} }

// source is something that is made of files.
type source interface {
	files() []string // some may be empty
	reload() (changed bool, err error)
}

type watched struct {
	source
	seen seenFiles
}

// also reads a source again when it changes.
func (r *keyring) also(s source) {
	w := &watched{source: s}
	w.seen.changed(s.files())
	r.others = append(r.others, w)
}

// seenFiles is what files were like when they were last looked at.
type seenFiles map[string]os.FileInfo

// changed reports whether the files are others than at the last call.
func (s *seenFiles) changed(files []string) bool {
	if *s == nil {
		*s = seenFiles{}
	}
	changed := false
	for _, file := range files {
		now, err := os.Stat(file)
		if err != nil {
			now = nil
		}
		old := (*s)[file]
		if (now == nil) != (old == nil) ||
			now != nil && (!os.SameFile(now, old) || now.Size() != old.Size() || !now.ModTime().Equal(old.ModTime())) {
			changed = true
		}
		(*s)[file] = now
	}
	return changed
}

func newKeyring(log *slog.Logger) *keyring {
	return &keyring{log: log, now: time.Now, told: map[string]int{}}
}

// add reads a pair for the first time: here what is wrong is an error. It is for the
// time before the server runs.
func (r *keyring) add(cert, key, staple string) (*slot, error) {
	s := &slot{cert: cert, key: key, staple: staple}
	s.seen.changed(s.files())
	pair, err := r.read(s)
	if err != nil {
		return nil, err
	}
	s.pair.Store(&pair)
	r.slots = append(r.slots, s)
	r.judge(s.cert, pair)
	return s, nil
}

// judge tells what clients will not like in a pair. It is used all the same: they may be
// clients that do not mind.
func (r *keyring) judge(file string, pair certs.Pair) {
	var chain []*x509.Certificate
	for _, der := range pair.Certificate.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return // Load has parsed it
		}
		chain = append(chain, c)
	}
	for _, f := range certs.Inspect(chain, certs.InspectOptions{Now: r.now()}).Findings {
		if f.Level == certs.Problem {
			r.log.Warn("clients may turn away from the certificate", "file", file, "finding", string(f.ID), "reason", f.Text, "hint", f.Hint)
		}
	}
}

// read gives what the files of a slot hold. A staple that cannot be used is left out,
// since clients can do without; the pair must be right.
func (r *keyring) read(s *slot) (certs.Pair, error) {
	pair, err := certs.Load(s.cert, s.key)
	if err != nil || s.staple == "" {
		return pair, err
	}
	der, err := os.ReadFile(s.staple)
	if err == nil {
		pair, s.stapled, err = pair.WithStaple(der, r.now())
	}
	if err != nil {
		r.log.Warn("the OCSP response is not shown to clients", "file", s.staple, "err", cause(err))
	}
	return pair, nil
}

// reload reads again the pairs whose files have changed, or all of them, and takes
// those that are good; and the same with what stands beside them.
func (r *keyring) reload(all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.slots {
		if !s.seen.changed(s.files()) && !all {
			continue
		}
		pair, err := r.read(s)
		if err != nil {
			r.log.Error("the new certificate cannot be used; the one before stays", "err", err, "refused", r.refused.Add(1))
			continue
		}
		old := s.pair.Load()
		if same(pair, *old) {
			continue
		}
		s.pair.Store(&pair)
		r.judge(s.cert, pair)
		r.log.Info("certificate changed", "file", s.cert, "sha256", certs.Fingerprint(pair.Leaf),
			"until", pair.Leaf.NotAfter.UTC().Format(time.DateOnly), "staple", pair.Certificate.OCSPStaple != nil)
	}
	for _, o := range r.others {
		if !o.seen.changed(o.files()) && !all {
			continue
		}
		if changed, err := o.reload(); err != nil {
			r.log.Error("the new file cannot be used; what was before stays", "err", err, "refused", r.refused.Add(1))
		} else if changed {
			r.log.Info("read again", "files", o.files())
		}
	}
}

func same(a, b certs.Pair) bool {
	if len(a.Certificate.Certificate) != len(b.Certificate.Certificate) {
		return false
	}
	for i, der := range a.Certificate.Certificate {
		if !bytes.Equal(der, b.Certificate.Certificate[i]) {
			return false
		}
	}
	return bytes.Equal(a.Certificate.OCSPStaple, b.Certificate.OCSPStaple)
}

// warnDays are how many days before its end a certificate is warned of, once for each.
var warnDays = [...]int{30, 14, 7, 1}

// inspect warns of certificates that end soon, and takes away staples that have ended.
func (r *keyring) inspect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	for _, s := range r.slots {
		pair := *s.pair.Load()
		r.warn(pair, now)
		if pair.Certificate.OCSPStaple != nil && !s.stapled.IsZero() && now.After(s.stapled) {
			pair.Certificate.OCSPStaple = nil
			s.pair.Store(&pair)
			r.log.Warn("the time of the OCSP response has ended: it is not shown to clients any more", "file", s.staple)
		}
	}
}

// warn tells of the end of a certificate, if there is something new to tell.
func (r *keyring) warn(pair certs.Pair, now time.Time) {
	left := pair.Leaf.NotAfter.Sub(now)
	id := certs.Fingerprint(pair.Leaf)
	least := 0 // of warnDays; 0: nothing to tell
	for _, days := range warnDays {
		if left <= time.Duration(days)*24*time.Hour {
			least = days
		}
	}
	ended := left <= 0
	if ended {
		least = -1
	}
	if before, before0 := r.told[id]; least == 0 || before0 && before <= least {
		return
	}
	r.told[id] = least
	until := pair.Leaf.NotAfter.UTC().Format("2006-01-02 15:04 MST")
	if ended {
		r.log.Error("the certificate has ended: clients turn away", "until", until, "sha256", id, "hint", "renew it")
		return
	}
	within := "a day"
	if days := int(left / (24 * time.Hour)); days > 1 {
		within = fmt.Sprintf("%d days", days)
	}
	r.log.Warn("the certificate ends in "+within, "until", until, "sha256", id, "hint", "renew it")
}

// choose gives the first pair that the client can use; else the first, so that the
// client says what it misses.
func choose(hello *tls.ClientHelloInfo, slots ...*slot) *tls.Certificate {
	for _, s := range slots {
		if s == nil {
			continue
		}
		if c := &s.pair.Load().Certificate; hello.SupportsCertificate(c) == nil {
			return c
		}
	}
	return &slots[0].pair.Load().Certificate
}
