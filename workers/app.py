"""The Celery application: PostgreSQL is the truth about jobs, Celery only executes them."""

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown

from schedules.beat import beat_schedule
from shared.config import Settings
from shared.observability.logging import configure_logging
from shared.security.redaction import redact
from workers.queues import EXCHANGE, KOMBU_QUEUES, Queue
from workers.wiring import close_wiring, open_wiring

TASK_MODULES = (
    "tasks.sales",
    "tasks.forecasts",
    "tasks.working_capital",
    "tasks.tenants",
    "tasks.usage",
    "tasks.credentials",
)
# No task may run longer; the broker hands a message on after the visibility timeout, so it is above.
HARD_TIME_LIMIT_S = 3600
VISIBILITY_TIMEOUT_S = 2 * HARD_TIME_LIMIT_S


def build_app(settings: Settings) -> Celery:
    """The application with its queues, ticks and tasks; raises nothing about a missing broker yet."""
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
        task_send_sent_event=True,
        worker_send_task_events=True,
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=500,
        worker_max_memory_per_child=1_500_000,
        worker_soft_shutdown_timeout=10.0,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
        },
        beat_schedule=beat_schedule(),
        timezone="UTC",
        imports=TASK_MODULES,
    )
    return app


app = build_app(Settings.read())


@setup_logging.connect
def _log(**_: object) -> None:
    """Celery's own lines go where ours go, without secrets."""
    configure_logging(redact)


@worker_process_init.connect
def _open(**_: object) -> None:
    open_wiring()


@worker_process_shutdown.connect
def _close(**_: object) -> None:
    close_wiring()
