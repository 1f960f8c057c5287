"""Writes `docs/jobs-contract.md`: what the tasks take and give, for those who ask for jobs in any language.

Run it as `python -m workers.contract` after changing a task; a test keeps the file current. The text
around the tasks stands in `contract.md` beside this file.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.domain.job import LIVE_STATES, JobState
from shared.persistence.jobs.contracts import Contract
from shared.persistence.migrations.public_line import function_sources
from workers.migrate import task_contracts

TEMPLATE = Path(__file__).with_name("contract.md")
DOCUMENT = Path(__file__).parents[1] / "docs" / "jobs-contract.md"
FUNCTIONS = ("enqueue_job", "cancel_job")

COLUMNS = (
    ("id", "uuid", "the job"),
    ("tenant_id", "uuid", "whose it is"),
    ("parent_id", "uuid", "the job from which it follows, if any"),
    ("name", "text", "its task"),
    ("queue", "text", "the class of work: `interactive`, `sync`, `forecast` or `maintenance`"),
    ("state", "job_state", "where it stands, see States"),
    ("outcome", "text", "how its last attempt ended, see Outcomes"),
    ("attempt", "int", "attempts begun that count; 0 before the first"),
    ("max_attempts", "int", "after so many it is `dead`"),
    ("snoozes", "int", "how often it was too early, which uses no attempt up"),
    ("progress_done", "bigint", "how far the attempt has come"),
    ("progress_total", "bigint", "how far it is to go; null where that is not known"),
    ("progress_message", "text", "what it is at, for people to read"),
    ("result", "jsonb", "as the task's schema says; null until it succeeded"),
    ("error_class", "text", "the kind of the last error; null after a success"),
    ("error_message", "text", "one line for people: what was wrong and how to fix it; no secrets"),
    ("requested_by", "text", "who asked; `schedule:…` and `reaction:…` are the system itself"),
    ("cancel_requested", "boolean", "whether somebody asked it to stop"),
    ("run_at", "timestamptz", "not before this instant; of a job that waits again, its next try"),
    ("created_at", "timestamptz", "when it was asked for"),
    ("started_at", "timestamptz", "when its last attempt began"),
    ("finished_at", "timestamptz", "when it ended; null while it lives"),
    ("waited_s", "float", "seconds between its being due and its last attempt, so far if it waits"),
    ("ran_s", "float", "seconds of the attempt that runs or that ended it; else null"),
)

STATES = {
    JobState.QUEUED: "waits for its time and its turn, at first or again",
    JobState.DISPATCHED: "was given to the broker; a worker takes it in a moment",
    JobState.RUNNING: "a worker is at it",
    JobState.SUCCEEDED: "done; `result` is there",
    JobState.FAILED: "somebody must fix what `error_message` names, then ask again",
    JobState.CANCELLED: "ended because somebody asked for it",
    JobState.DEAD: "its attempts are used up; operators look at it and may replay it",
}

OUTCOMES = (
    ("succeeded", "succeeded", "done"),
    ("retried", "queued", "a vendor or server was away, or the task crashed: tried again later"),
    ("snoozed", "queued", "too early, as with a vendor's rate limit: no attempt was used up"),
    ("lost", "queued", "its worker died: tried again at once"),
    ("handed_back", "queued", "its worker was shut down: no attempt was used up"),
    (
        "undelivered",
        "queued",
        "no worker took its message up: it is sent again; dead after too many times",
    ),
    ("replayed", "queued", "an operator has sent it back to its beginning"),
    ("discarded", "failed", "trying again would fail again"),
    ("cancelled", "cancelled", "somebody asked for it"),
    ("dead", "dead", "retried or lost once too often"),
)

CONSTRAINTS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "{} characters or more",
    "maxLength": "{} characters at most",
    "minItems": "{} items or more",
    "maxItems": "{} items at most",
    "pattern": "matches `{}`",
}
FORMATS = {"date": "a date, `YYYY-MM-DD`", "date-time": "an instant, ISO 8601 with its zone"}

Schema = Mapping[str, Any]


def render(contracts: Sequence[Contract]) -> str:
    """The whole document."""
    ordered = sorted(contracts, key=lambda each: each.name)
    values = {
        "signatures": "\n\n".join(_signature(name) for name in FUNCTIONS),
        "columns": _table((f"`{name}`", kind, meaning) for name, kind, meaning in COLUMNS),
        "states": _table(
            (f"`{state}`", "no" if state in LIVE_STATES else "yes", meaning)
            for state, meaning in STATES.items()
        ),
        "outcomes": _table(
            (f"`{name}`", f"`{state}`", meaning) for name, state, meaning in OUTCOMES
        ),
        "contents": _contents(ordered),
        "tasks": "\n\n".join(_task(each) for each in ordered),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def _contents(contracts: Iterable[Contract]) -> str:
    rows = (
        (f"[`{each.name}`](#{_anchor(each.name)})", f"`{each.queue}`", each.description)
        for each in contracts
    )
    return "| task | queue | what it does |\n|---|---|---|\n" + _table(rows)


def _task(contract: Contract) -> str:
    return "\n\n".join(
        (
            f"### `{contract.name}`",
            contract.description,
            f"Queue `{contract.queue}`, {contract.max_attempts} attempts, "
            f"{contract.deadline_s} s for each.",
            _arguments(contract.arguments_schema),
            _schema("Arguments", contract.arguments_schema),
            _schema("Result", contract.result_schema),
        )
    )


def _arguments(schema: Schema) -> str:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if not properties:
        return "It takes no arguments: `{}`."
    required = set(schema.get("required", ()))
    rows = (
        (
            f"`{name}`",
            " or ".join(_types(each)),
            "required" if name in required else f"`{json.dumps(each.get('default'))}`",
            ", ".join(_constraints(each)),
        )
        for name, each in properties.items()
    )
    return "| argument | JSON type | default | what else |\n|---|---|---|---|\n" + _table(rows)


def _types(schema: Schema) -> list[str]:
    if "anyOf" in schema:
        return [kind for option in schema["anyOf"] for kind in _types(option)]
    # What stands in `$defs` or is an enum of mixed values has no type of its own.
    return [str(schema.get("type", "see the schema"))]


def _constraints(schema: Schema) -> list[str]:
    found = [said.format(schema[key]) for key, said in CONSTRAINTS.items() if key in schema]
    if "format" in schema:
        found.append(FORMATS.get(schema["format"], f"format `{schema['format']}`"))
    if "enum" in schema:
        found.append("one of " + ", ".join(f"`{json.dumps(each)}`" for each in schema["enum"]))
    for option in schema.get("anyOf", ()):
        found += _constraints(option)
    return found


def _schema(title: str, schema: Schema) -> str:
    return f"{title}:\n\n```json\n{json.dumps(schema, indent=2, ensure_ascii=False)}\n```"


def _signature(name: str) -> str:
    declared = function_sources()[name].partition("CREATE OR REPLACE FUNCTION ")[2]
    return declared.partition("\nLANGUAGE")[0] + ";"


def _anchor(name: str) -> str:
    return name.replace(".", "").lower()


def _table(rows: Iterable[Iterable[str]]) -> str:
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    )


if __name__ == "__main__":
    DOCUMENT.write_text(render(task_contracts()), encoding="utf-8")
