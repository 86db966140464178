//go:build interop

package interop

import "testing"

func TestNodeBasicFTP(t *testing.T) { suite(t, basicFTP()) }

// basicFTP is the library of that name on Node, which install.sh gets from npm.
func basicFTP() client {
	return scripted(client{
		name: "Node basic-ftp", program: "node", implicit: true,
		version: []string{"-e", `const path = require("path"), at = path.resolve("..", "bin", "interop-node", "node_modules", "basic-ftp", "package.json");
			console.log("Node", process.version, "basic-ftp", require(at).version)`},
	}, nil, "testdata/client.js")
}
