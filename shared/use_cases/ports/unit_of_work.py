"""One transaction of one tenant, and all that it reaches."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from shared.domain.tenant import Tenant
from shared.use_cases.ports.audit import AuditLog
from shared.use_cases.ports.books import AccountBooks
from shared.use_cases.ports.companies import Companies
from shared.use_cases.ports.credentials import Credentials
from shared.use_cases.ports.events import Events
from shared.use_cases.ports.forecasts import (
    ForecastAccuracies,
    ForecastModels,
    Forecasts,
    ForecastTotals,
)
from shared.use_cases.ports.planned_events import PlannedEvents
from shared.use_cases.ports.products import Products
from shared.use_cases.ports.sales import Fees, Sales
from shared.use_cases.ports.streams import Accounts, Cursors, Rejections
from shared.use_cases.ports.usage import UsageMeters
from shared.use_cases.ports.webhooks import Webhooks
from shared.use_cases.ports.working_capital import WorkingCapitals


class UnitOfWork(Protocol):
    """One transaction of one tenant: all of it is kept, or nothing."""

    @property
    def tenant(self) -> Tenant: ...
    @property
    def companies(self) -> Companies: ...
    @property
    def products(self) -> Products: ...
    @property
    def sales(self) -> Sales: ...
    @property
    def fees(self) -> Fees: ...
    @property
    def books(self) -> AccountBooks: ...
    @property
    def forecasts(self) -> Forecasts: ...
    @property
    def planned_events(self) -> PlannedEvents: ...
    @property
    def forecast_totals(self) -> ForecastTotals: ...
    @property
    def forecast_models(self) -> ForecastModels: ...
    @property
    def forecast_accuracy(self) -> ForecastAccuracies: ...
    @property
    def working_capital(self) -> WorkingCapitals: ...
    @property
    def credentials(self) -> Credentials: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def rejections(self) -> Rejections: ...
    @property
    def usage(self) -> UsageMeters: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def events(self) -> Events: ...
    @property
    def webhooks(self) -> Webhooks: ...


OpenUnitOfWork = Callable[[], AbstractContextManager[UnitOfWork]]
