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
    KombuQueue(queue.value, EXCHANGE, routing_key=queue.value, durable=True) for queue in Queue
)
