package daemon

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
)

// what verbs.on and verbs.off, and data.compression, say reaches the server; by
// default no verb is turned on or off, and compression is off.
func TestVerbSettings(t *testing.T) {
	d := &daemon{lasting: &lasting{}, config: config.Default()}
	d.build()
	if got := d.server; len(got.Verbs.On)+len(got.Verbs.Off) > 0 || !got.Data.NoDeflate {
		t.Errorf("default: %+v, no deflate %v", got.Verbs, got.Data.NoDeflate)
	}
	c, err := config.Parse("x.toml", []byte("data.compression = true\n[verbs]\non = ['comb']\noff = ['AVBL', 'SITE CHMOD']\n"))
	if err != nil {
		t.Fatal(err)
	}
	d.config = c
	d.build()
	if diff := cmp.Diff(ftpserver.VerbPolicy{On: []string{"COMB"}, Off: []string{"AVBL", "SITE CHMOD"}}, d.server.Verbs); diff != "" || d.server.Data.NoDeflate {
		t.Errorf("no deflate %v\n%s", d.server.Data.NoDeflate, diff)
	}
}
