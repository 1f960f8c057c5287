"""Messages that mean harm: whoever can write to the broker must not stop a worker.

A message carries the number of a delivery and nothing else that is believed: which task runs, for how long and
for whom stands on the ledger. One that cannot be read is dropped and counted; the ledger sends its job again.
"""

from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.control import Panel
from celery.worker.strategy import default
from kombu import transport
from kombu.transport import redis

from shared.observability.metrics import MESSAGES_DROPPED

log = structlog.get_logger(__name__)

# What the library raises over text that is no message of its own. Errors of the connection are none of these.
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
# What Flower reads. No command of a stranger's changes a worker.
READ_ONLY_COMMANDS = frozenset(
    {
        "ping",
        "heartbeat",
        "stats",
        "active",
        "reserved",
        "scheduled",
        "registered",
        "revoked",
        "active_queues",
        "conf",
    }
)


class Channel(redis.Channel):
    """The library's channel, which a message of no message's shape does not end."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except UNREADABLE as error:
            # It is off the queue already.
            _drop(error)
            return True


class Transport(redis.Transport):
    """Redis and Valkey."""

    Channel = Channel


def read_carefully() -> None:
    """From now on this process reads messages of Redis through this transport."""
    for scheme in ("redis", "rediss"):
        transport.TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"


def limit_remote_control() -> None:
    """Leaves of Celery's remote control what Flower reads."""
    for commands in (Panel.data, Panel.meta):
        for name in set(commands) - READ_ONLY_COMMANDS:
            del commands[name]


def careful_strategy(task: Any, app: Any, consumer: Any, **options: Any) -> Callable[..., Any]:
    """Celery's own way from a message to a request, from which no message can throw the worker."""
    handle = default(task, app, consumer, **options)

    def handle_message(
        message: Any, body: Any, ack: Any, reject: Any, callbacks: Any, **more: Any
    ) -> Any:
        try:
            return handle(message, body, ack, reject, callbacks, **more)
        except UNREADABLE as error:
            _drop(error)
            reject(log, consumer.connection_errors)
            return None

    return handle_message


def _drop(error: Exception) -> None:
    MESSAGES_DROPPED.inc()
    log.error("message_unreadable", fix="see who writes to the broker", exc_info=error)
