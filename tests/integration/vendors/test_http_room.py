"""The HTTP room: deadlines, downloads and tokens, against servers on a real socket."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import httpcore
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from shared.errors import CredentialRejected, GiveUp, VendorUnavailable
from shared.http.access import TokenAccess
from shared.http.client import VendorHttp
from shared.use_cases.vendors import Call

SECRET = {"X-Token": "very-secret-token"}
GET = Call("GET", "/x")


def test_a_vendor_that_drips_is_left_after_the_whole_deadline(httpserver: HTTPServer) -> None:
    def drip(_request: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            for _ in range(50):
                yield b" "
                time.sleep(0.1)

        return Response(pieces(), content_type="application/json")

    httpserver.expect_request("/x").respond_with_handler(drip)
    before = time.monotonic()
    with (
        VendorHttp("v", httpserver.url_for(""), {}, attempts=1, total_s=0.5) as http,
        pytest.raises(VendorUnavailable, match="no answer in time"),
    ):
        http.send(GET)
    assert time.monotonic() - before < 3


def test_a_request_that_could_do_harm_twice_is_sent_once(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("", status=503)
    with (
        VendorHttp("v", httpserver.url_for(""), {}, attempts=4) as http,
        pytest.raises(VendorUnavailable),
    ):
        http.send(Call("POST", "/x", retried=False))
    assert len(httpserver.log) == 1


def test_the_vendors_own_wait_comes_first(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/x").respond_with_data(
        "", status=503, headers={"Retry-After": "1"}
    )
    httpserver.expect_ordered_request("/x").respond_with_json({"ok": True})
    before = time.monotonic()
    with VendorHttp("v", httpserver.url_for(""), {}) as http:
        assert http.send(GET).body == {"ok": True}
    assert time.monotonic() - before >= 1


def test_a_long_wait_of_an_absent_vendor_is_left_to_the_job(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data(
        "", status=503, headers={"Retry-After": "600"}
    )
    with (
        VendorHttp("v", httpserver.url_for(""), {}) as http,
        pytest.raises(VendorUnavailable) as caught,
    ):
        http.send(GET)
    assert caught.value.retry_after_s == 600
    assert len(httpserver.log) == 1


def test_parameters_forms_and_headers_go_out_and_status_and_headers_come_back(
    httpserver: HTTPServer,
) -> None:
    httpserver.expect_request("/x", query_string={"page": "2"}, method="GET").respond_with_json(
        {"got": "it"}, headers={"X-Rate": "5"}
    )
    httpserver.expect_request("/form", method="POST", data="a=b").respond_with_json({}, status=400)
    with VendorHttp("v", httpserver.url_for(""), SECRET) as http:
        answer = http.send(Call("GET", "/x", params={"page": "2"}, headers={"X-Also": "this"}))
        refused = http.send(Call("POST", "/form", form={"a": "b"}, accepted=frozenset({400})))
    assert (answer.status, answer.headers["x-rate"], answer.body) == (200, "5", {"got": "it"})
    assert (refused.status, refused.body) == (400, {})
    sent = httpserver.log[0][0].headers
    assert (sent["X-Token"], sent["X-Also"]) == ("very-secret-token", "this")


def test_a_file_is_fetched_without_our_secrets(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/file").respond_with_data(b"a" * 100_000)
    with (
        VendorHttp("v", httpserver.url_for(""), SECRET) as http,
        http.download(httpserver.url_for("/file")) as pieces,
    ):
        assert sum(map(len, pieces)) == 100_000
    assert "X-Token" not in httpserver.log[0][0].headers


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/file",
        "https://[::1]/file",
        "http://storage.example.com/file",
        "https://localhost/file",
        "file:///etc/passwd",
        "https://a..b/file",
        "https://.example.com/file",
        "https://xn--.com/file",
        f"https://{'a' * 70}.example.com/file",
        "not a url",
    ],
)
def test_a_file_inside_a_private_network_is_never_asked_for(
    httpserver: HTTPServer, url: str
) -> None:
    with (
        VendorHttp("v", httpserver.url_for(""), {}) as http,
        pytest.raises(GiveUp, match="address"),
        http.download(url),
    ):
        pass
    assert httpserver.log == []


@pytest.mark.parametrize(
    ("addresses", "inside"),
    [
        (["169.254.169.254"], True),
        (["10.0.0.1"], True),
        (["::1"], True),
        (["::ffff:127.0.0.1"], True),
        (["64:ff9b::a00:1"], True),
        (["2002:7f00:1::"], True),
        (["::127.0.0.1"], True),
        (["224.0.0.1"], True),
        (["64:ff9b::9765:101"], False),
        (["151.101.1.1", "192.168.1.1"], True),
        (["151.101.1.1", "2a04:4e42::1"], False),
    ],
)
def test_a_name_that_leads_into_a_private_network_is_seen_through(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], inside: bool
) -> None:
    def resolve(*_where: object, **_how: object) -> list[tuple[object, ...]]:
        return [(None, None, None, "", (address, 443)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    called: list[str] = []

    def connect(_self: object, host: str, *_where: object, **_how: object) -> NoReturn:
        called.append(host)
        raise httpcore.ConnectError("far away")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with (
        VendorHttp("v", "https://api.example.com", {}) as http,
        pytest.raises(GiveUp if inside else VendorUnavailable) as caught,
        http.download("https://files.example.com/file"),
    ):
        pass
    assert ("outside the public network" in str(caught.value)) is inside
    # The address that was judged is the one that is called, whatever the name means by then.
    assert called == ([] if inside else [addresses[0]])


class Tokens:
    """Gives a new token each time one was refused."""

    def __init__(self) -> None:
        self.given = 1

    def __call__(self, refused: str | None) -> str:
        if refused == f"token-{self.given}":
            self.given += 1
        return f"token-{self.given}"


def answering(good: set[str]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return Response("{}", status=200 if request.headers["X-Token"] in good else 401)

    return answer


def test_a_refused_token_is_renewed_once(httpserver: HTTPServer) -> None:
    good = {"token-2"}
    httpserver.expect_request("/x").respond_with_handler(answering(good))
    with VendorHttp("v", httpserver.url_for(""), TokenAccess("X-Token", Tokens())) as http:
        assert http.send(GET).status == 200
        # An hour later the second token is old as well.
        good.clear()
        good.add("token-3")
        assert http.send(GET).status == 200
    assert len(httpserver.log) == 4


def test_a_vendor_that_refuses_every_token_is_believed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("", status=401)
    with (
        VendorHttp("v", httpserver.url_for(""), TokenAccess("X-Token", Tokens())) as http,
        pytest.raises(CredentialRejected),
    ):
        http.send(GET)
    assert len(httpserver.log) == 2


def test_a_renewal_that_fails_for_now_does_not_bring_the_refused_token_back() -> None:
    asked: list[str | None] = []

    def token(refused: str | None) -> str:
        asked.append(refused)
        if asked == [None, "old"]:
            raise VendorUnavailable("vendor: away")
        return "old" if refused is None else "new"

    access = TokenAccess("X-Token", token)
    assert access.headers() == {"X-Token": "old"}
    assert access.renew()
    with pytest.raises(VendorUnavailable):
        access.headers()
    assert access.headers() == {"X-Token": "new"}


def test_a_login_that_is_refused_for_good_is_not_tried_twice() -> None:
    def token(_refused: str | None) -> str:
        raise CredentialRejected("vendor: invalid_grant")

    access = TokenAccess("X-Token", token)
    with pytest.raises(CredentialRejected):
        access.headers()
    assert not access.renew()


def test_a_number_of_thousands_of_digits_is_its_own_records_fault(httpserver: HTTPServer) -> None:
    digits = "9" * 5000
    httpserver.expect_request("/orders").respond_with_data(
        f'{{"orders": [{{"id": 1}}, {{"id": {digits}}}]}}', content_type="application/json"
    )
    with VendorHttp("vendor", httpserver.url_for(""), {}, attempts=1) as http:
        answer = http.send(Call("GET", "/orders"))
    assert answer.body == {"orders": [{"id": 1}, {"id": digits}]}


@contextmanager
def speaking(say: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says what it likes to whoever connects; the base URL."""
    stop = threading.Event()

    def serve(listener: socket.socket) -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(65_536)
                    while not stop.is_set():
                        say(connection)
                except OSError:
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stop.set()
            listener.close()


class Slowly:
    """Sends its beginning, and then the same piece for ever, a little at a time."""

    def __init__(self, beginning: bytes, piece: bytes) -> None:
        self._next, self._piece = beginning, piece

    def __call__(self, connection: socket.socket) -> None:
        connection.sendall(self._next)
        self._next = self._piece
        time.sleep(0.02)


OK = b"HTTP/1.1 200 OK\r\n"
# Blocks of a stored deflate stream that hold nothing.
NOTHING = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\x00\x00\x00\xff\xff"


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(lambda: Slowly(OK + b"X-Long: ", b"a"), id="headers that drip"),
        pytest.param(
            lambda: Slowly(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
            id="interim answers without end",
        ),
        pytest.param(
            lambda: Slowly(
                OK + b"Content-Encoding: gzip\r\n\r\n" + NOTHING, b"\x00\x00\x00\xff\xff"
            ),
            id="a gzip of nothing",
        ),
        pytest.param(lambda: Slowly(OK + b"\r\n", b" "), id="a body that drips"),
    ],
)
def test_whatever_drips_without_end_is_left_at_the_deadline(
    say: Callable[[], Slowly],
) -> None:
    """Without a deadline on the socket this test does not end."""
    with (
        speaking(say()) as url,
        VendorHttp("v", url, {}, attempts=1, total_s=0.5) as http,
        pytest.raises(VendorUnavailable, match=r"no answer in time|cannot be reached"),
    ):
        http.send(GET)


@pytest.mark.parametrize(
    ("coding", "error", "line"),
    [
        ("gzip, gzip", VendorUnavailable, "which nobody asked for"),
        ("br", VendorUnavailable, "encoded as 'br'"),
        ("gzip", VendorUnavailable, "cannot be unzipped"),
    ],
)
def test_an_answer_is_zipped_in_one_layer_or_not_at_all(
    httpserver: HTTPServer, coding: str, error: type[Exception], line: str
) -> None:
    body = gzip.compress(gzip.compress(b"{}")) if "," in coding else b"no gzip"
    httpserver.expect_request("/x").respond_with_data(body, headers={"Content-Encoding": coding})
    with (
        VendorHttp("v", httpserver.url_for(""), {}, attempts=1) as http,
        pytest.raises(error, match=line),
    ):
        http.send(GET)


def test_a_zipped_answer_is_read_and_one_that_swells_is_left(httpserver: HTTPServer) -> None:
    zipped = {"Content-Encoding": "gzip"}
    httpserver.expect_request("/x").respond_with_data(gzip.compress(b'{"a": 1}'), headers=zipped)
    bomb = gzip.compress(b" " * (65 * 1024 * 1024))
    httpserver.expect_request("/bomb").respond_with_data(bomb, headers=zipped)
    cut = gzip.compress(b'{"a": 1}')[:-4]
    httpserver.expect_request("/cut").respond_with_data(cut, headers=zipped)
    httpserver.expect_request("/empty").respond_with_data(b"", headers=zipped)
    padded = gzip.compress(b'{"a": 1}') + b"\0" * 100
    httpserver.expect_request("/padded").respond_with_data(padded, headers=zipped)
    with VendorHttp("v", httpserver.url_for(""), {}, attempts=1) as http:
        assert http.send(GET).body == {"a": 1}
        assert http.send(Call("GET", "/empty")).body is None
        assert http.send(Call("GET", "/padded")).body == {"a": 1}
        with pytest.raises(GiveUp, match="too large when it is unzipped"):
            http.send(Call("GET", "/bomb"))
        with pytest.raises(VendorUnavailable, match="ends in the middle"):
            http.send(Call("GET", "/cut"))


def test_an_answer_that_is_nested_without_end_is_given_up(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("[" * 200_000)
    with (
        VendorHttp("v", httpserver.url_for(""), {}) as http,
        pytest.raises(GiveUp, match="nested too deeply"),
    ):
        http.send(GET)
    assert len(httpserver.log) == 1
