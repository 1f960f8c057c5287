"""All ticks of the clock, on one screen. A tick starts a scan; a scan makes jobs, a tenant each."""

from dataclasses import dataclass

from celery.schedules import crontab


@dataclass(frozen=True, slots=True)
class Tick:
    """When a scan starts, and after how many seconds a late one is not worth starting."""

    scan: str
    when: crontab
    expires_s: int


TICKS = {
    # Nightly jobs of each tenant in its own time zone: schedules/nightly.py.
    "nightly jobs": Tick("schedules.materialise", crontab(minute="*/5"), expires_s=290),
    "purge due tenants": Tick(
        "tenants.purge_due", crontab(hour="3", minute="40"), expires_s=40_000
    ),
    "retire old jobs": Tick("jobs.retire", crontab(hour="4", minute="20"), expires_s=40_000),
}


def beat_schedule() -> dict[str, dict[str, object]]:
    """The ticks as Celery beat takes them."""
    return {
        name: {"task": tick.scan, "schedule": tick.when, "options": {"expires": tick.expires_s}}
        for name, tick in TICKS.items()
    }
