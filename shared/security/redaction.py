"""Keep secrets out of what people and logs see: those that are known, and what looks like one.

All of it is linear in the length of the text: a text that a stranger made must not hold up a worker.
"""

import re
import threading

from shared.security.known_secrets import SHORTEST, KnownSecrets

__all__ = ["MASK", "SHORTEST", "redact", "remember_secret"]

MASK = "***"

# What stands before the word does not matter, and looking for it is what made this slow.
NAME = r"(?i)(?P<name>(?:password|passwd|secret|token|api_key|apikey)[\"'\\]*\s*[=:]\s*)"

PATTERNS = (
    # user:password@ in any address; no longer than a password can be, so that none is looked for twice
    (re.compile(r"(?P<before>://[^\s:/@]{0,256}:)[^\s@]{1,512}+(?=@)"), rf"\g<before>{MASK}"),
    # tokens of the vendors, by their own prefixes
    (
        re.compile(
            r"\b(?:shp(?:at|ca|pa|ss|rt|ua)_|Atza\||Atzr\||amzn1\.oa2-cs\.)[A-Za-z0-9|._-]+"
        ),
        MASK,
    ),
    # bearer and basic credentials
    (re.compile(r"(?i)\b(?P<kind>bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\g<kind> {MASK}"),
    # name=value, "name": "value", as Python, JSON and JSON inside JSON write it
    (
        re.compile(NAME + r"(?P<quote>\\*[\"'])(?:(?!(?P=quote)).){0,16384}(?P=quote)"),
        rf"\g<name>\g<quote>{MASK}\g<quote>",
    ),
    # not the sentence that an error makes of a field's name
    (re.compile(NAME + r"(?!(?:is|goes|holds)\s)[^\s,;&)}\"'\\]+"), rf"\g<name>{MASK}"),
)
# A web token begins so and has three parts; looked for in runs of its letters, each of which is read once.
WEB_TOKEN_RUN, WEB_TOKEN = re.compile(r"[A-Za-z0-9_.-]{20,}"), "eyJ"

_known = KnownSecrets(MASK)
_lock = threading.Lock()


def remember_secret(secret: str) -> None:
    """From now on this very text is masked wherever this process speaks, however it is quoted or encoded."""
    with _lock:
        _known.remember(secret)


def redact(text: str) -> str:
    """The text without the secrets that are known, and without what looks like one."""
    with _lock:
        text = _known.mask(text)
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return WEB_TOKEN_RUN.sub(_mask_web_token, text)


def _mask_web_token(run: re.Match[str]) -> str:
    before, begin, rest = run.group().partition(WEB_TOKEN)
    return f"{before}{MASK}" if begin and rest.count(".") >= 2 else run.group()
