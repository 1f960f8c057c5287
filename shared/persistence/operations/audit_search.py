"""The statement of `capliquify audit`: only the conditions that are asked for stand in it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select

from shared.persistence.tables.public.records import audit_logs
from shared.persistence.tables.public.tenants import tenants

ENTRY, TENANT = audit_logs.c, tenants.c
# Who it says it was, and the user who it was.
_claimed = ENTRY.metadata["actor"].astext
_user = cast(ENTRY.user_id, Text)


def entries_matching(
    *,
    tenant: str | None,
    action: str | None,
    actor: str | None,
    severity: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> Select[*tuple[Any, ...]]:
    """Entries that match all that is given, the newest first, at most `limit`; None lets everything pass."""
    shown = (
        ENTRY.created_at,
        TENANT.slug.label("tenant"),
        ENTRY.tenant_id,
        ENTRY.action,
        ENTRY.resource_type,
        ENTRY.severity,
        func.coalesce(_claimed, _user, "").label("actor"),
        ENTRY.login,
        ENTRY.changes,
        ENTRY.success,
        ENTRY.error_message,
    )
    statement = select(*shown).select_from(
        audit_logs.outerjoin(tenants, TENANT.id == ENTRY.tenant_id)
    )
    conditions = [*_about(tenant, action), *_by(actor)]
    if severity is not None:
        conditions.append(ENTRY.severity >= severity)
    if since is not None:
        conditions.append(ENTRY.created_at >= since)
    if until is not None:
        conditions.append(ENTRY.created_at < until)
    return statement.where(*conditions).order_by(ENTRY.created_at.desc(), ENTRY.id).limit(limit)


def _about(tenant: str | None, action: str | None) -> Iterator[ColumnElement[bool]]:
    if tenant is not None:
        yield or_(TENANT.slug == tenant, cast(ENTRY.tenant_id, Text) == tenant)
    if action is not None and action.endswith("*"):
        yield ENTRY.action.startswith(action[:-1], autoescape=True)
    elif action is not None:
        yield ENTRY.action == action


def _by(actor: str | None) -> Iterator[ColumnElement[bool]]:
    if actor is not None:
        yield or_(_claimed == actor, _user == actor)
