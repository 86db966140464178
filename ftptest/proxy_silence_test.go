package ftptest_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// properServer plays the session of the fault tests as a proper server does.
func properServer(s *ftptest.Session) {
	s.Login("SIZE", "MLST type*;size*;", "REST STREAM", "EPSV", "UTF8")
	d := s.Transfer("STOR /d/put")
	d.Drain()
	d.End()
	s.Reply("226 done")
	s.Answer("SIZE /d/put", "213 "+strconv.Itoa(len(newPut)))
	s.Answer("SIZE /d/get", "213 "+strconv.Itoa(len(toGet)))
	d = s.Transfer("RETR /d/get")
	d.Send(toGet)
	d.End()
	s.Reply("226 done")
	d = s.Transfer("MLSD /d")
	d.Send("type=file;size=5; from\r\ntype=file;size=7; gone\r\n")
	d.End()
	s.Reply("226 done")
	s.Answer("RNFR /d/from", "350 and?")
	s.Answer("RNTO /d/to", "250 renamed")
	s.Answer("DELE /d/gone", "250 removed")
}

// F-06: a connection that falls silent at any byte, in either direction, holds the
// client up for its limits, and no longer; what it calls a success has had its proof.
// In a bubble hours of that pass at once.
func TestFaultSilence_F06(t *testing.T) {
	rec := &recording{}
	silent := func(t *testing.T, faults ...ftptest.Fault) (o *outcome, took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			h := ftptest.NewHostileInMemory(properServer)
			proxy := &ftptest.Proxy{Dial: h.DialContext}
			if len(faults) == 0 {
				rec.by, proxy.Dial = h.DialContext, rec.dial
			}
			proxy.Set(faults...)
			p := &sessionPath{url: h.URL(), opt: ftpclient.Options{RootCAs: h.Pool, DialContext: proxy.DialContext}}
			begin := time.Now()
			o = p.client(t.Context())
			took = time.Since(begin)
			proxy.Close()
			if err := h.Close(); err != nil && len(faults) == 0 {
				t.Error(err)
			}
		})
		return o, took
	}
	o, took := silent(t)
	for _, err := range o.all() {
		if err != nil || took != 0 {
			t.Fatalf("without a fault, after %v: %v", took, o.all())
		}
	}
	// What an upload waits for at its end: that the server closes, and then its reply.
	const most = 2*ftpclient.DefaultFinishTimeout + ftpclient.DefaultTimeout
	faults := rec.everywhere(stepOf(t, 23), func(f ftptest.Fault) []ftptest.Fault {
		f.Do = ftptest.Hang
		return []ftptest.Fault{f}
	})
	silences := 0
	for _, f := range faults {
		o, took := silent(t, f)
		if took > most {
			t.Errorf("%v from byte %d of connection %d: %v", f.Direction, f.At, f.Conn, took)
		}
		if took > 0 {
			silences++
		}
		if o.dial != nil {
			continue
		}
		if o.put == nil && (!o.res.CleanEnd || !o.res.SizeAgrees) {
			t.Errorf("%v from byte %d of connection %d: success without proof: %+v", f.Direction, f.At, f.Conn, o.res)
		}
		if o.get == nil && string(o.got) != toGet || !strings.HasPrefix(toGet, string(o.got)) {
			t.Errorf("%v from byte %d of connection %d: got %q, %v", f.Direction, f.At, f.Conn, o.got, o.get)
		}
	}
	if silences < len(faults)/2 {
		t.Errorf("%d of %d silences were felt", silences, len(faults))
	}
}
