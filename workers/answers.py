"""Every answer of `capliquify status`, by the name that `--json` gives it."""

from typing import Any

import redis

from shared.http.limits import Budget, read_budgets
from shared.persistence.operations import read_operations
from shared.persistence.registry import tenant_slugs
from shared.persistence.troubles import read_near_quota, read_reconnects, read_set_aside
from workers.nights import read_nights, read_scans
from workers.wiring import Wiring

Rows = list[dict[str, Any]]
BROKER_TIMEOUT_S = 5


def read_answers(wiring: Wiring, limit: int) -> dict[str, Rows]:
    """The rows that answer each question, `limit` of each at most."""
    return {
        **read_operations(wiring.admin, limit),
        "reconnect": read_reconnects(wiring.admin, wiring.database, limit),
        "set_aside": read_set_aside(wiring.admin, wiring.database, limit),
        "near_quota": read_near_quota(wiring.admin, limit),
        "budgets": _read_budgets(wiring, limit),
        "scans": read_scans(wiring),
        "nights": read_nights(wiring),
    }


def _read_budgets(wiring: Wiring, limit: int) -> Rows:
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
            budgets = read_budgets(client, limit)
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
