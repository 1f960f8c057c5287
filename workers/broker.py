"""The way to the workers: one message a job, sent over one connection that is kept."""

import re
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from shared.errors import RetryLater
from shared.persistence.jobs.dispatching import Delivery

SERVICE = re.compile(r"[a-z0-9_]{1,50}")


def shown_name(delivery: Delivery) -> str:
    """Whose job it is and of which service: without blanks, since blanks end it."""
    # Arguments are anybody's text: only what looks like a service's name is shown.
    service = delivery.service or ""
    return delivery.tenant_slug + (f"/{service}" if SERVICE.fullmatch(service) else "")


class BrokerAway(RetryLater):
    """The broker takes no message for now."""


class Broker:
    """Sends deliveries. Not for use by several threads."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._producer: Any = None
        connection = app.connection_for_write()
        self._errors: tuple[type[Exception], ...] = (
            OperationalError,
            OSError,
            *connection.connection_errors,
            *connection.channel_errors,
        )

    def send(self, queue: str, delivery: Delivery) -> None:
        """Sends one message; raises `BrokerAway` when the broker did not take it."""
        lease = delivery.lease
        try:
            if self._producer is None:
                self._producer = self._app.amqp.Producer(self._app.connection_for_write())
            self._app.send_task(
                delivery.name,
                args=[str(lease.tenant_id), str(lease.job_id), lease.number],
                task_id=str(lease.job_id),
                queue=queue,
                # What Flower shows in the place of the arguments.
                argsrepr=f"{shown_name(delivery)} job={lease.job_id} delivery={lease.number}",
                producer=self._producer,
                retry=False,
                ignore_result=True,
            )
        except Exception as error:
            self.close()
            if not isinstance(error, self._errors):
                raise
            raise BrokerAway(f"broker: took no message: {type(error).__name__}") from None

    def close(self) -> None:
        """Closes the connection; the next message opens another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            connection = producer.connection
            if connection is not None:
                connection.collect()
