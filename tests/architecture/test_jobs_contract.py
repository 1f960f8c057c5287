"""The published contract of jobs is current and leaves nothing out."""

import re

import pytest

from shared.domain.job import JobState, Outcome
from workers.contract import COLUMNS, DOCUMENT, OUTCOMES, STATES, render
from workers.migrate import task_contracts

PUBLISHED = DOCUMENT.read_text(encoding="utf-8")
FUNCTIONS = DOCUMENT.parents[1] / "shared" / "persistence" / "migrations" / "functions"


def test_the_document_is_what_the_tasks_say_now() -> None:
    contracts = [each for each in task_contracts() if not each.name.startswith("test.")]
    assert render(contracts) == PUBLISHED, "run `make contract`"


@pytest.mark.parametrize(
    "name",
    [
        "credentials.rotate_keys",
        "forecasts.generate",
        "forecasts.score",
        "sales.backfill",
        "sales.pull",
        "services.pull",
        "books.pull",
        "usage.sample",
        "working_capital.roll_up",
    ],
)
def test_every_task_has_its_chapter(name: str) -> None:
    chapter = re.split(r"^### ", PUBLISHED.partition(f"\n### `{name}`\n")[2], flags=re.M)[0]
    assert re.search(r"Queue `\w+`, \d+ attempts, \d+ s for each\.", chapter)
    assert "Arguments:\n\n```json\n{" in chapter
    assert "Result:\n\n```json\n{" in chapter


def test_an_argument_is_shown_with_its_type_its_default_and_its_bounds() -> None:
    assert '| `service` | string | `"xero"` | one of `"xero"` |' in PUBLISHED
    assert "| `again` | boolean | `false` |  |" in PUBLISHED
    assert "| `origin` | string or null | `null` | a date, `YYYY-MM-DD` |" in PUBLISHED
    assert "| `horizon_days` | integer | `28` | at least 1, at most 365 |" in PUBLISHED


def test_every_state_and_every_outcome_is_explained() -> None:
    states = ["queued", "dispatched", "running", "succeeded", "failed", "cancelled", "dead"]
    assert [str(state) for state in STATES] == states == [str(state) for state in JobState]
    written = {
        name
        for path in FUNCTIONS.glob("*_job*.sql")
        for name in re.findall(
            r"UPDATE public\.jobs[^;]*?\boutcome = '(\w+)'", path.read_text("utf-8")
        )
    }
    assert written == {"cancelled", "undelivered"}
    assert {name for name, *_ in OUTCOMES} == {*Outcome, *written, "dead", "replayed"}
    for state in states:
        assert re.search(rf"^\| `{state}` \| (yes|no) \| \S", PUBLISHED, re.M), state


def test_every_column_of_the_view_is_explained() -> None:
    assert [name for name, *_ in COLUMNS] == [
        "id", "tenant_id", "parent_id", "name", "queue", "state", "outcome", "attempt", "max_attempts",
        "snoozes", "progress_done", "progress_total", "progress_message", "result", "error_class",
        "error_message", "requested_by", "cancel_requested", "run_at", "created_at", "started_at",
        "finished_at", "waited_s", "ran_s",
    ]  # fmt: skip
    for name, *_ in COLUMNS:
        assert f"\n| `{name}` |" in PUBLISHED


def test_the_functions_stand_there_as_they_are_installed() -> None:
    assert "p_run_at timestamptz DEFAULT now(), p_priority int DEFAULT 0" in PUBLISHED
    assert "public.cancel_job(p_job_id uuid) RETURNS public.job_state;" in PUBLISHED
