"""Ports and addresses of the embedded servers, without any server."""

import socket

import pytest

from shared.embedded import tcp_ports
from shared.embedded.tcp_ports import free_port, is_free
from shared.embedded.urls import ServiceUrls


def test_a_free_preferred_port_is_kept() -> None:
    port = free_port()
    assert free_port(port) == port


def test_a_port_on_which_somebody_listens_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        assert not is_free(taken)
        assert free_port(taken) != taken


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    assert 20_000 <= free_port() < 30_000


def test_addresses_show_no_password() -> None:
    urls = ServiceUrls(
        "postgresql://owner:s3cr3t@127.0.0.1:1/db", "redis://:pa55-w_d@127.0.0.1:2/0"
    )
    shown = "ServiceUrls(postgresql://owner:***@127.0.0.1:1/db, redis://:***@127.0.0.1:2/0)"
    assert repr(urls) == shown
    assert str(urls) == shown
    assert f"{urls}" == shown


def test_a_port_that_a_killed_server_still_holds_for_a_moment_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([False, False, True])
    monkeypatch.setattr(tcp_ports, "is_free", lambda _port: next(answers))
    assert free_port(23_456) == 23_456
