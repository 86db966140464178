#!/bin/sh
# Fetches the FTP servers that bench measures Sealane against, on Debian and its
# relatives. Needs root. What is there already is left alone.
#
# Debian lets only one FTP server be installed at a time (each package conflicts
# with ftp-server), so the servers are unpacked side by side into the folder
# DEST, unchanged, and only the libraries that they need are installed. Nothing
# is started, and no service is set up.
set -eu

dest=${1:-bin/bench-servers}
servers='vsftpd proftpd-core proftpd-mod-crypto pure-ftpd pure-ftpd-common python3-pyftpdlib'

fail() {
	echo "bench: $1" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || fail "the servers need root, to be installed and to be run. Run: sudo make bench"
command -v apt-get >/dev/null 2>&1 || fail "the servers come from Debian packages, and there is no apt-get here. Run it on Debian or in a Debian container."

# complete says whether all is there and starts.
complete() {
	[ -e "$dest/complete" ] || return 1
	for program in usr/sbin/vsftpd usr/sbin/proftpd usr/lib/proftpd/mod_tls.so usr/sbin/pure-ftpd usr/bin/pure-pw; do
		[ -e "$dest/$program" ] || return 1
		! ldd "$dest/$program" 2>/dev/null | grep -q 'not found' || return 1
	done
	[ -d "$dest/usr/lib/python3/dist-packages/pyftpdlib" ] || return 1
	/usr/bin/python3 -c 'import OpenSSL' 2>/dev/null || return 1
	find /lib /usr/lib -name pam_pwdfile.so 2>/dev/null | grep -q . || return 1
}

if complete; then
	exit 0
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -q

# The libraries are those that the packages name, read from apt: their names
# change from release to release.
libraries=$(for p in vsftpd proftpd-core proftpd-mod-crypto pure-ftpd; do
	apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$p"
done | sed -n 's/^ *|\{0,1\}Depends: \(lib[a-z0-9.+-]*\)$/\1/p' | sort -u)
# pam_pwdfile checks the password for vsftpd; perl and libcrypt make its hash.
# shellcheck disable=SC2086 # one word per package
apt-get install -q -y --no-install-recommends $libraries libpam-pwdfile python3-openssl perl-base

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt fetches as another user
# shellcheck disable=SC2086
(cd "$work" && apt-get download -q -o APT::Sandbox::User=root $servers)
rm -rf "$dest"
mkdir -p "$dest"
for package in "$work"/*.deb; do
	dpkg -x "$package" "$dest"
	dpkg-deb -f "$package" Package Version | awk '{print $2}' | paste -sd ' ' >>"$work/versions"
done
cp "$work/versions" "$dest/complete"
complete || fail "something is still missing in $dest after the installation; remove the folder and try again"
