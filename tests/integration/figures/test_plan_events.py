"""Planned events of a tenant: kept, changed, taken back, and counted with by its forecasts alone."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shared.domain.planned_events import EventKind, PlannedEvent
from shared.errors import InvalidInput
from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.tenant_forecaster import TenantForecaster
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.generate_forecasts import generate_forecasts
from shared.use_cases.plan_events import plan_event, remove_event
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from tests.fixtures.figure_shop import DAY, stock
from tests.fixtures.forecasting import silent
from workers.wiring import Wiring

Opener = Callable[[UUID], OpenUnitOfWork]
MONDAY, FRIDAY = date(2026, 11, 2), date(2026, 11, 6)
WEEK = PlannedEvent(EventKind.PROMOTION, "MUG", MONDAY, FRIDAY, Decimal("0.2000"))


def kept(opener: OpenUnitOfWork) -> list[PlannedEvent]:
    with opener() as work:
        return list(work.planned_events.list(work.companies.get().id))


def test_an_event_is_planned_changed_and_taken_back_in_its_own_tenant(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, other = unit_of_work_of(acme), unit_of_work_of(globex)
    for each in (opener, other):
        stock(each)
    plan_event(opener, WEEK)
    closed = PlannedEvent(EventKind.CLOSED, None, FRIDAY, FRIDAY, note="stocktaking")
    plan_event(opener, closed)
    assert kept(opener) == [WEEK, closed]
    longer = PlannedEvent(EventKind.PROMOTION, "MUG", MONDAY, FRIDAY, Decimal("0.3000"))
    plan_event(opener, longer)
    assert kept(opener) == [longer, closed]
    assert kept(other) == []
    with pytest.raises(InvalidInput, match="no promotion event of MUG begins on 2026-11-02"):
        remove_event(other, EventKind.PROMOTION, "MUG", MONDAY)
    remove_event(opener, EventKind.PROMOTION, "MUG", MONDAY)
    assert kept(opener) == [closed]
    with wiring.admin.transaction() as connection:
        rows = connection.execute(
            "SELECT action FROM public.audit_logs WHERE tenant_id = %s AND resource_type = 'planned_event' "
            "ORDER BY created_at",
            (acme,),
        ).fetchall()
    assert [row["action"] for row in rows] == ["event.planned"] * 3 + ["event.removed"]


def test_an_unknown_sku_and_an_overlap_are_refused_and_nothing_is_kept(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    stock(opener)
    with pytest.raises(InvalidInput, match="sku: there is no product 'GONE'"):
        plan_event(opener, PlannedEvent(EventKind.LAUNCH, "GONE", MONDAY))
    with pytest.raises(InvalidInput, match="no launch event of GONE"):
        remove_event(opener, EventKind.LAUNCH, "GONE", MONDAY)
    plan_event(opener, WEEK)
    late = PlannedEvent(EventKind.PROMOTION, "MUG", FRIDAY, FRIDAY, Decimal("0.1"))
    with pytest.raises(InvalidInput, match="overlaps the promotion event from 2026-11-02"):
        plan_event(opener, late)
    assert kept(opener) == [WEEK]


def test_a_forecast_counts_with_the_plan_of_its_tenant_alone(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    model = TenantForecaster(PanelForecaster((SeasonalMean(),)))
    for tenant in (acme, globex):
        stock(unit_of_work_of(tenant))
    closed = PlannedEvent(EventKind.CLOSED, None, DAY + timedelta(days=1), DAY + timedelta(days=2))
    plan_event(unit_of_work_of(acme), closed)
    found = {}
    for tenant in (acme, globex):
        generate_forecasts(unit_of_work_of(tenant), model, silent, DAY, 3)
        with tenant_transaction(wiring.database, tenant) as connection:
            rows = connection.execute(
                "SELECT predicted_value > 0 AS sells FROM forecasts WHERE model_type = 'ensemble' "
                "AND product_id IS NOT NULL AND forecast_type = 'DEMAND' AND period_type = 'DAILY' "
                "ORDER BY forecast_date"
            ).fetchall()
        found[tenant] = [row["sells"] for row in rows]
    assert found == {acme: [False, False, True], globex: [True, True, True]}
