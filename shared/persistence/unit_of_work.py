"""One unit of work: one transaction of one tenant, with its repositories."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from psycopg import DatabaseError, sql
from psycopg.errors import InsufficientPrivilege, InvalidParameterValue

from shared.domain.events import React
from shared.domain.job import Lease
from shared.domain.tenant import Tenant
from shared.errors import JobCancelled, LeaseLost, TenantMissing
from shared.persistence.binding import bind_tenant
from shared.persistence.database import Connection, Database
from shared.persistence.repositories.audit import AuditRepository
from shared.persistence.repositories.books import BookRepository
from shared.persistence.repositories.companies import CompanyRepository
from shared.persistence.repositories.credentials import CredentialRepository
from shared.persistence.repositories.events import EventPublisher
from shared.persistence.repositories.fees import FeeRepository
from shared.persistence.repositories.forecast_accuracy import ForecastAccuracyRepository
from shared.persistence.repositories.forecast_models import ForecastModelRepository
from shared.persistence.repositories.forecast_totals import ForecastTotalRepository
from shared.persistence.repositories.forecasts import ForecastRepository
from shared.persistence.repositories.planned_events import PlannedEventRepository
from shared.persistence.repositories.products import ProductRepository
from shared.persistence.repositories.sales import SaleRepository
from shared.persistence.repositories.syncing import CursorRepository, RejectionRepository
from shared.persistence.repositories.usage import UsageRepository
from shared.persistence.repositories.vendor_accounts import VendorAccountRepository
from shared.persistence.repositories.webhooks import WebhookRepository
from shared.persistence.repositories.working_capital import WorkingCapitalRepository
from shared.persistence.tenants.tenancy import read_tenant
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork

RepositoryT = TypeVar("RepositoryT")
# What `hold_lease` raises.
LEASE_LOST, JOB_CANCELLED = "CL001", "CL002"


@dataclass(frozen=True, slots=True)
class Fence:
    """The lease that each unit of work of a job must hold; one that idles for `lease_s` is ended by the server."""

    lease: Lease
    lease_s: float

    def guard(self, prologue: sql.Composable) -> sql.Composable:
        """The prologue with the lease held from there to the commit."""
        held = sql.SQL(
            "{prologue}; SET LOCAL idle_in_transaction_session_timeout = {idle_ms}; "
            "SET LOCAL tcp_user_timeout = {idle_ms}; "
            "SELECT public.hold_lease({job}, {lease})"
        )
        return held.format(
            prologue=prologue,
            # The reaper cannot take a job whose transaction is open: a frozen worker must not keep one,
            # neither between two statements nor in the middle of a result that it does not read.
            idle_ms=sql.Literal(int(self.lease_s * 1000)),
            job=sql.Literal(str(self.lease.job_id)),
            lease=sql.Literal(self.lease.number),
        )


def _repository(build: Callable[[Connection], RepositoryT]) -> cached_property[RepositoryT]:
    """A repository that is built when it is first used."""

    def on_first_use(work: "TenantUnitOfWork") -> RepositoryT:
        return build(work.connection)

    return cached_property(on_first_use)


class TenantUnitOfWork:
    """All that a use case may touch of one tenant, inside one transaction."""

    companies = _repository(CompanyRepository)
    products = _repository(ProductRepository)
    sales = _repository(SaleRepository)
    books = _repository(BookRepository)
    fees = _repository(FeeRepository)
    forecasts = _repository(ForecastRepository)
    planned_events = _repository(PlannedEventRepository)
    forecast_totals = _repository(ForecastTotalRepository)
    forecast_models = _repository(ForecastModelRepository)
    forecast_accuracy = _repository(ForecastAccuracyRepository)
    working_capital = _repository(WorkingCapitalRepository)
    credentials = _repository(CredentialRepository)
    accounts = _repository(VendorAccountRepository)
    cursors = _repository(CursorRepository)
    rejections = _repository(RejectionRepository)
    webhooks = _repository(WebhookRepository)

    def __init__(
        self, connection: Connection, tenant: Tenant, job_id: UUID | None, actor: str, react: React
    ) -> None:
        self.connection = connection
        self.tenant = tenant
        self._job_id = job_id
        self._actor = actor
        self._react = react

    @cached_property
    def audit(self) -> AuditRepository:
        """The audit log, under the name of who works here."""
        return AuditRepository(self.connection, self.tenant.id, self._actor)

    @cached_property
    def events(self) -> EventPublisher:
        """What happened: the jobs that follow are children of the job that runs."""
        return EventPublisher(self.connection, self.tenant, self._job_id, self._react)

    @cached_property
    def usage(self) -> UsageRepository:
        """Usage, counted once a job where it must be."""
        return UsageRepository(self.connection, self.tenant.id, self._job_id)


def unit_of_work_opener(
    database: Database,
    tenant_id: UUID,
    *,
    react: React,
    fence: Fence | None = None,
    actor: str = "system",
) -> OpenUnitOfWork:
    """Opens units of work of this tenant and no other, for one job or operator.

    `react` says what follows from the events that are published on them.
    """

    prologue = bind_tenant(tenant_id, actor)
    if fence is not None:
        prologue = fence.guard(prologue)
    job_id = None if fence is None else fence.lease.job_id
    known: list[Tenant] = []

    @contextmanager
    def open_unit_of_work() -> Iterator[UnitOfWork]:
        with _binding(tenant_id), database.transaction(prologue) as connection:
            # Tier and status are read once a job: a unit of work stays as cheap as its own statements.
            if not known:
                known.append(read_tenant(connection, tenant_id))
            yield TenantUnitOfWork(connection, known[0], job_id, actor, react)

    return open_unit_of_work


@contextmanager
def tenant_transaction(database: Database, tenant_id: UUID) -> Iterator[Connection]:
    """A transaction inside a tenant for reading reports; as closed to every other tenant."""
    with _binding(tenant_id), database.transaction(bind_tenant(tenant_id)) as connection:
        yield connection


@contextmanager
def _binding(tenant_id: UUID) -> Iterator[None]:
    """A role that does not exist, or that this login may not become, is a tenant that is missing."""
    try:
        yield
    except (InvalidParameterValue, InsufficientPrivilege) as error:
        if "role" in (error.diag.message_primary or ""):
            raise TenantMissing(f"tenant: {tenant_id} is not a tenant") from None
        raise
    except DatabaseError as error:
        if error.sqlstate == LEASE_LOST:
            raise LeaseLost("job: its lease is lost") from None
        if error.sqlstate == JOB_CANCELLED:
            raise JobCancelled("job: is cancelled") from None
        raise
