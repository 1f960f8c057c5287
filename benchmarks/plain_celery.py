"""The peer of the job benchmarks: plain Celery, one queue, results kept on the same broker.

Its settings are those of the worker under test, but for what makes the difference: no ledger, no
dispatcher, and a result backend instead.
"""

import os
import time

from celery import Celery

app = Celery("plain", broker=os.environ["PLAIN_URL"], backend=os.environ["PLAIN_URL"])
app.conf.update(
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_send_task_events=True,
    task_serializer="json",
    worker_hijack_root_logger=False,
    task_default_queue="plain",
    broker_transport_options={"visibility_timeout": 14_400},
)


@app.task(name="plain.idle")
def idle(milliseconds: float) -> dict[str, bool]:
    """The same task as ours."""
    if milliseconds:
        time.sleep(milliseconds / 1000)
    return {"done": True}
