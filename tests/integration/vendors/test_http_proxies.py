"""Where vendors are reached through a proxy, calls go through it."""

import pytest
from pytest_httpserver import HTTPServer

from shared.http.client import VendorHttp
from shared.use_cases.vendors import Call


def test_calls_go_through_the_proxy_of_the_environment(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", httpserver.url_for(""))
    monkeypatch.setenv("NO_PROXY", "")
    httpserver.expect_request("/x").respond_with_json({"by": "proxy"})
    with VendorHttp("v", "http://vendor.example", {}, attempts=1) as http:
        assert http.send(Call("GET", "/x")).body == {"by": "proxy"}
