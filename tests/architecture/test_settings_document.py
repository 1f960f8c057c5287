"""The page of settings names every variable, what is allowed and its default, and no other."""

import json
import re
from pathlib import Path
from typing import get_args

import annotated_types
import pytest
from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from workers.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROW = re.compile(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = {
    tuple(re.findall(r"`(\w+)`", names)): (allowed, default, meaning)
    for names, allowed, default, meaning in ROW.findall(
        (DOCS / "settings.md").read_text(encoding="utf-8")
    )
}


def names_of(field: FieldInfo) -> tuple[str, ...]:
    alias = field.validation_alias
    return tuple(map(str, alias.choices)) if isinstance(alias, AliasChoices) else (str(alias),)


FIELDS = {names_of(field): field for field in Settings.model_fields.values()}


def shown_default(field: FieldInfo) -> str:
    value = field.default
    if value is None:
        return "–"
    if isinstance(value, dict):
        return f"`{json.dumps(value)}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def shown_bounds(field: FieldInfo) -> str | None:
    """`1 to 10`, `at least 1`, or None for what is no number."""
    least = [each.ge for each in field.metadata if isinstance(each, annotated_types.Ge)]
    most = [each.le for each in field.metadata if isinstance(each, annotated_types.Le)]
    if not least:
        return None
    return f"{least[0]} to {most[0]}" if most else f"at least {least[0]}"


def test_the_page_names_every_variable_and_no_other() -> None:
    assert set(ROWS) == set(FIELDS)


@pytest.mark.parametrize("names", FIELDS, ids=lambda names: names[0])
def test_a_variable_has_its_default_its_bounds_and_a_meaning(names: tuple[str, ...]) -> None:
    field = FIELDS[names]
    allowed, default, meaning = ROWS[names]
    assert default == shown_default(field)
    assert allowed == (shown_bounds(field) or allowed)
    assert allowed.startswith("secret") == (SecretStr in get_args(field.annotation))
    assert len(meaning.split()) > 2


def test_no_other_page_has_a_table_of_settings() -> None:
    pages = [DOCS.parent / "README.md", *DOCS.rglob("*.md")]
    again = [
        page.name
        for page in pages
        if page.name != "settings.md"
        and re.search(r"(?m)^\| `(CAPLIQUIFY_|DATABASE_)", page.read_text())
    ]
    assert again == []
