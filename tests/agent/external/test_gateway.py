"""The one way out, from a socket file to a server on loopback."""

import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.external.gateway import ModelGateway, write_address

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def serving(family: socket.AddressFamily, host: str) -> Iterator[str]:
    """A server that replies once to a request that it has read to its end."""

    def reply() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            if connection.recv(65536):
                connection.sendall(REPLY)

    with socket.create_server((host, 0), family=family) as listener:
        thread = threading.Thread(target=reply, daemon=True)
        thread.start()
        yield write_address(host, listener.getsockname()[1])
        thread.join(5)


def ask(folder: Path, address: str, *, is_half_closed: bool = False) -> bytes:
    """What a client reads that asks a server through a gateway to it alone."""
    with (
        ModelGateway(folder / "gate", [address]) as gateway,
        socket.socket(socket.AF_UNIX) as asking,
    ):
        asking.settimeout(5)
        asking.connect(str(folder / "gate"))
        asking.sendall(f"POST http://{address}/v1 HTTP/1.1\r\nA: b\r\n\r\n".encode())
        if is_half_closed:
            asking.shutdown(socket.SHUT_WR)
        read = b"".join(iter(lambda: asking.recv(65536), b""))
    assert gateway.refused == []
    return read


def test_a_client_that_has_asked_all_gets_its_reply(tmp_path: Path) -> None:
    """It shut its side after the request, and both sides were shut on it."""
    with serving(socket.AF_INET, "127.0.0.1") as address:
        assert ask(tmp_path, address, is_half_closed=True) == REPLY


def test_no_connection_outlives_the_gateway(tmp_path: Path) -> None:
    """Each that a silent server held kept a thread and two files for 15 minutes."""
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = write_address("127.0.0.1", listener.getsockname()[1])
        with ModelGateway(tmp_path / "gate", [address]):
            for _ in range(3):
                with socket.socket(socket.AF_UNIX) as asking:
                    asking.connect(str(tmp_path / "gate"))
                    asking.sendall(f"CONNECT {address} HTTP/1.1\r\n\r\n".encode())
                    asking.recv(100)
        for thread in set(threading.enumerate()) - before:
            thread.join(5)

    assert set(threading.enumerate()) <= before


@pytest.fixture
def many_files() -> Iterator[None]:
    """More open files than `select` can look at."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
    yield
    for descriptor in held:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_a_process_with_many_open_files_hands_on(tmp_path: Path) -> None:
    """Above 1,023 of them connections were dropped without a word."""
    with serving(socket.AF_INET, "127.0.0.1") as address:
        assert ask(tmp_path, address) == REPLY


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_a_server_with_an_ipv6_address_is_reached(tmp_path: Path) -> None:
    """Its address was written without brackets, and then refused."""
    with serving(socket.AF_INET6, "::1") as address:
        assert address.startswith("[::1]:")
        assert ask(tmp_path, address) == REPLY
