"""One log for everything: JSON lines on standard error, or for a person's eyes on a terminal."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from shared.observability.plain_text import plain_value

Event = MutableMapping[str, Any]


def configure_logging(redact: Callable[[str], str], level: int = logging.INFO) -> None:
    """Sets up structlog and the standard library's logging for this process, `redact` last of all.

    The context (job, tenant, task, attempt) stands on each line, also on those of libraries.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _made_plain,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _redacting(redact, renderer),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Every request with its full address is not for a log.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _made_plain(_logger: Any, _method: str, event: Event) -> Event:
    """Texts of strangers do not reach a terminal raw."""
    return {
        name: each if name.startswith("_") else plain_value(each) for name, each in event.items()
    }


def _redacting(
    redact: Callable[[str], str], renderer: Callable[[Any, str, Event], str | bytes]
) -> Callable[[Any, str, Event], str]:
    """The rendered line without secrets: nothing is written past it, however deep it stood."""

    def process(logger: Any, method: str, event: Event) -> str:
        return redact(str(renderer(logger, method, event)))

    return process
