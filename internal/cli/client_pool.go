package cli

import (
	"context"
	"crypto/tls"
	"sync"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

// pool is dial for several connections to the server of u: it returns the pool, and u
// with the password that its methods need. All that a person may be asked for is asked
// before the first connection is in the pool. limit is how many there may be at a
// time, 0 for ftpclient.DefaultPoolLimit.
func (f *clientFlags) pool(ctx context.Context, env *Env, u ftp.URL, limit int) (*ftpclient.Pool, ftp.URL, error) {
	f.moreMemory += max(0, int64(limit)-freeTransfers) * transferMemory
	u, opt, err := f.prepare(ctx, env, u)
	if err != nil {
		return nil, u, err
	}
	popt := ftpclient.PoolOptions{Client: opt, Limit: limit, Retry: f.retry(env)}
	if f.plaintext {
		p, err := plainPool(ctx, u, popt)
		return p, u, err
	}
	t, err := f.trust(env, u, &popt.Client)
	if err != nil {
		return nil, u, err
	}
	p, err := t.pool(ctx, u, popt)
	return p, u, err
}

// plainPool makes a pool, and its first connection.
func plainPool(ctx context.Context, u ftp.URL, opt ftpclient.PoolOptions) (*ftpclient.Pool, error) {
	p := ftpclient.NewPool(opt)
	c, err := p.Get(ctx, u)
	if err != nil {
		p.Close()
		return nil, err
	}
	p.Put(c)
	return p, nil
}

// pool is dial for several connections. The first one is made now, and nobody asks for
// others before it is known whether the server is trusted.
func (t *trust) pool(ctx context.Context, u ftp.URL, opt ftpclient.PoolOptions) (*ftpclient.Pool, error) {
	if t.store != nil {
		// Of each connection; to note it once is enough.
		var once sync.Once
		opt.Client.DataResumed = func() { once.Do(func() { t.seen(certs.KnownHost{Resumed: true}) }) }
	}
	p := ftpclient.NewPool(opt)
	c, err := p.Get(ctx, u)
	if known, asked := t.ask(ctx, err); asked != nil {
		p.Close()
		return nil, asked
	} else if known != nil {
		t.verifier.Known = known
		c, err = p.Get(ctx, u)
	}
	if err != nil {
		p.Close()
		return nil, t.explain(err)
	}
	if t.store != nil {
		t.verifier.Known = &certs.KnownHost{Key: certs.PinOf(c.TLS().PeerCertificates[0]), Trusted: t.trusted(), TLS13: c.TLS().Version >= tls.VersionTLS13}
		t.seen(certs.KnownHost{TLS13: t.verifier.Known.TLS13})
	}
	p.Put(c)
	return p, nil
}
