"""The queues, a class of work each, so that slow work never waits before quick work."""

from enum import StrEnum

from kombu.entity import Exchange
from kombu.entity import Queue as KombuQueue


class Queue(StrEnum):
    """A class of work."""

    INTERACTIVE = "interactive"
    SYNC = "sync"
    FORECAST = "forecast"
    MAINTENANCE = "maintenance"


EXCHANGE = Exchange("capliquify", type="direct", durable=True)

KOMBU_QUEUES = tuple(
    # RabbitMQ keeps a quorum queue through the loss of a node, and must not take a message back from a job
    # that runs for long. Redis does not read the arguments.
    KombuQueue(
        queue.value,
        EXCHANGE,
        routing_key=queue.value,
        durable=True,
        queue_arguments={"x-queue-type": "quorum", "x-consumer-timeout": 4 * 3600 * 1000},
    )
    for queue in Queue
)
