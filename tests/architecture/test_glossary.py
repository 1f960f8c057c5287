"""The words of the code stand in the glossary, one a line, in order."""

import re
from pathlib import Path

from shared.domain.job import JobState, Outcome
from workers.queues import Queue

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROWS = re.findall(
    r"^\| ([A-Za-z][\w -]*) \| (.+) \|$",
    (DOCS / "glossary.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)[1:]
MEANINGS = dict(ROWS)
# The words that name modules, columns and types, and that no dictionary explains.
WORDS_OF_THE_CODE = {
    "position", "window", "follower", "event", "reaction", "lease", "fence", "tick", "scan", "night", "set aside",
    "left out", "breach", "unit of work", "room", "job", "task", "attempt", "outcome", "state", "queue", "turn", "cap",
    "rank", "claim", "reaper", "stream", "cursor", "track", "page", "slice", "circuit", "probe", "bucket", "meter",
    "quota", "tier", "period", "series", "origin", "horizon", "level", "fallback", "variant", "site", "vault",
}  # fmt: skip


def test_terms_stand_in_order_and_once() -> None:
    terms = [term.lower() for term, _ in ROWS]
    assert terms == sorted(set(terms))


def test_every_word_of_the_code_has_its_line() -> None:
    assert WORDS_OF_THE_CODE - set(MEANINGS) == set()


def test_states_outcomes_and_queues_lead_to_their_one_place_or_name_all() -> None:
    contract = (DOCS / "jobs-contract.md").read_text(encoding="utf-8")
    assert "(jobs-contract.md#states)" in MEANINGS["state"]
    assert "(jobs-contract.md#outcomes)" in MEANINGS["outcome"]
    for name in [*JobState, *Outcome]:
        assert f"| `{name}` |" in contract
    for queue in Queue:
        assert queue in MEANINGS["queue"]
