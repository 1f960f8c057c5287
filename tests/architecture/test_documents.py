"""Documents lead to what is there, and their prose fits a narrow window."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sandbox").rglob("*.md")]
)
# A program writes these two; the list of changes keeps its text as it was published.
UNWRAPPED = {"jobs-contract.md", "data-model.md", "CHANGELOG.md"}
LONGEST_LINE = 100
LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def outside_fences(path: Path) -> Iterator[str]:
    """The lines that are not code."""
    fenced = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield line


def anchors(path: Path) -> set[str]:
    """What GitHub makes of the headings, and the names that stand in the text."""
    lines = list(outside_fences(path))
    headings = (line.lstrip("#").strip() for line in lines if line.startswith("#"))
    made = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
    return made | set(re.findall(r'<a (?:id|name)="([^"]+)">', "\n".join(lines)))


def broken_links(path: Path) -> list[str]:
    broken = []
    prose = re.sub(r"`[^`\n]+`", "", "\n".join(outside_fences(path)))
    for match in LINK.finditer(prose):
        target = (path.parent / match[1]).resolve() if match[1] else path
        if not target.exists() or (match[2] and match[2] not in anchors(target)):
            broken.append(match[0])
    return broken


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    assert broken_links(path) == []


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if path.name not in UNWRAPPED], ids=name
)
def test_prose_has_a_hundred_columns_at_most(path: Path) -> None:
    long = [line for line in outside_fences(path) if len(line) > LONGEST_LINE]
    assert [line for line in long if not line.lstrip().startswith("|")] == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b`\n[here](#a-b) [no](#b) [gone](gone.md) `[c](d)`\n```\n[code](no.md)\n```\n"
    )
    assert broken_links(page) == ["[no](#b)", "[gone](gone.md)"]
