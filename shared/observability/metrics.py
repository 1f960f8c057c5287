"""What is counted for Prometheus; labels are bounded: task names and outcomes, never tenants."""

from prometheus_client import Counter, Histogram

ATTEMPTS = Counter(
    "capliquify_attempts_total", "Attempts of jobs that ended, by outcome", ["task", "outcome"]
)
RUNTIME = Histogram(
    "celery_task_runtime_seconds",
    "How long an attempt ran",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800),
)
VENDOR_CALLS = Counter(
    "capliquify_vendor_calls_total", "Requests to vendors, by answer", ["vendor", "status"]
)
MESSAGES_DROPPED = Counter(
    "capliquify_messages_dropped_total", "Messages of the broker that could not be read"
)


def observe_attempt(task: str, outcome: str, runtime_s: float) -> None:
    """Counts an attempt that ended."""
    ATTEMPTS.labels(task, outcome).inc()
    RUNTIME.labels(task).observe(runtime_s)
