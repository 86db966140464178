package daemon

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/certs/acme"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/proxy"
)

// daemon is a server under one set of settings. When they change another one succeeds it,
// and this one stays until its last session has ended.
type daemon struct {
	*lasting
	config   config.Config
	dir      string
	log      *slog.Logger
	ring     *keyring
	first    *slot
	second   *slot // for clients that cannot use the first; nil: none
	acme     *acme.Manager
	clients  *clientTrust // nil: clients are not asked for certificates
	made     bool         // the certificate was made just now
	hosts    []ftpserver.Host
	accounts []config.Account
	book     *password.Accounts
	kept     *kept            // accounts beside those of book
	listed   []config.Account // those that were kept when the server started
	fresh    string           // the password of the account that was made just now
	listeners
	trees    *trees
	public   *publicAddresses
	policies map[string]policy // by account
	server   *ftpserver.Server

	control   net.Listener // nil if off, or if it is another daemon's
	recording *recording   // settings of the trail that are to count after a reload

	stopPublic, stopRing func() // nil: not started
}

// lasting is what outlives a change of settings.
type lasting struct {
	now     atomic.Pointer[daemon] // what takes new sessions; nil before it does
	state   string
	out     io.Writer // of the log
	folders *folders
	seats   seats
	procs   *procs
	tally   tally
	warden  warden
	trail   *recorder
}

// Process is what a server has of the process that it runs in.
type Process struct {
	// Settings reads the settings again, at a reload.
	Settings func() (config.Config, error)
	Out      io.Writer // tells a person how to connect
	Log      io.Writer
	// Again asks for a reload by each signal; nil: nothing does.
	Again   <-chan os.Signal
	Version string // of the program, for its administrator
}

// Run serves as c says until ctx ends, and then stops: no new sessions, transfers
// have the grace time to finish, then they are cut. What keeps it from starting is a
// StartError.
func Run(ctx context.Context, c config.Config, p Process) error {
	d := newDaemon(c, &lasting{out: p.Log, folders: newFolders(), procs: newProcs()})
	if err := d.prepare(ctx, nil); err != nil {
		d.forgetFresh()
		d.discard(nil)
		return err
	}
	paceMemory()
	d.trees.tell(d.log, d.accounts)
	d.tellWeak()
	d.tellKept()
	if err := d.greet(p.Out); err != nil {
		d.forgetFresh()
		d.discard(nil)
		return startError(err, "give it a standard output that can be written", "cannot say how to connect")
	}
	return d.run(ctx, p)
}

// forgetFresh takes the account of the first start back: nobody has seen its password, and the
// next start makes another.
func (d *daemon) forgetFresh() {
	if d.fresh == "" {
		return
	}
	if err := os.Remove(filepath.Join(d.state, accountsFile)); err != nil {
		d.log.Error("an account stays of which nobody knows the password", "err", cause(err), "hint", "delete "+accountsFile+" in the state folder")
	}
}

func newDaemon(c config.Config, l *lasting) *daemon {
	return &daemon{lasting: l, config: c, log: newLogger(l.out, c.Log.Format)}
}

// prepare makes all that the settings ask for and changes nothing that prev, which may be
// nil, is using. Listeners that both have are shared.
func (d *daemon) prepare(ctx context.Context, prev *daemon) (err error) {
	state, err := stateDir(d.config)
	if err != nil {
		return err
	}
	if prev != nil && state != d.state {
		return startError(nil, "stop the server and start it again", "the state folder cannot change while the server runs")
	}
	d.state = state
	if prev == nil {
		if d.trail, err = openTrail(d.config, d.state, d.log); err != nil {
			return err
		}
		d.warden.open(d.state, d.config.Guard, d.log, d.trail.guarded)
	}
	if d.dir, err = servedDir(d.config, d.state); err != nil {
		return err
	}
	d.trees = newTrees(d.config, d.dir, d.folders)
	if _, err := d.trees.openFolder(d.dir); err != nil {
		return startError(err, "name another folder: sealane serve DIR", "cannot open the folder %s", d.dir)
	}
	if err := d.loadCertificates(prev); err != nil {
		return err
	}
	if d.hosts, err = loadHosts(d.config.Hosts, d.ring); err != nil {
		return err
	}
	// Ports before the account: a start that fails on a taken port must not make
	// an account whose password nobody has seen.
	if err := d.listen(prev); err != nil {
		return err
	}
	d.build()
	if prev == nil {
		if err := d.openDataPorts(); err != nil {
			return err
		}
	}
	if prev == nil || d.config.Control != prev.config.Control {
		if err := d.listenControl(); err != nil {
			return err
		}
	}
	return d.prepareAccounts(ctx, prev)
}

func (d *daemon) prepareAccounts(ctx context.Context, prev *daemon) (err error) {
	if d.listed, err = listKept(ctx, d.state); err != nil {
		return err
	}
	// Nobody would see the password of an account that a reload makes.
	makeNone := len(d.listed) > 0 || prev != nil
	if d.accounts, d.fresh, err = accounts(d.config, d.state, makeNone); err != nil {
		return err
	}
	if len(d.accounts) == 0 && len(d.listed) == 0 {
		return startError(nil, "declare an account, or add one: sealane user add NAME", "nobody could log in any more")
	}
	d.policies = policies(d.accounts)
	var known *StartError
	if d.book, err = book(ctx, d.accounts, d.trees, d.warden.hashing()...); err != nil && !errors.As(err, &known) {
		err = startError(err, cmp.Or(hintOf(err), "mend the account in the configuration"), "cannot use the accounts")
	}
	if err != nil {
		return err
	}
	if err := prepareHomes(d.config.Homes); err != nil {
		return err
	}
	d.kept = d.newKept()
	return nil
}

func (d *daemon) openDataPorts() error {
	for _, l := range d.listeners.all() {
		if err := d.server.OpenDataPorts(l); err != nil {
			return dataPortsError(err, d.config.Data.Ports)
		}
	}
	return nil
}

func (d *daemon) build() {
	data, l := d.config.Data, d.config.Limits
	d.public = newPublicAddresses(data, resolve, d.log)
	d.server = &ftpserver.Server{
		Login: d.login,
		Hosts: d.hosts,
		TLS: ftpserver.TLSPolicy{
			GetCertificate:    d.certificate,
			InsecurePlaintext: d.config.TLS.InsecurePlaintext,
			StrictSNI:         d.config.TLS.StrictSNI,
			Resumption: map[string]ftpserver.Resumption{
				config.ResumptionAuto: ftpserver.ResumptionAuto, config.ResumptionRequire: ftpserver.ResumptionRequire,
				config.ResumptionOff: ftpserver.ResumptionOff,
			}[data.Resumption],
		},
		Data: ftpserver.DataPolicy{
			Mode: map[string]ftpserver.DataMode{
				config.ModeShared: ftpserver.Shared, config.ModeExclusive: ftpserver.Exclusive,
			}[data.Mode],
			From: data.Ports.From, To: data.Ports.To,
			FallbackFrom: data.Fallback.From, FallbackTo: data.Fallback.To,
			PublicAddress: d.public.announce,
			Active:        data.Active,
			NoDeflate:     !data.Compression,
		},
		Proxy: ftpserver.ProxyPolicy{Trusted: d.config.Proxy.Trusted, ReadHeader: proxy.ReadHeader},
		Verbs: ftpserver.VerbPolicy{On: d.config.Verbs.On, Off: d.config.Verbs.Off},
		Limits: ftpserver.Limits{
			Sessions: l.Sessions, SessionsPerAddress: l.SessionsPerAddress,
			Idle: l.Idle, Login: l.Login, Stall: l.Stall,
		},
		OwnerNames: d.config.Verbs.OwnerNames,
		Hash:       d.config.Trail.Hash,
		Observe:    d.observe,
		Bulk:       d.procs.load,
		Logger:     d.log,
	}
	d.clientPolicy(&d.server.TLS)
	d.warden.protect(d.server)
	d.server.Login, d.server.Observe = d.trail.login(d.server.Login), d.trail.observe(d.server.Observe)
}

// start begins what goes on beside the sessions. prev, if it is not nil, stops what both
// would do.
func (d *daemon) start(ctx context.Context, prev *daemon) {
	if d.stopPublic == nil {
		d.stopPublic = d.public.run(ctx)
	}
	d.startCertificates(ctx, prev)
}

// discard gives back what prepare and start have taken, as far as they came. What is
// prev's too, which may be nil, stays; without it, what outlives settings ends as well.
func (d *daemon) discard(prev *daemon) {
	if d.server != nil && prev == nil {
		d.server.Close() // its data ports, if it has not been served
	}
	d.closeBut(prev)
	if d.control != nil {
		d.control.Close()
	}
	if d.stopPublic != nil {
		d.stopPublic()
	}
	d.kept.close()
	d.recording.drop()
	if d.trees != nil {
		d.trees.Close()
	}
	if prev == nil {
		d.warden.close()
		if err := d.trail.close(); err != nil {
			d.log.Error("the end of the trail is not written", "err", err)
		}
	}
}
