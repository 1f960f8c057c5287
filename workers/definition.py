"""What a task is, and what its function is given: a context and its checked arguments; it returns a dataclass."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.domain.backoff import Backoff
from shared.domain.job import Job
from shared.errors import InvalidInput
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.register_tenant import check_timezone
from workers.progress import Progress
from workers.queues import Queue
from workers.wiring import Wiring

if TYPE_CHECKING:
    from workers.vendors.room import VendorRoom

ArgumentsT = TypeVar("ArgumentsT", bound="Arguments")
ResultT = TypeVar("ResultT")

# No shop has sold before, and no figure is asked for after; counting in days and weeks is safe in between.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


class Arguments(BaseModel):
    """What a task takes; an unknown key is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(slots=True)
class VendorCalls:
    """How many requests to vendors an attempt has made."""

    number: int = 0

    def count(self) -> None:
        """One more."""
        self.number += 1


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a running job has: its row, its tenant's units of work, the process's wiring.

    Each unit of work holds the job's lease: once the lease is lost or the job is cancelled, opening
    one raises `StopWork`, and nothing more can be written.
    """

    job: Job
    wiring: Wiring
    open_unit_of_work: OpenUnitOfWork
    progress: Progress
    vendor_calls: VendorCalls
    _begun: float = field(default_factory=time.monotonic)

    @property
    def tenant_id(self) -> UUID:
        """Whose job it is."""
        return self.job.tenant_id

    @property
    def vendor_room(self) -> "VendorRoom":
        """What the tenant's connectors are built from; calls are counted on the job."""
        count = self.vendor_calls.count
        return self.wiring.vendor_room(
            self.tenant_id, self.open_unit_of_work, count, self.now, self.job.id
        )

    def check(self) -> None:
        """Raises `StopWork` if the job is to go no further; costs nothing, call it in long loops."""
        self.progress.check()

    def now(self) -> datetime:
        """The present instant in UTC, by PostgreSQL's clock: the job's start, and the time since then."""
        started = self.job.started_at or self.wiring.clock.now()
        return started + timedelta(seconds=time.monotonic() - self._begun)

    def yesterday(self) -> date:
        """The last whole day in the tenant's own time zone."""
        with self.open_unit_of_work() as work:
            zone_name = work.tenant.timezone
        check_timezone(zone_name)
        return self.now().astimezone(ZoneInfo(zone_name)).date() - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TaskDefinition(Generic[ArgumentsT, ResultT]):
    """A task as it was declared."""

    name: str
    queue: Queue
    arguments: type[ArgumentsT]
    result: type[ResultT]
    # Built once: it costs more than the rest of a small job.
    adapter: TypeAdapter[ResultT] = field(repr=False)
    deadline_s: int
    max_attempts: int
    backoff: Backoff
    vendor_argument: str | None
    function: Callable[[JobContext, ArgumentsT], ResultT] = field(repr=False)

    @property
    def description(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    def arguments_schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        return self.arguments.model_json_schema()

    def result_schema(self) -> dict[str, Any]:
        """JSON Schema of the result."""
        return self.adapter.json_schema()

    def dump(self, result: ResultT) -> dict[str, Any]:
        """The result as JSON."""
        dumped: dict[str, Any] = self.adapter.dump_python(result, mode="json")
        return dumped

    def parse(self, arguments: dict[str, object]) -> ArgumentsT:
        """The checked arguments; raises `InvalidInput` naming the field and the fix."""
        try:
            return self.arguments.model_validate(arguments)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field_name = ".".join(str(part) for part in first["loc"]) or "arguments"
            raise InvalidInput(
                f"{field_name}: {self._explain(first['type'], first['msg'])}"
            ) from None

    def _explain(self, kind: str, message: str) -> str:
        if kind == "extra_forbidden":
            taken = ", ".join(self.arguments.model_fields) or "none"
            return f"task {self.name} takes no such argument; it takes {taken}"
        if kind in {"greater_than_equal", "less_than_equal"} and " 2" in message:
            return f"must lie between {FIRST_DAY} and {LAST_DAY}"
        if kind.startswith("date"):
            return "is not a date; write YYYY-MM-DD"
        return f"{message} (task {self.name})"


TASKS: dict[str, TaskDefinition[Any, Any]] = {}
