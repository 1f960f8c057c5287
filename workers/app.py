"""The Celery application: PostgreSQL is the truth about jobs, Celery only executes them."""

from celery import Celery

from schedules.beat import beat_schedule
from workers import signals as signals  # noqa: PLC0414 - connects its handlers
from workers.messages import read_carefully
from workers.queues import EXCHANGE, KOMBU_QUEUES, Queue
from workers.settings import Settings

TASK_MODULES = (
    "tasks.services",
    "tasks.sales",
    "tasks.books",
    "tasks.forecasts",
    "tasks.working_capital",
    "tasks.tenants",
    "tasks.usage",
    "tasks.credentials",
    "tasks.maintenance",
    "tasks.rates",
    "tasks.webhooks",
)
# No task may run longer. The broker hands a message on after the visibility timeout: far above, since
# only PostgreSQL runs a job again.
HARD_TIME_LIMIT_S = 3600
VISIBILITY_TIMEOUT_S = 4 * HARD_TIME_LIMIT_S


def build_app(settings: Settings) -> Celery:
    """The application with its queues, ticks and tasks; raises nothing about a missing broker yet."""
    read_carefully()
    broker = settings.broker_url or settings.redis_url
    app = Celery("capliquify", broker=broker.get_secret_value() if broker else None)
    app.conf.update(
        task_queues=KOMBU_QUEUES,
        task_default_queue=Queue.INTERACTIVE.value,
        task_default_exchange=EXCHANGE.name,
        task_default_routing_key=Queue.INTERACTIVE.value,
        # Only PostgreSQL reruns a job: Celery's own redelivery stays off.
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_time_limit=HARD_TIME_LIMIT_S,
        # The ledger knows what was sent.
        task_send_sent_event=False,
        worker_send_task_events=True,
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=10_000,
        worker_max_memory_per_child=1_500_000,
        worker_soft_shutdown_timeout=settings.soft_shutdown_s,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_detect_quorum_queues=True,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 15,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
        },
        beat_schedule=beat_schedule(),
        timezone="UTC",
        imports=TASK_MODULES,
    )
    return app


app = build_app(Settings.read())
