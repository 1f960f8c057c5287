"""Every decision is a numbered, dated record with its reason, and the index lists all of them."""

import re
from datetime import date
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
INDEX = FOLDER / "README.md"
ROOMS = sorted(path for path in FOLDER.glob("*.md") if path != INDEX)
RECORD = re.compile(
    r"## (?P<number>D-\d{3})\n\n"
    r"\*\*(?P<title>[^\n]+)\.\*\*\n\n"
    r"Date: (?P<day>\d{4}-\d{2}-\d{2})\n\n"
    r"(?P<detail>(?:(?!\*\*Why:\*\*).)*)"
    r"\*\*Why:\*\* (?P<why>(?:(?!\*\*What would).)+)\n\n"
    r"\*\*What would change it:\*\* (?P<change>.+)\n*",
    re.DOTALL,
)
LONGEST_LINE = 100


def records(path: Path) -> list[str]:
    return re.split(r"(?m)^(?=## )", path.read_text(encoding="utf-8"))[1:]


RECORDS = [(path.name, text) for path in ROOMS for text in records(path)]


@pytest.mark.parametrize("record", [text for _, text in RECORDS], ids=lambda text: text[3:8])
def test_a_record_has_number_title_date_why_and_what_would_change_it(record: str) -> None:
    found = RECORD.fullmatch(record)
    assert found, record
    assert date.fromisoformat(found["day"])
    assert found["why"].strip()[-1] in ".:"
    assert found["change"].strip().endswith(".")


def test_a_number_is_given_once_and_none_is_passed_over() -> None:
    numbers = sorted(int(text[5:8]) for _, text in RECORDS)
    assert numbers == list(range(1, len(RECORDS) + 1))


def test_the_index_lists_every_record_with_its_title_and_no_other() -> None:
    text = re.sub(r"\s+", " ", INDEX.read_text(encoding="utf-8"))
    listed = re.findall(
        r"- \[(D-\d{3})\]\(([\w-]+\.md)#(d-\d{3})\) (.+?)(?= - \[D-| ### |\s*$)", text
    )
    kept = [(name, RECORD.fullmatch(record)) for name, record in RECORDS]
    # Rooms stand one after the other, so a later record of a room breaks the order of numbers.
    assert sorted(listed) == sorted(
        (found["number"], name, found["number"].lower(), found["title"])
        for name, found in kept
        if found
    )


@pytest.mark.parametrize("path", [INDEX, *ROOMS], ids=lambda path: path.name)
def test_a_line_has_a_hundred_columns_at_most(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > LONGEST_LINE] == []
