package config

import "testing"

func TestHostMistakes(t *testing.T) {
	const forms = ` (hint: write names as in DNS, those in other scripts in their ASCII form ("xn--..."))`
	const anna = "[[account]]\nname = 'anna'\npassword = 'x'\n"
	for _, tc := range []struct{ name, text, want string }{
		{"no name", "[[host]]\ngreeting = 'x'\n", `x.toml:1: host[0]: has no name (hint: set names)`},
		{"no list", "[host]\nnames = ['a']\n", `x.toml:1: host: must be a list of sections (hint: write [[host]], with two brackets, above each)`},
		{"other script", "[[host]]\nnames = ['bücher.example']\n", `x.toml:2: host[0].names: "bücher.example" is not the name of a host` + forms},
		{"address", "[[host]]\nnames = ['a.example', '192.0.2.1']\n", `x.toml:2: host[0].names: "192.0.2.1" is not the name of a host` + forms},
		{"hyphen", "[[host]]\nnames = ['a-.example']\n", `x.toml:2: host[0].names: "a-.example" is not the name of a host` + forms},
		{"dot", "[[host]]\nnames = ['a.example.']\n", `x.toml:2: host[0].names: "a.example." is not the name of a host` + forms},
		{"twice", "[[host]]\nnames = ['a.example']\n[[host]]\nnames = ['b.example', 'A.Example']\n",
			`x.toml:4: host[1].names: "a.example" is a name of host[0], too (hint: remove one of them)`},
		{"cert alone", "[[host]]\nnames = ['a']\ncert = 'x'\n", `x.toml:3: host[0].cert: stands without key, or that without it (hint: set both, or neither)`},
		{"greeting", "[[host]]\nnames = ['a']\ngreeting = \"x\\r\\n230 y\"\n", `x.toml:3: host[0].greeting: holds a control character (hint: write one line of text)`},
		{"unknown", "[[host]]\nname = 'a'\n", "x.toml:1: host[0]: has no name (hint: set names)\nx.toml:2: unknown key host.name (hint: did you mean names?)"},
		{"strict without hosts", "[tls]\nstrict_sni = true\n", `x.toml:2: tls.strict_sni: needs to know the names of the server (hint: write a section [[host]] for each name)`},
		{"account of no host", "[[host]]\nnames = ['a']\n" + anna + "host = 'b'\n", `x.toml:6: account[0].host: no host is called "b" (hint: write a section [[host]] with that name)`},
		{"wrong name, no second complaint", "[[host]]\nnames = ['a b']\n" + anna + "host = 'a'\n", `x.toml:2: host[0].names: "a b" is not the name of a host` + forms},
	} {
		_, err := Parse("x.toml", []byte(tc.text))
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s:\n%v\nwant\n%s", tc.name, err, tc.want)
		}
	}
	if c, err := Parse("x.toml", []byte("[[host]]\nnames = ['a', 'B']\n"+anna+"host = 'b'\n")); err != nil || c.HostOf(c.Accounts[0].Host) != &c.Hosts[0] {
		t.Errorf("%+v, %v", c, err)
	}
}
