"""A proxy that lets an agent reach its model and nothing else.

Behind walls an agent has no network. A forwarder inside hands what it asks to a socket
file, and on the host stands this gateway: it connects to the hosts on its list and
refuses all others. It looks at names, not into what is sent: that stays encrypted.
"""

import re
import selectors
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

__all__ = ["FORWARDER", "PORT", "ModelGateway", "write_address"]

PORT = 3128
"""Where the forwarder listens inside the walls."""
_HEAD_LIMIT_BYTES = 64 * 1024
_CONNECT_S = 20.0
_IDLE_S = 900.0
_PIECE_BYTES = 64 * 1024
_REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_UNREACHABLE = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)

FORWARDER = r"""
import selectors, socket, subprocess, sys, threading
path, port, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
listener = socket.create_server(("127.0.0.1", port), backlog=64)
def pump(inside):
    outside = socket.socket(socket.AF_UNIX)
    try:
        outside.connect(path)
        pair = {inside: outside, outside: inside}
        with selectors.DefaultSelector() as watched:
            for end in pair:
                watched.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in watched.select():
                    data = key.fileobj.recv(65536)
                    if data:
                        pair[key.fileobj].sendall(data)
                    elif key.fileobj is outside:
                        return
                    else:
                        watched.unregister(inside)
                        outside.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    finally:
        inside.close()
        outside.close()
def serve():
    while True:
        inside, _ = listener.accept()
        threading.Thread(target=pump, args=(inside,), daemon=True).start()
threading.Thread(target=serve, daemon=True).start()
sys.exit(subprocess.call(command))
"""
"""Runs inside the walls with the standard library alone: socket, port, command."""


class ModelGateway:
    """Listens on a socket file while an agent runs."""

    def __init__(self, path: Path, hosts: Iterable[str]) -> None:
        """Prepare a gateway.

        Args:
            path: Socket file to make; some systems allow it 107 bytes.
            hosts: `host` for its port 443, or `host:port`; IPv6 in brackets.
        """
        self.refused: list[str] = []
        """What was asked for and not on the list, in order."""
        self._allowed = {_with_port(host) for host in hosts}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o666)
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._open: set[socket.socket] = set()
        self._is_over = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        # Closing alone does not wake a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        with self._lock:
            self._is_over = True
            for end in self._open:
                _hang_up(end)

    def _serve(self) -> None:
        while True:
            try:
                asking, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._serve_one, args=(asking,), daemon=True
            ).start()

    def _serve_one(self, asking: socket.socket) -> None:
        with self._kept(asking):
            asking.settimeout(_IDLE_S)
            try:
                head = _read_head(asking)
                address, first = _read_request(head)
                if address not in self._allowed:
                    self.refused.append(address)
                    asking.sendall(_REFUSAL)
                    return
                self._connect(asking, address, first)
            except (OSError, ValueError):
                return

    def _connect(self, asking: socket.socket, address: str, first: bytes) -> None:
        host, _, port = address.rpartition(":")
        try:
            where = (host.strip("[]"), int(port))
            model = socket.create_connection(where, timeout=_CONNECT_S)
        except OSError:
            asking.sendall(_UNREACHABLE)
            return
        with self._kept(model):
            if first:
                model.sendall(first)
            else:
                asking.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _pump(asking, model)

    @contextmanager
    def _kept(self, end: socket.socket) -> Iterator[None]:
        """Close a connection in the end, however long both sides would be silent."""
        with self._lock:
            self._open.add(end)
            if self._is_over:
                _hang_up(end)
        try:
            yield
        finally:
            with self._lock:
                self._open.remove(end)
                end.close()


def _hang_up(end: socket.socket) -> None:
    """Wake the thread that waits for a connection; it then closes it."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def write_address(host: str, port: int) -> str:
    """A host and its port as requests write them, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _with_port(host: str) -> str:
    return host.lower() if re.search(r":\d+$", host) else f"{host.lower()}:443"


def _read_head(asking: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = asking.recv(_PIECE_BYTES)
        if not piece or len(head) > _HEAD_LIMIT_BYTES:
            msg = "no request"
            raise ValueError(msg)
        head += piece
    return head


def _read_request(head: bytes) -> tuple[str, bytes]:
    """Where a request goes, and what to send there first; nothing for a tunnel."""
    line, _, rest = head.partition(b"\r\n")
    method, target, version = line.decode("latin-1").split(" ", 2)
    if method == "CONNECT":
        return _with_port(target), b""
    parts = urlsplit(target)
    if parts.scheme != "http" or not parts.hostname:
        msg = f"not for a proxy: {target}"
        raise ValueError(msg)
    path = parts.path or "/"
    path += f"?{parts.query}" if parts.query else ""
    # One request a connection: the next one may be meant for another host.
    lines = [
        field
        for field in rest.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
        if not field.lower().startswith((b"connection:", b"proxy-"))
    ]
    body = rest.split(b"\r\n\r\n", 1)[1]
    fields = b"\r\n".join([*lines, b"Connection: close"])
    first = f"{method} {path} {version}\r\n".encode("latin-1") + fields
    address = write_address(parts.hostname, parts.port or 80)
    return address.lower(), first + b"\r\n\r\n" + body


def _pump(asking: socket.socket, model: socket.socket) -> None:
    """Hand on what both sides say until the model's has said all."""
    with selectors.DefaultSelector() as watched:
        watched.register(asking, selectors.EVENT_READ, (asking, model))
        watched.register(model, selectors.EVENT_READ, (model, asking))
        while ready := watched.select(_IDLE_S):
            for key, _ in ready:
                source, target = key.data
                data = source.recv(_PIECE_BYTES)
                if data:
                    target.sendall(data)
                elif source is model:
                    return
                else:
                    # It has asked all that it wants to, and still wants the reply.
                    watched.unregister(asking)
                    model.shutdown(socket.SHUT_WR)
