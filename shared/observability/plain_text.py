"""Text that somebody else wrote, made harmless for a terminal and a log: what it holds is shown, not done."""

import json
import re
from typing import Any

# Control characters but for tab and newline, those of C1, what turns the direction of writing, line and
# paragraph separators, invisible joiners, tags, and halves of characters.
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    """The text with what a terminal would obey written out, such as `\\x1b`."""
    return UNSAFE.sub(_written_out, text)


def plain_json(value: object, **options: Any) -> str:
    """JSON in which every letter can be read and none is obeyed; it reads back as the value."""
    return UNSAFE.sub(_json_escape, json.dumps(value, ensure_ascii=False, **options))


def plain_value(value: object) -> object:
    """A value of a log line: its texts made harmless, however deep they stand."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain_value(key): plain_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_value(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return plain(str(value))


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _json_escape(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]
