"""The product as an administration runs it: nginx with TLS, two web processes, a sub-path."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from support.sources import ROOT

SITE = ROOT / "deploy" / "nginx" / "geoforma.conf"
PREFIX = "/carte"
NAME = "localhost"

_MAIN = """
daemon off;
pid {folder}/nginx.pid;
worker_processes 1;
error_log {folder}/nginx-principal.log warn;
{user}
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/corps;
    proxy_temp_path {folder}/reponses;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    types {{ text/html html; text/css css; text/javascript js; image/svg+xml svg; }}
    include {folder}/site.conf;
}}
"""

CONFIG = "python:support.production_light"
"""What gunicorn reads: `geoapp.web.production`, warmed by one page."""

SERVE = """
from geoapp.cli import main
from geoapp.web import warming

warming.ADDRESSES, warming._samples = ("/recherche",), lambda servi: []
main(["serve", "--port", "0"])
"""
"""`geoapp serve`, of which the warm-up asks one page: what it asks is tested elsewhere."""

SERVE_PAGES = f"""
from geoapp.web.heavy import foreman

foreman.prepare = lambda app, servi: iter(())
{SERVE}"""
"""The same, whose workshop reads nothing ahead: for who asks for no heavy file."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(is_so: Callable[[], object], seconds: float = 60) -> None:
    """Wait for what a server does."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


@dataclass(kw_only=True)
class Stack:
    """A running service: its ports, its socket, its processes, all that it writes."""

    folder: Path
    tls: int
    plain: int
    figures: int
    server: subprocess.Popen
    proxy: subprocess.Popen

    @property
    def socket(self) -> str:
        """Return the path of the socket of the web processes."""
        return str(self.folder / "web.sock")

    @property
    def root(self) -> str:
        """Return the public address."""
        return f"https://{NAME}:{self.tls}{PREFIX}"

    def context(self) -> ssl.SSLContext:
        """Return what a client trusts."""
        return ssl.create_default_context(cafile=self.folder / "certificat.pem")

    def ask(self, path: str, *, method: str = "GET", body=None, headers=None):
        """Return (status, headers, body) of an address asked through the proxy."""
        given = {"Host": f"{NAME}:{self.tls}", **(headers or {})}
        with self.connection() as channel:
            return _exchange(channel, method, path, body, given)

    def connection(self) -> closing[http.client.HTTPSConnection]:
        """Return a connection to the proxy, closed when the block ends."""
        context = _by_name(self.context())
        return closing(
            http.client.HTTPSConnection("127.0.0.1", self.tls, context=context, timeout=30)
        )

    def ask_directly(self, path: str, *, method: str = "GET", body=None, headers=None):
        """Return (status, headers, body) of an address asked from the web processes themselves."""
        channel = _UnixConnection(self.socket)
        return _exchange(channel, method, path, body, headers or {})

    def measures(self) -> str:
        """Return the figures that a supervisor reads."""
        channel = http.client.HTTPConnection("127.0.0.1", self.figures, timeout=10)
        return _exchange(channel, "GET", "/metrics", None, {})[2].decode()

    def written(self) -> str:
        """Return all that the service wrote: logs, figures."""
        files = [one for one in self.folder.rglob("*") if one.is_file() and one.suffix != ".pem"]
        apart = {"instantanes", "cache"}
        kept = [one for one in files if not apart & set(one.parts)]
        return "\n".join(one.read_bytes().decode("utf-8", "replace") for one in kept)

    def log(self) -> str:
        """Return what the web processes wrote."""
        return (self.folder / "serveur.log").read_text(encoding="utf-8")

    def children(self) -> list[int]:
        """Return the processes of the server."""
        tasks = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children")
        return [int(pid) for pid in tasks.read_text().split()] if tasks.exists() else []


class _UnixConnection(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str):
        super().__init__(NAME, timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self._path)


def _by_name(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a context that asks for our name, whatever the address connected to."""
    plain = context.wrap_socket
    context.wrap_socket = lambda sock, **given: plain(sock, **(given | {"server_hostname": NAME}))
    return context


def _exchange(channel, method: str, path: str, body, headers: dict):
    """Return (status, headers, body) of one request."""
    try:
        channel.request(method, path, body=body, headers=headers)
        with channel.getresponse() as answer:
            return answer.status, answer.headers, answer.read()
    finally:
        channel.close()


def start_stack(folder: Path) -> Stack:
    """Start the service on the data of `folder/donnees`, and return it once it answers.

    The files that ship are used as they are, but for names, ports and paths.
    """
    tls, plain, figures = free_port(), free_port(), free_port()
    _write_certificate(folder)
    _write_site(folder, tls, plain)
    (folder / "temporaire").mkdir()
    settings = {
        "TMPDIR": str(folder / "temporaire"),
        "GEOAPP_DATA": str(folder / "donnees"),
        "GEOAPP_URL": f"https://{NAME}:{tls}{PREFIX}",
        "GEOAPP_MANDATAIRES": "unix",
        "GEOAPP_MESURES": f"127.0.0.1:{figures}",
        "GEOAPP_PROCESSUS": "2",
        # What is made ahead would be made for nobody as long as the service lives.
        "GEOAPP_AVANCE_S": "0",
        "PYTHONPATH": str(ROOT / "tests"),
    }
    with open(folder / "serveur.log", "wb") as log:
        server = subprocess.Popen(
            _command(folder / "web.sock", settings),
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=log,
            stderr=log,
        )
    with open(folder / "nginx-sortie.log", "wb") as log:
        proxy = subprocess.Popen(
            ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stdout=log, stderr=log
        )
    stack = Stack(folder=folder, tls=tls, plain=plain, figures=figures, server=server, proxy=proxy)
    try:
        wait_for(lambda: _answers(stack), 120)
    except BaseException:
        stop_stack(stack)
        raise
    return stack


def _command(path: Path, settings: dict[str, str]) -> list[str]:
    """Return what starts the web processes: by a socket already open, as systemd does it."""
    command = [sys.executable, "-m", "gunicorn", "-c", CONFIG]
    if not shutil.which("systemd-socket-activate"):
        return [*command, "--bind", f"unix:{path}"]
    passed = [f"--setenv={name}" for name in settings]
    return ["systemd-socket-activate", f"--listen={path}", *passed, *command]


def _answers(stack: Stack) -> bool:
    """Tell whether the service answers; one that ended never will."""
    for one, log in ((stack.server, "serveur.log"), (stack.proxy, "nginx-sortie.log")):
        assert one.poll() is None, (stack.folder / log).read_text(encoding="utf-8")
    try:
        return stack.ask(f"{PREFIX}/sante")[0] == 200
    except OSError:
        return False


def stop_stack(stack: Stack) -> None:
    """Stop the service, by the numbers of its processes."""
    for one in (stack.server, stack.proxy):
        if one.poll() is None:
            one.terminate()
    for one in (stack.server, stack.proxy):
        try:
            one.wait(40)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait(10)


def _write_certificate(folder: Path) -> None:
    """Write a certificate of our own for the name of the site."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-keyout", str(folder / "cle.pem"), "-out", str(folder / "certificat.pem")]
    command = ["openssl", "req", "-x509", "-days", "2", *key, *names, *files]
    subprocess.run(command, check=True, capture_output=True)


def _write_site(folder: Path, tls: int, plain: int) -> None:
    """Write the site that ships, its names, ports and paths being those of the test."""
    text = SITE.read_text(encoding="utf-8")
    text = "".join(line for line in text.splitlines(True) if "listen [::]" not in line)
    for ours, theirs in {
        "listen 443": f"listen 127.0.0.1:{tls}",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "https://formation.exemple.fr": f"https://{NAME}:{tls}",
        "formation.exemple.fr": NAME,
        "/run/geoforma.sock": str(folder / "web.sock"),
        "/var/cache/nginx/geoforma": str(folder / "cache"),
        "/var/log/nginx": str(folder),
        "/etc/ssl/geoforma": str(folder),
    }.items():
        assert ours in text, ours
        text = text.replace(ours, theirs)
    (folder / "site.conf").write_text(text, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user), encoding="utf-8")


def what_lacks() -> str:
    """Return the program that is missing here, "" when the service can be started."""
    return next((one for one in ("nginx", "openssl") if not shutil.which(one)), "")
