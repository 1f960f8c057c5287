"""Secrets that this process has held, found in a text in every form that programs write them in."""

import base64
import html
import json
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

# Shorter ones would mask ordinary words.
SHORTEST = 6
# A worker meets the secrets of thousands of tenants: those it has not held for long are forgotten.
MOST = 5_000


class KnownSecrets:
    """Masks secrets; a text is read once, however many there are."""

    def __init__(self, mask: str, most: int = MOST) -> None:
        self._mask = mask
        self._most = most
        self._forms: OrderedDict[str, frozenset[str]] = OrderedDict()
        # The forms by their first letters, the longest first.
        self._by_start: dict[str, tuple[str, ...]] = {}

    def remember(self, secret: str) -> None:
        """From now on the secret is masked; a short one is not."""
        if len(secret) < SHORTEST:
            return
        if secret in self._forms:
            self._forms.move_to_end(secret)
            return
        self._forms[secret] = frozenset(forms_of(secret))
        for form in self._forms[secret]:
            known = {*self._by_start.get(form[:SHORTEST], ()), form}
            self._by_start[form[:SHORTEST]] = tuple(sorted(known, key=len, reverse=True))
        if len(self._forms) > self._most:
            self._forget()

    def mask(self, text: str) -> str:
        """The text without the secrets."""
        if not self._by_start:
            return text
        parts: list[str] = []
        at = begin = 0
        last = len(text) - SHORTEST
        while at <= last:
            for form in self._by_start.get(text[at : at + SHORTEST], ()):
                if text.startswith(form, at):
                    parts += (text[begin:at], self._mask)
                    at = begin = at + len(form)
                    break
            else:
                at += 1
        return "".join((*parts, text[begin:])) if parts else text

    def _forget(self) -> None:
        _, forms = self._forms.popitem(last=False)
        for form in forms:
            left = tuple(each for each in self._by_start[form[:SHORTEST]] if each != form)
            if left:
                self._by_start[form[:SHORTEST]] = left
            else:
                del self._by_start[form[:SHORTEST]]


def forms_of(secret: str) -> Iterator[str]:
    """A secret as it is, as JSON, Python, URLs, HTML and base64 write it, and JSON inside JSON."""
    for plain in {unicodedata.normalize(form, secret) for form in ("NFC", "NFD")} | {secret}:
        yield plain
        encoded = plain.encode("utf-8", errors="replace")
        for quoted in (_json(plain), json.dumps(plain, ensure_ascii=False)[1:-1]):
            yield quoted
            yield _json(quoted)
            yield quoted.replace("/", "\\/")
        for url in (
            quote(plain, safe="", errors="replace"),
            quote(plain, errors="replace"),
            quote_plus(plain, errors="replace"),
        ):
            yield url
            yield _lower_escapes(url)
        yield repr(plain)[1:-1]
        yield ascii(plain)[1:-1]
        yield repr(encoded)[2:-1]
        yield html.escape(plain)
        yield base64.b64encode(encoded).decode()
        yield base64.urlsafe_b64encode(encoded).decode()


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _lower_escapes(url: str) -> str:
    """`%C3%BC` as `%c3%bc`, the rest as it is."""
    head, *rest = url.split("%")
    return "".join((head, *(f"%{part[:2].lower()}{part[2:]}" for part in rest)))
