"""What each task accepts and returns, written down so that `enqueue_job` can check it in any language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg
from psycopg.types.json import Jsonb

PUBLISH = """
INSERT INTO public.task_contracts AS c (name, queue, arguments_schema, result_schema, max_attempts, deadline_s,
    vendor_argument, description)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE SET queue = excluded.queue, arguments_schema = excluded.arguments_schema,
    result_schema = excluded.result_schema, max_attempts = excluded.max_attempts, deadline_s = excluded.deadline_s,
    vendor_argument = excluded.vendor_argument, description = excluded.description
"""


@dataclass(frozen=True, slots=True)
class Contract:
    """A task by name; the schemas are JSON Schema."""

    name: str
    queue: str
    arguments_schema: Mapping[str, object]
    result_schema: Mapping[str, object]
    max_attempts: int
    deadline_s: int
    vendor_argument: str | None = None
    description: str = ""


def publish(database_url: str, contracts: Iterable[Contract]) -> None:
    """Writes contracts as the owner of the tables; those of tasks that are gone stay for their jobs."""
    with psycopg.connect(database_url) as connection:
        for each in contracts:
            arguments, result = Jsonb(dict(each.arguments_schema)), Jsonb(dict(each.result_schema))
            connection.execute(
                PUBLISH,
                (
                    each.name,
                    each.queue,
                    arguments,
                    result,
                    each.max_attempts,
                    each.deadline_s,
                    each.vendor_argument,
                    each.description,
                ),
            )
