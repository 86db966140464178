"""Drives Python's ftplib as client.py does, and makes data connections resume the
TLS session of the control connection, which ftplib does not do by itself."""
import ftplib
import os
import runpy


def ntransfercmd(self, cmd, rest=None):
    conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
    if self._prot_p:
        conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
    return conn, size


ftplib.FTP_TLS.ntransfercmd = ntransfercmd
runpy.run_path(os.path.join(os.path.dirname(__file__), "client.py"), run_name="__main__")
