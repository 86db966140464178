package layer_test

import (
	"testing"
	"time"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
)

// S-73: who may not change times cannot do so by an upload either.
func TestAccessUploadTime(t *testing.T) {
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for allow, set := range map[layer.Allow]bool{layer.AllowAll: true, layer.AllowAll &^ layer.AllowAttr: false} {
		f := access(t, memfs.New(), layer.Policy{Rules: []layer.Rule{{Allow: allow}}})
		up, err := f.Create(t.Context(), path(t, "/f"), vfs.Create{ModTime: when})
		if err != nil {
			t.Fatal(err)
		}
		e, err := up.Commit(t.Context())
		if err != nil || e.ModTime.Equal(when) != set {
			t.Errorf("%v: %+v, %v", allow, e, err)
		}
	}
}
