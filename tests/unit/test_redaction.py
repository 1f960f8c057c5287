"""Secrets are masked: those that are known, and what looks like one."""

import io
import json
import logging
import sys

import pytest
import structlog

from shared.observability.logging import configure_logging
from shared.security.redaction import redact, remember_secret


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://worker:hunter2@db:5432/x", "postgresql://worker:***@db:5432/x"),
        ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
        ("token shpat_0123456789abcdef was refused", "token *** was refused"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer ***"),
        ("eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl is it", "*** is it"),
        ('{"access_token": "a b c", "n": 1}', '{"access_token": "***", "n": 1}'),
        ("{'access_token': 'shh-1234'}", "{'access_token': '***'}"),
        (r"{\"access_token\": \"shh-1234\"}", r"{\"access_token\": \"***\"}"),
        ("client_secret=abc&x=1", "client_secret=***&x=1"),
        ("refresh_token: 'abc'", "refresh_token: '***'"),
        ("Atzr|IwEBIA-xyz given", "*** given"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "tenant acme at t0001, 5,698 lines",
        "https://acme.myshopify.com/admin/api/2026-07/graphql.json",
        "shopify: the credential is refused (HTTP 401); connect the account again",
    ],
)
def test_what_is_none_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_a_known_secret_is_masked_wherever_it_stands() -> None:
    remember_secret("open-sesame-77")
    assert redact("he said open-sesame-77!") == "he said ***!"


def test_a_traceback_in_the_log_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    before = logging.getLogger().handlers[:]
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    configure_logging(redact)
    try:
        int("postgresql://w:hunter2@h/x")
    except ValueError:
        structlog.get_logger("ours").exception("job_crashed", url="redis://:hunter2@h/0")
        logging.getLogger("theirs").exception("it says %s", "password=hunter2")
    finally:
        logging.getLogger().handlers[:] = before
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["job_crashed", "it says password=***"]
    assert "hunter2" not in output.getvalue()
    assert all("Traceback" in line["exception"] for line in lines)


def test_the_sentence_about_a_field_stays_readable() -> None:
    assert redact("refresh_token: is missing; copy it") == "refresh_token: is missing; copy it"
    assert redact("token: is-a-secret") == "token: ***"
