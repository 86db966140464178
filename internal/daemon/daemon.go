package daemon

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/certs/acme"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/proxy"
)

// daemon is a server that is ready to run.
type daemon struct {
	config   config.Config
	dir      string
	state    string
	log      *slog.Logger
	ring     *keyring
	first    *slot
	second   *slot // for clients that cannot use the first; nil: none
	acme     *acme.Manager
	seats    seats
	clients  *clientTrust // nil: clients are not asked for certificates
	made     bool         // the certificate was made just now
	hosts    []ftpserver.Host
	accounts []config.Account
	book     *password.Accounts
	kept     *kept            // accounts beside those of book
	listed   []config.Account // those that were kept when the server started
	fresh    string           // the password of the account that was made just now
	explicit net.Listener     // nil if off
	implicit net.Listener     // nil if off
	legacy   net.Listener     // nil if off
	trees    *trees
	public   *publicAddresses
	policies map[string]policy // by account
	server   *ftpserver.Server
	procs    *procs
}

// Run serves as c says until ctx ends, and then stops: no new sessions, transfers
// have the grace time to finish, then they are cut. It tells a person on out how
// to connect, and writes the log to log. What keeps it from starting is a
// StartError. At each signal of again, certificates are read anew.
func Run(ctx context.Context, c config.Config, out, log io.Writer, again <-chan os.Signal) error {
	d := &daemon{config: c, log: newLogger(log, c.Log.Format), procs: newProcs()}
	defer d.close()
	if err := d.prepare(ctx); err != nil {
		return err
	}
	paceMemory()
	d.trees.tell(d.log, d.accounts)
	d.tellKept()
	if err := d.greet(out); err != nil {
		return err
	}
	return d.serve(ctx, again)
}

func (d *daemon) prepare(ctx context.Context) (err error) {
	if d.state, err = stateDir(d.config); err != nil {
		return err
	}
	if d.dir, err = servedDir(d.config, d.state); err != nil {
		return err
	}
	d.trees = newTrees(d.config, d.dir)
	if _, err := d.trees.open(d.dir); err != nil {
		return startError(err, "name another folder: sealane serve DIR", "cannot open the folder %s", d.dir)
	}
	if err := d.loadCertificates(); err != nil {
		return err
	}
	if d.hosts, err = loadHosts(d.config.Hosts, d.ring); err != nil {
		return err
	}
	// Ports before the account: a start that fails on a taken port must not make
	// an account whose password nobody has seen.
	if d.explicit, err = listen(d.config.Listen.Explicit, "--explicit", explicitPort, explicitPortUser); err != nil {
		return err
	}
	if d.implicit, err = listen(d.config.Listen.Implicit, "--implicit", implicitPort, implicitPortUser); err != nil {
		return err
	}
	if at := d.config.Listen.Legacy; at.Set {
		if d.legacy, err = listen(at, "listen.legacy", 0, 0); err != nil {
			return err
		}
	}
	if d.explicit == nil && d.implicit == nil {
		return startError(nil, "leave --explicit or --implicit on", "there is nothing to listen on")
	}
	if err := d.openDataPorts(); err != nil {
		return err
	}
	if d.listed, err = listKept(ctx, d.state); err != nil {
		return err
	}
	if d.accounts, d.fresh, err = accounts(d.config, d.state, len(d.listed) > 0); err != nil {
		return err
	}
	d.policies = policies(d.config, d.accounts)
	var known *StartError
	if d.book, err = book(ctx, d.accounts, d.trees); err != nil && !errors.As(err, &known) {
		err = startError(err, "mend the account in the configuration", "cannot use the accounts")
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

// openDataPorts makes the server, which opens them.
func (d *daemon) openDataPorts() error {
	d.build()
	for _, l := range []net.Listener{d.explicit, d.implicit, d.legacy} {
		if l == nil {
			continue
		}
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
		Observe:    logEvent(d.log),
		Bulk:       d.procs.load,
		Logger:     d.log,
	}
	d.clientPolicy(&d.server.TLS)
}

// serve runs until ctx ends or a listener fails.
func (d *daemon) serve(ctx context.Context, again <-chan os.Signal) error {
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	defer d.public.run(ctx)()
	defer d.watchCertificates(background, again)()
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		logCounts(background, d.log, d.server.DataPortCounts)
	}()
	failed := make(chan error, 3)
	run := func(l net.Listener, p ftpserver.ListenerPolicy) {
		if l != nil {
			go func() { failed <- d.server.ServeListener(l, p) }()
		}
	}
	own := d.config.Listen
	run(d.explicit, ftpserver.ListenerPolicy{ClientCert: d.clientCert(own.ExplicitClientCert)})
	run(d.implicit, ftpserver.ListenerPolicy{ClientCert: d.clientCert(own.ImplicitClientCert), Implicit: true})
	if d.legacy != nil {
		d.log.Warn("old and weak TLS is taken here: who is on the way can break it; let only the devices connect that need it", "listen.legacy", d.legacy.Addr().String())
	}
	run(d.legacy, ftpserver.ListenerPolicy{ClientCert: d.clientCert(""), Legacy: true})
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		d.log.Info("stopping", "grace", d.config.Limits.Grace)
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.config.Limits.Grace)
	defer cancel()
	stopErr := d.server.Shutdown(grace)
	if errors.Is(stopErr, context.DeadlineExceeded) {
		d.log.Warn("transfers were cut at the end of the grace time")
		stopErr = nil
	}
	stopBackground()
	<-counted
	d.log.Info("stopped")
	return errors.Join(err, stopErr)
}

// close gives back what prepare opened, as far as it came.
func (d *daemon) close() {
	if d.server != nil {
		d.server.Close() // its data ports, if it has not been served
	}
	for _, l := range []net.Listener{d.explicit, d.implicit, d.legacy} {
		if l != nil {
			l.Close()
		}
	}
	d.kept.close()
	if d.trees != nil {
		d.trees.Close()
	}
}
