"""Drives Python's ftplib: see scripted in ftplib_test.go for the arguments."""
import ftplib
import os
import ssl
import sys

host, port, mode, version, cafile, user, password, operation = sys.argv[1:9]
args = sys.argv[9:]


class Implicit(ftplib.FTP_TLS):
    """ftplib has no implicit TLS; everybody who needs it wraps the socket."""

    _sock = None

    @property
    def sock(self):
        return self._sock

    @sock.setter
    def sock(self, value):
        if value is not None and not isinstance(value, ssl.SSLSocket):
            value = self.context.wrap_socket(value, server_hostname=self.host)
        self._sock = value


def connect():
    context = ssl.create_default_context(cafile=cafile)
    context.minimum_version = context.maximum_version = {
        "1.2": ssl.TLSVersion.TLSv1_2,
        "1.3": ssl.TLSVersion.TLSv1_3,
    }[version]
    kind = Implicit if mode == "implicit" else ftplib.FTP_TLS
    ftp = kind(context=context, timeout=60, encoding="utf-8")
    ftp.connect(host, int(port))
    ftp.login(user, password)
    ftp.prot_p()
    return ftp


ftp = connect()
if operation == "put":
    local, remote, offset = args[0], args[1], int(args[2])
    with open(local, "rb") as source:
        source.seek(offset)
        ftp.storbinary("STOR " + remote, source, rest=offset or None)
elif operation == "get":
    remote, local, offset = args[0], args[1], int(args[2])
    with open(local, "ab" if offset else "wb") as target:
        ftp.retrbinary("RETR " + remote, target.write, rest=offset or None)
    if os.path.getsize(local) != ftp.size(remote):
        sys.exit("SIZE differs from what arrived")
elif operation == "list":
    ftp.cwd(args[0])
    ftp.retrlines("LIST")
elif operation == "facts":
    for name, facts in ftp.mlsd(args[0], ["type", "size", "modify"]):
        print(name, facts["type"], facts.get("size", ""), facts["modify"])
elif operation == "mkdir":
    if not ftp.mkd(args[0]).endswith(args[0]):
        sys.exit("257 does not name the folder")
elif operation == "move":
    # down REMOTE LOCAL or up LOCAL REMOTE, as often as there are
    for way, source, target in zip(args[0::3], args[1::3], args[2::3]):
        if way == "down":
            with open(target, "wb") as f:
                ftp.retrbinary("RETR " + source, f.write)
        else:
            with open(source, "rb") as f:
                ftp.storbinary("STOR " + target, f)
elif operation == "rename":
    ftp.rename(args[0], args[1])
elif operation == "remove":
    ftp.delete(args[0])
elif operation == "rmdir":
    ftp.rmd(args[0])
else:
    sys.exit("unknown operation " + operation)
ftp.quit()
