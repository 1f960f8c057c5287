"""The beat that gives signs of life: a frozen one is seen, as a frozen worker is."""

import time
from typing import Any

import structlog

from schedules.beat import SteadyScheduler
from shared.errors import CapLiquifyError
from workers.presence import BEAT, Name, full_name, own_instance
from workers.wiring import current_wiring

log = structlog.get_logger(__name__)


class PresentScheduler(SteadyScheduler):
    """Celery's beat without a file, which signs in as workers do."""

    # Celery makes it and passes no option on: the command sets it. Without one it has a name of its own.
    given_name: str | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._name, self._instance = full_name("beat", self.given_name), own_instance()
        self._taken = Name(self._name)
        self._sign_at = 0.0
        super().__init__(*arguments, **options)

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Sends what is due; returns in how many seconds to look again."""
        heartbeat_s = current_wiring().settings.heartbeat_s
        if time.monotonic() >= self._sign_at:
            self._sign_at = time.monotonic() + heartbeat_s
            self._sign_in()
        return min(float(super().tick(*arguments, **options)), heartbeat_s)

    def close(self) -> None:
        """Signs out."""
        try:
            current_wiring().leases.sign_out(self._name, self._instance)
        except CapLiquifyError as error:
            log.warning("presence_not_reported", reason=error.message)
        super().close()

    def _sign_in(self) -> None:
        try:
            leases = current_wiring().leases
            self._taken.is_taken(leases.sign_in(self._name, [BEAT], 1, self._instance))
        except CapLiquifyError as error:
            log.warning("presence_not_reported", reason=error.message)
