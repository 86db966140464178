package daemon

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/dataconn"
)

// The settings reach the server.
func TestDataSettings(t *testing.T) {
	if config.MaxSharedPorts != dataconn.MaxSharedPorts {
		t.Errorf("settings allow %d shared ports, and %d are possible", config.MaxSharedPorts, dataconn.MaxSharedPorts)
	}
	c := config.Default()
	d := &daemon{lasting: &lasting{}, config: c}
	d.build()
	if got := d.server.Data; got.Mode != ftpserver.Shared || got.From != 2991 || got.To != 2998 || got.FallbackFrom != 0 {
		t.Errorf("default: %+v", got)
	}
	for setting, want := range map[string]ftpserver.Resumption{
		"auto": ftpserver.ResumptionAuto, "require": ftpserver.ResumptionRequire, "off": ftpserver.ResumptionOff,
	} {
		d.config.Data.Resumption = setting
		d.build()
		if got := d.server.TLS.Resumption; got != want {
			t.Errorf("%s: %v", setting, got)
		}
	}
	d.config.Data.Fallback = config.PortRange{From: 6000, To: 6099}
	d.build()
	if got := d.server.Data; got.FallbackFrom != 6000 || got.FallbackTo != 6099 {
		t.Errorf("fallback: %+v", got)
	}
	d.config.Data.Mode = config.ModeExclusive
	d.build()
	if got := d.server.Data.Mode; got != ftpserver.Exclusive {
		t.Errorf("exclusive: %v", got)
	}
}

// A data port that is taken keeps the server from starting, before there is an
// account whose password nobody has seen; and what was opened is closed again.
func TestTakenDataPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := uint16(taken.Addr().(*net.TCPAddr).Port)
	c := config.Default()
	c.Dir, c.State = t.TempDir(), t.TempDir()
	c.Data.Ports = config.PortRange{From: port, To: port}
	c.Listen.Explicit = config.Listen{Set: true, Host: "127.0.0.1"}
	c.Listen.Implicit = config.Listen{Set: true, Off: true}
	var start *StartError
	if err := Run(t.Context(), c, Process{Out: io.Discard, Log: io.Discard}); !errors.As(err, &start) || start.Hint() == "" {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(c.State, accountsFile)); len(left) > 0 {
		t.Error("an account was made")
	}

	// Prepared, but never served.
	taken.Close()
	d := &daemon{lasting: &lasting{folders: newFolders()}, config: c, log: newLogger(io.Discard, c.Log.Format)}
	if err := d.prepare(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	d.discard(nil)
	again, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		t.Fatalf("close left the port open: %v", err)
	}
	again.Close()
}
