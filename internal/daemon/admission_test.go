package daemon

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/config"
)

// V-06, S-21: accounts of the configuration that are disabled, expired or not for this network
// are refused as with a wrong password. What one may do where is kept.
func TestAdmissionOfConfiguredAccounts(t *testing.T) {
	t.Parallel()
	away := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	here := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	l := startLive(t, func(c *config.Config) {
		hash := c.Accounts[0].PasswordHash
		c.Accounts = []config.Account{
			{Name: "off", PasswordHash: hash, Admission: auth.Admission{Disabled: true}},
			{Name: "old", PasswordHash: hash, Admission: auth.Admission{Expires: time.Now().Add(-time.Second)}},
			{Name: "away", PasswordHash: hash, Admission: auth.Admission{Networks: away}},
			{Name: "here", PasswordHash: hash, Admission: auth.Admission{Networks: here, Expires: time.Now().Add(time.Hour)}},
			{Name: "ruled", PasswordHash: hash, Storage: config.Storage{Rules: []auth.Rule{
				{Folder: "/", Allow: auth.RightList | auth.RightDownload}, {Folder: "/in", Allow: auth.RightsAll},
			}}},
		}
	})
	texts := map[string]bool{}
	for _, user := range []string{"off", "old", "away", "unknown"} {
		_, err := l.dialAs(user)
		var refused *ftp.Error
		if !errors.As(err, &refused) || refused.Reply.Code != ftp.Code530NotLoggedIn {
			t.Fatalf("%s: %v", user, err)
		}
		texts[refused.Reply.String()] = true
	}
	if len(texts) != 1 {
		t.Errorf("the refusals differ: %v", texts)
	}
	c, err := l.dialAs("here")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mkdir(t.Context(), "/in"); err != nil {
		t.Error(err)
	}
	ruled, err := l.dialAs("ruled")
	if err != nil {
		t.Fatal(err)
	}
	defer ruled.Close()
	if err := send(ruled, "/in/f", "x"); err != nil {
		t.Error(err)
	}
	if err := send(ruled, "/f", "x"); err == nil {
		t.Error("it may write outside of its folder")
	}
}
