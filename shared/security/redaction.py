"""Keep secrets out of what people and logs see: those that are known, and what looks like one."""

import re
import threading

MASK = "***"
# Shorter ones would mask ordinary words.
SHORTEST = 6

NAME = r"(?i)(?P<name>\b[a-z_-]*(?:password|passwd|secret|token|api_key|apikey)[\"'\\]*\s*[=:]\s*)"

PATTERNS = (
    # user:password@ in any address
    (re.compile(r"(?P<before>://[^\s:/@]*:)[^\s@]+(?=@)"), rf"\g<before>{MASK}"),
    # tokens of the vendors, by their own prefixes
    (
        re.compile(
            r"\b(?:shp(?:at|ca|pa|ss|rt|ua)_|Atza\||Atzr\||amzn1\.oa2-cs\.)[A-Za-z0-9|._-]+"
        ),
        MASK,
    ),
    # bearer and basic credentials, and web tokens
    (re.compile(r"(?i)\b(?P<kind>bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\g<kind> {MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"), MASK),
    # name=value, "name": "value", as Python, JSON and JSON inside JSON write it
    (
        re.compile(NAME + r"(?P<quote>\\*[\"'])(?:(?!(?P=quote)).)*(?P=quote)"),
        rf"\g<name>\g<quote>{MASK}\g<quote>",
    ),
    # not the sentence that an error makes of a field's name
    (re.compile(NAME + r"(?!(?:is|goes|holds)\s)[^\s,;&)}\"'\\]+"), rf"\g<name>{MASK}"),
)

_known: set[str] = set()
_lock = threading.Lock()


def remember_secret(secret: str) -> None:
    """From now on this very text is masked wherever this process speaks."""
    if len(secret) >= SHORTEST:
        with _lock:
            _known.add(secret)


def redact(text: str) -> str:
    """The text without the secrets that are known, and without what looks like one."""
    with _lock:
        known = sorted(_known, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, MASK)
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text
