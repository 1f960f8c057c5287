"""Every answer of `capliquify status`, by the name that `--json` gives it."""

from typing import Any

import redis

from shared.http.limits import Budget, read_budgets
from shared.persistence.operations.all_tenants import read_operations
from shared.persistence.operations.troubles import read_near_quota, read_troubles
from shared.persistence.tenants.registry import tenant_slugs
from workers.nights import read_nights, read_scans
from workers.wiring import Wiring

Rows = list[dict[str, Any]]
BROKER_TIMEOUT_S = 5
# What is counted for a finding is not cut; what is shown is.
MOST = 10_000


def read_answers(wiring: Wiring) -> dict[str, Rows]:
    """The rows that answer each question, at most `MOST` of each."""
    answers = {
        **read_operations(wiring.admin, MOST),
        **read_troubles(wiring.admin, wiring.database),
        "near_quota": read_near_quota(wiring.admin),
        "budgets": _read_budgets(wiring),
        "scans": read_scans(wiring),
        "nights": read_nights(wiring),
    }
    return {name: rows[:MOST] for name, rows in answers.items()}


def _read_budgets(wiring: Wiring) -> Rows:
    """How much of each vendor's limit is used; nothing while Redis is away, which is a finding of its own."""
    url = wiring.settings.redis_url
    if url is None:
        return []
    try:
        with redis.Redis.from_url(
            url.get_secret_value(),
            socket_connect_timeout=BROKER_TIMEOUT_S,
            socket_timeout=BROKER_TIMEOUT_S,
        ) as client:
            budgets = read_budgets(client, MOST)
    except redis.RedisError:
        return []
    slugs = tenant_slugs(wiring.admin, {each.tenant_id for each in budgets})
    return [_as_row(each, slugs.get(each.tenant_id, "?")) for each in budgets]


def _as_row(budget: Budget, slug: str) -> dict[str, Any]:
    return {
        "tenant": slug,
        "account": budget.account,
        "used": round(budget.used, 1),
        "of": budget.maximum,
        "percent": round(100 * budget.used / budget.maximum),
        "full_in_s": round(budget.full_in_s),
    }
