package guard

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sealane/sealane/internal/atomicfile"
)

// The files in the folder. The secret stands apart: without it what the state says
// of trusted addresses tells neither names nor addresses.
const (
	stateFile  = "guard.json"
	secretFile = "guard.key"
	broken     = ".broken" // behind the name of a file that was set aside

	stateVersion = 1
	maxState     = 64 << 20
	secretLen    = 32
)

// state is what is kept, in JSON. Times are in seconds of Unix.
type state struct {
	Version int            `json:"version"`
	Bans    []Ban          `json:"bans"`
	Trusted []trustedState `json:"trusted"`
}

type trustedState struct {
	Name      string           `json:"name"` // keyed hash, hex
	Addresses map[string]int64 `json:"addresses"`
}

// load reads what was kept. Whatever is wrong with it, g can be used after it.
func (g *Guard) load() {
	secret, fresh, err := g.loadSecret()
	if err != nil {
		g.log.Warn("the guard's key is not kept: addresses that logged in before are trusted no more", "err", err,
			"hint", "make the state folder writable for this user")
	}
	g.secret = secret
	name := filepath.Join(g.dir, stateFile)
	data, err := readBounded(name, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var s state
	if err == nil {
		s, err = decodeState(data)
	}
	if err != nil {
		g.log.Warn("what the guard has kept cannot be used; it begins anew", "err", err, "aside", name+broken)
		g.setAside(name)
		return
	}
	if fresh {
		s.Trusted = nil // of another key
	}
	g.restore(s)
}

// restore takes over a state, within all bounds.
func (g *Guard) restore(s state) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, p := g.now(), g.rules.Load().Policy
	for _, b := range s.Bans {
		longest := p.BanMax
		if b.Manual {
			longest = maxManual
		}
		if latest := now.Add(longest); b.Until.After(latest) { // the clock went wrong, or the setting is another
			b.Until = latest
		}
		if len(g.bans.of) < maxBans {
			g.bans.set(b.Network, &b)
		}
	}
	g.bans.purge(now, p.BanMax)
	for _, t := range s.Trusted {
		name := key([]byte(unhex(t.Name)))
		for address, at := range t.Addresses {
			last := time.Unix(at, 0)
			if last.After(now) {
				last = now
			}
			g.trusted.remember(name, key([]byte(unhex(address))), last)
		}
	}
	g.trusted.purge(now.Add(-p.Trust))
}

// unhex reads what decodeState has looked at.
func unhex(s string) string {
	raw, _ := hex.DecodeString(s)
	return string(raw)
}

func decodeState(data []byte) (s state, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, err
	}
	if _, err := d.Token(); err != io.EOF {
		return s, errors.New("something follows the state")
	}
	if s.Version != stateVersion {
		return s, fmt.Errorf("version %d is not known", s.Version)
	}
	for i := range s.Bans {
		b := &s.Bans[i]
		network, err := aboutNetwork(b.Network)
		if err != nil || network != b.Network || b.Times < 1 {
			return s, fmt.Errorf("ban %d is not one", i)
		}
	}
	for _, t := range s.Trusted {
		if !isKey(t.Name) {
			return s, errors.New("a name is not a hash")
		}
		for address := range t.Addresses {
			if !isKey(address) {
				return s, errors.New("an address is not a hash")
			}
		}
	}
	return s, nil
}

func isKey(s string) bool { return len(unhex(s)) == len(key{}) }

// loadSecret gives the key of the hashes. fresh says that nothing was hashed by it
// before; then an error says why it is not kept.
func (g *Guard) loadSecret() (secret []byte, fresh bool, err error) {
	name := filepath.Join(g.dir, secretFile)
	if secret, err = readBounded(name, secretLen); err == nil && len(secret) == secretLen {
		return secret, false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		g.log.Warn("the guard's key cannot be used; it makes another", "aside", name+broken)
		g.setAside(name)
	}
	secret = make([]byte, secretLen)
	rand.Read(secret)
	return secret, true, atomicfile.Write(name, secret, atomicfile.Options{})
}

// setAside keeps a broken file for who wants to look at it.
func (g *Guard) setAside(name string) {
	if err := os.Rename(name, name+broken); err != nil {
		g.log.Warn("cannot set the file aside", "err", err)
	}
}

func readBounded(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = errors.New("the file is too large")
	}
	return data, err
}

// snapshot is the state to keep.
func (g *Guard) snapshot() state {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, p := g.now(), g.rules.Load().Policy
	g.bans.purge(now, p.BanMax)
	g.trusted.purge(now.Add(-p.Trust))
	s := state{Version: stateVersion, Bans: []Ban{}, Trusted: []trustedState{}}
	for _, b := range g.bans.of {
		s.Bans = append(s.Bans, *b)
	}
	slices.SortFunc(s.Bans, func(a, b Ban) int { return comparePrefix(a.Network, b.Network) })
	for name, places := range g.trusted.names {
		t := trustedState{Name: hex.EncodeToString(name[:]), Addresses: map[string]int64{}}
		for _, p := range places {
			t.Addresses[hex.EncodeToString(p.address[:])] = p.last.Unix()
		}
		s.Trusted = append(s.Trusted, t)
	}
	return s
}

func comparePrefix(a, b netip.Prefix) int {
	if c := a.Addr().Compare(b.Addr()); c != 0 {
		return c
	}
	return a.Bits() - b.Bits()
}

// save writes the state down.
func (g *Guard) save() error {
	data, err := json.Marshal(g.snapshot())
	if err == nil {
		err = atomicfile.Write(filepath.Join(g.dir, stateFile), append(data, '\n'), atomicfile.Options{})
	}
	if err != nil {
		g.log.Warn("bans and trusted addresses are not kept", "err", err, "hint", "make the state folder writable for this user")
	}
	return err
}

// saveDelay gathers changes that come together: under an attack there are many.
const saveDelay = 2 * time.Second

// saver writes in a goroutine of its own, some time after it is woken.
type saver struct {
	woken chan struct{}
	stop  chan struct{}
	once  sync.Once
	ended chan struct{}
}

func (s *saver) start(save func() error) {
	s.woken, s.stop, s.ended = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(s.ended)
		for {
			select {
			case <-s.woken:
			case <-s.stop:
				return
			}
			timer := time.NewTimer(saveDelay)
			select {
			case <-timer.C:
				_ = save() // it is in the log, and the next change tries again
			case <-s.stop:
				timer.Stop()
				return
			}
		}
	}()
}

func (s *saver) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// end waits for a save that runs.
func (s *saver) end() {
	s.once.Do(func() { close(s.stop) })
	<-s.ended
}
