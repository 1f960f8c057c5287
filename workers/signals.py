"""What the worker's processes do when they begin and end: open their wiring, sign in and out."""

import gc
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from celery.signals import (
    setup_logging,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)

from shared.errors import CapLiquifyError
from shared.observability.exporter import is_counting_for_all, serve_metrics
from shared.observability.logging import configure_logging
from shared.security.redaction import redact
from workers.messages import limit_remote_control
from workers.presence import Name, own_instance
from workers.scratch import begin_scratch, end_scratch
from workers.wiring import close_wiring, current_wiring, open_wiring

log = structlog.get_logger(__name__)

Said = TypeVar("Said")


@setup_logging.connect
def _log(**_: object) -> None:
    """Celery's own lines go where ours go, without secrets."""
    configure_logging(redact)
    # Each job says itself how it went; Celery's two lines on each would say it again.
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)


@worker_init.connect
def _listen_to_readers_only(**_: object) -> None:
    limit_remote_control()


@worker_process_init.connect
def _open(**_: object) -> None:
    begin_scratch()
    open_wiring()
    # What is loaded by now stays: else the collector looks through it again and again while records come in.
    gc.freeze()


@worker_process_shutdown.connect
def _close(**_: object) -> None:
    close_wiring()
    end_scratch()


class Presence:
    """Reports to the ledger that this worker lives: what it takes and how many jobs at once."""

    def __init__(self, name: str, queues: list[str], concurrency: int) -> None:
        self._name, self._queues, self._concurrency = name, queues, concurrency
        self._instance = own_instance()
        self._taken = Name(name)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="presence", daemon=True)

    def begin(self) -> None:
        """Signs in, and again with every heartbeat."""
        self._thread.start()

    def end(self) -> None:
        """Signs out: nothing more is to be sent for this worker's sake."""
        self._stopping.set()

    def _beat(self) -> None:
        wiring = current_wiring()
        stopping = False
        while not stopping:
            signed = self._say(
                wiring.leases.sign_in, self._name, self._queues, self._concurrency, self._instance
            )
            if self._taken.is_taken(signed is not False):
                os.kill(os.getpid(), signal.SIGTERM)
            stopping = self._stopping.wait(wiring.settings.heartbeat_s)
        self._say(wiring.leases.sign_out, self._name, self._instance)

    def _say(self, say: Callable[..., Said], *what: object) -> Said | None:
        try:
            return say(*what)
        except CapLiquifyError as error:
            log.warning("presence_not_reported", reason=error.message)
        except Exception:
            # This thread must outlive whatever it meets: without it nothing is sent to this worker.
            log.exception("presence_not_reported")
        return None


_presences: list[Presence] = []


@worker_ready.connect
def _sign_in(sender: Any, **_: object) -> None:
    queues = list(sender.app.amqp.queues.consume_from)
    presence = Presence(sender.hostname, queues, sender.controller.concurrency)
    _presences.append(presence)
    presence.begin()
    port = current_wiring().settings.metrics_port
    if port is not None and is_counting_for_all():
        serve_metrics(port)


@worker_shutting_down.connect
def _sign_out(**_: object) -> None:
    while _presences:
        _presences.pop().end()
