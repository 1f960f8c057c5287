"""A secret is masked however a program wrote it, in time that grows with the text and no faster."""

import html
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.security.known_secrets import KnownSecrets
from shared.security.redaction import redact, remember_secret

SECRET = "pä$$/w\"ö'r\\d+1"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps({"inner": json.dumps({"p": SECRET})}),
        json.dumps(SECRET).replace("/", "\\/"),
        repr(SECRET),
        ascii(SECRET),
        repr(SECRET.encode()),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        urlencode({"p": SECRET}),
        html.escape(SECRET),
        "pa\u0308$$/w\"o\u0308'r\\d+1",
    ],
)
def test_a_known_secret_is_masked_in_every_form(written: str) -> None:
    known = KnownSecrets("***")
    known.remember(SECRET)
    masked = known.mask(f"<{written}>")
    assert "***" in masked
    assert "$$/w" not in masked
    assert "24%24" not in masked


@given(st.text(min_size=6, max_size=40), st.text(max_size=20))
def test_no_secret_of_any_letters_stays(secret: str, around: str) -> None:
    known = KnownSecrets("***")
    known.remember(secret)
    for written in (secret, json.dumps(secret)[1:-1]):
        assert (
            known.mask(f"{around}\n{written}\n") == known.mask(f"{around}\n") + "***\n"
            or secret in around
        )


def test_of_two_secrets_that_begin_alike_the_longer_one_is_masked_whole() -> None:
    known = KnownSecrets("***")
    for secret in ("open-sesame", "open-sesame-and-more"):
        known.remember(secret)
    assert known.mask("open-sesame-and-more, open-sesame!") == "***, ***!"


def test_the_secret_that_was_held_longest_ago_is_forgotten() -> None:
    known = KnownSecrets("***", most=2)
    for secret in ("first-secret", "second-secret", "first-secret", "third-secret"):
        known.remember(secret)
    assert known.mask("first-secret second-secret third-secret") == "*** second-secret ***"


HOSTILE = [
    "a-" * 40_000,
    "secret" * 15_000,
    "secret:" * 15_000,
    "secret='" * 10_000,
    "://a:" * 20_000,
    "://" + "a" * 80_000,
    "eyJ-" * 20_000,
    "eyJ." * 20_000,
    "token" + " " * 80_000,
    "token" + "\\" * 80_000,
    "bearer " * 12_000,
    "shpat_" * 14_000,
    "".join("secret:" + "\\" * number + "'" for number in range(400)),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:8])
def test_no_text_is_read_again_and_again(text: str) -> None:
    # Quadratic patterns need many minutes for this, linear ones well below a second.
    remember_secret("a-secret-that-is-not-there")
    assert len(redact(text)) <= len(text) + 3
