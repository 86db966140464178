package daemon

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/certs/acme"
)

// loadCertificates reads the certificates of the server, or makes one. prev is the daemon
// that runs already; it may be nil.
func (d *daemon) loadCertificates(prev *daemon) (err error) {
	c := d.config.TLS
	d.ring = newKeyring(d.log)
	cert, key := c.Cert, c.Key
	if cert == "" {
		cert, key = filepath.Join(d.state, certs.CertFile), filepath.Join(d.state, certs.KeyFile)
		_, d.made, err = certs.LoadOrCreate(d.state, certs.LocalNames())
	}
	if err == nil {
		d.first, err = d.ring.add(cert, key, c.Staple)
	}
	if err != nil {
		return pairError(err, "give a matching pair, in PEM or DER, with --cert FILE --key FILE", "cannot use the certificate")
	}
	if c.SecondCert != "" {
		if d.second, err = d.ring.add(c.SecondCert, c.SecondKey, ""); err != nil {
			return pairError(err, "mend tls.second_cert and tls.second_key, or remove them", "cannot use the second certificate")
		}
	}
	if err := d.prepareClients(); err != nil {
		return err
	}
	return d.prepareACME(prev)
}

// pairError names the file that cannot be read: of a pair, it may be either.
func pairError(err error, hint, what string) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		what += ": " + path.Path
	}
	return startError(err, hint, "%s", what)
}

// prepareACME makes what gets certificates from an authority; nothing is asked yet.
func (d *daemon) prepareACME(prev *daemon) (err error) {
	c := d.config.TLS.ACME
	if len(c.Names) == 0 {
		return nil
	}
	if prev != nil && prev.acme != nil && reflect.DeepEqual(c, prev.config.TLS.ACME) {
		d.acme = prev.acme
		return nil
	}
	const hint = "mend the section [tls.acme]"
	o := c.Options()
	o.Storage, o.Logger = filepath.Join(d.state, "acme"), d.log
	if c.Roots != "" {
		if o.Roots, err = acmeRoots(c.Roots); err != nil {
			return err
		}
	}
	o.Changed = func(name string, renewed bool, err error) {
		if err == nil {
			d.log.Info("certificate from the authority", "name", name, "renewed", renewed)
		}
	}
	if d.acme, err = acme.New(o); err != nil {
		return startError(err, hint, "cannot get certificates from an authority")
	}
	return nil
}

func acmeRoots(file string) (*x509.CertPool, error) {
	list, err := certs.LoadCertificates(file)
	if err != nil {
		return nil, startError(err, "name a file with the root certificate of the authority's web server", "tls.acme.roots: %s cannot be used", file)
	}
	pool := x509.NewCertPool()
	for _, c := range list {
		pool.AddCert(c)
	}
	return pool, nil
}

// startCertificates keeps the certificates fresh until stopCertificates. prev, which may be nil,
// does it no longer.
func (d *daemon) startCertificates(ctx context.Context, prev *daemon) {
	if prev != nil {
		prev.stopCertificates(d)
	}
	watching, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.ring.watch(watching, nil)
	}()
	d.stopRing = func() {
		cancel()
		<-ended
	}
	if d.acme == nil || prev != nil && prev.acme == d.acme {
		return
	}
	if err := d.acme.Start(ctx); err != nil {
		d.log.Error("no certificates from the authority", "err", cause(err))
	}
}

// stopCertificates ends that, but for what next has taken over; it may be nil.
func (d *daemon) stopCertificates(next *daemon) {
	d.stopRing()
	if d.acme != nil && (next == nil || next.acme != d.acme) {
		d.acme.Close()
	}
}

// certificate chooses by what the client can use: a second pair is RSA for those
// that do not know ECDSA, in which the server signs four times as fast.
func (d *daemon) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if d.acme != nil {
		if c, err := d.acme.GetCertificate(hello); err == nil {
			return c, nil
		}
	}
	return choose(hello, d.first, d.second), nil
}

// certificateFile is the file that clients can be given to trust this server.
func (d *daemon) certificateFile() string { return fromRoot(d.first.cert) }

// fromRoot gives the name of a file for people who are in another folder.
func fromRoot(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return file
}
