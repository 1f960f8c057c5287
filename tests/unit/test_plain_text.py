"""What strangers wrote is shown, never obeyed: on the terminal, as JSON and in the log."""

import io
import json
import logging
import sys

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from shared.observability.logging import configure_logging
from shared.observability.plain_text import UNSAFE, plain, plain_json, plain_value
from workers.cli.console import echo_json, make_console

NASTY = "\x1b]0;owned\x07 \x1b[2J \x9b31m \u202eevil\u202c \u2028line \r[bold]x[/bold] [/nothing] :boom: ü"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\rb", "a\\x0db"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("half \ud83d", "half \\ud83d"),
        ("Grüße 🎁\n\tüber", "Grüße 🎁\n\tüber"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_gets_through_raw_and_json_reads_back(text: str) -> None:
    assert UNSAFE.search(plain(text)) is None
    assert UNSAFE.search(plain_json({"x": text})) is None
    assert json.loads(plain_json({"x": text})) == {"x": text}
    assert plain_value({"x": [text, 1, None, ("y", text)]}) == {
        "x": [plain(text), 1, None, ["y", plain(text)]]
    }


def test_a_console_prints_markup_and_escapes_of_strangers_as_text() -> None:
    output = io.StringIO()
    console = make_console(file=output, force_terminal=True, width=200, highlight=False)
    table = Table("name")
    table.add_row(NASTY)
    console.print(table)
    console.print(NASTY, style="red")
    printed = output.getvalue()
    # The console's own colours are the only escapes.
    assert "\x1b]0" not in printed
    assert "\x1b[2J" not in printed
    assert "\x9b" not in printed
    assert "\u202e" not in printed
    assert "[bold]x[/bold] [/nothing] :boom: ü" in printed


def test_json_for_programs_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    echo_json({"name": NASTY})
    printed = capsys.readouterr().out
    assert UNSAFE.search(printed) is None
    assert json.loads(printed) == {"name": NASTY}


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_log_line_is_plain(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    before = logging.getLogger().handlers[:]
    output = io.StringIO()
    monkeypatch.setattr(output, "isatty", lambda: is_terminal)
    monkeypatch.setattr(sys, "stderr", output)
    configure_logging(lambda text: text)
    try:
        structlog.get_logger("ours").error("refused", reason=NASTY, deep={"a": [NASTY]})
        logging.getLogger("other").error(NASTY)
        structlog.get_logger("ours").error("crashed", exc_info=ValueError(NASTY))
    finally:
        logging.getLogger().handlers[:] = before
    printed = output.getvalue()
    for raw in ("\x1b]0", "\x1b[2J", "\x9b", "\u202e", "\u2028"):
        assert raw not in printed
