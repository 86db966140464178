#!/bin/sh
# Installs the clients that the interop tests talk to, on Debian and its
# relatives. What is there already is left alone.
set -eu

missing=''
want() { # want PACKAGE COMMAND...
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}

want curl curl --version
want lftp lftp --version
want wget wget --version
want python3 python3 -c 'import ssl, ftplib'
want perl perl -MNet::FTP -e 1
want libio-socket-ssl-perl perl -MIO::Socket::SSL -e 1
want php-cli php -r 'exit(function_exists("ftp_ssl_connect") ? 0 : 1);'
want tnftp sh -c 'command -v tnftp'
want rclone rclone version
want nodejs node --version
want npm npm --version
# For the tests in network namespaces, which run as root only.
want iproute2 ip -V
want iptables iptables --version
# For the tests of durability: system calls, and file systems to cut the power of.
want strace strace -V
want e2fsprogs mkfs.ext4 -V
want xfsprogs mkfs.xfs -V
want mount mount --version

if [ -n "$missing" ]; then
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "interop: these clients are missing:$missing. Install them with the package manager of this system." >&2
		exit 1
	fi
	if [ "$(id -u)" != 0 ]; then
		echo "interop: these clients are missing:$missing. Run: sudo apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	# shellcheck disable=SC2086 # one word per package
	apt-get install -q -y --no-install-recommends $missing
fi

node_modules=$(dirname "$0")/../bin/interop-node
if [ ! -e "$node_modules/node_modules/basic-ftp/package.json" ]; then
	mkdir -p "$node_modules"
	npm install --prefix "$node_modules" --no-save --no-audit --no-fund basic-ftp@6
fi

# The test server of the ACME protocol, built from the module proxy.
acme=$(cd "$(dirname "$0")/.." && pwd)/bin/interop-acme
for program in pebble pebble-challtestsrv; do
	if [ ! -x "$acme/$program" ]; then
		GOBIN=$acme GOFLAGS=-mod=mod go install "github.com/letsencrypt/pebble/v2/cmd/$program@v2.10.1"
	fi
done

# The servers that Sealane is compared with are unpacked, which only root can use.
if [ "$(id -u)" = 0 ]; then
	root=$(cd "$(dirname "$0")/.." && pwd)
	"$root/bench/install.sh" "$root/bin/bench-servers"
fi
