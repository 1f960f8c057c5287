"""The proxy that breaks connections, before a server that says back what it hears."""

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from tests.fixtures.chaos_proxy import ChaosProxy

LARGE = b"0123456789" * 100_000


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65_536):
            self.request.sendall(data)


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that is reset is what these tests are about."""


@pytest.fixture
def echo_port() -> Iterator[int]:
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def proxy(echo_port: int) -> Iterator[ChaosProxy]:
    with ChaosProxy("127.0.0.1", echo_port) as started:
        yield started


def connect(proxy: ChaosProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def heard(client: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length and (chunk := client.recv(65_536)):
        data += chunk
    return data


def is_silent(client: socket.socket) -> bool:
    client.settimeout(0.1)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(5)
    return False


def test_it_carries_bytes_both_ways(proxy: ChaosProxy) -> None:
    with connect(proxy) as client:
        threading.Thread(target=client.sendall, args=(LARGE,), daemon=True).start()
        assert heard(client, len(LARGE)) == LARGE


def test_an_end_that_says_goodbye_still_hears_the_rest(proxy: ChaosProxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"last words")
        client.shutdown(socket.SHUT_WR)
        assert heard(client, 100) == b"last words"


def test_a_cut_resets_what_is_open_and_refuses_what_is_new(proxy: ChaosProxy) -> None:
    with connect(proxy) as one, connect(proxy) as other:
        one.sendall(b"a")
        assert heard(one, 1) == b"a"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            one.recv(1)
        with pytest.raises(ConnectionResetError):
            other.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)


def test_after_a_cut_it_heals_on_the_same_port(proxy: ChaosProxy) -> None:
    port = proxy.port
    proxy.cut()
    proxy.heal()
    assert proxy.port == port
    with connect(proxy) as client:
        client.sendall(b"b")
        assert heard(client, 1) == b"b"


def test_what_was_frozen_arrives_when_it_heals(proxy: ChaosProxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"before ")
        assert heard(client, 7) == b"before "
        proxy.freeze()
        client.sendall(b"during ")
        assert is_silent(client)
        proxy.heal()
        client.sendall(b"after")
        assert heard(client, 12) == b"during after"


def test_a_connection_opened_in_the_frost_waits_for_the_thaw(proxy: ChaosProxy) -> None:
    proxy.freeze()
    with connect(proxy) as client:
        client.sendall(b"c")
        assert is_silent(client)
        proxy.heal()
        assert heard(client, 1) == b"c"


def test_a_cut_in_the_frost_delivers_nothing_later(proxy: ChaosProxy) -> None:
    proxy.freeze()
    with connect(proxy) as client:
        client.sendall(b"d")
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        proxy.freeze()
        with connect(proxy) as later:
            assert is_silent(later)
            proxy.heal()
            later.sendall(b"e")
            assert heard(later, 1) == b"e"


def test_a_target_that_is_not_there_looks_like_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = gone.getsockname()[1]
    # The reset may come before `connect` has returned.
    with (
        ChaosProxy("127.0.0.1", nobody) as astray,
        pytest.raises(ConnectionResetError),
        connect(astray) as client,
    ):
        client.recv(1)


def test_it_stops_twice(echo_port: int) -> None:
    proxy = ChaosProxy("127.0.0.1", echo_port)
    proxy.start()
    proxy.stop()
    proxy.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
