"""One unit of work: one transaction of one tenant, with its repositories."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg.errors import InsufficientPrivilege, InvalidParameterValue

from shared.domain.tenant import Tenant
from shared.errors import TenantMissing
from shared.persistence.database import Connection, Database
from shared.persistence.repositories.audit import AuditRepository
from shared.persistence.repositories.companies import CompanyRepository
from shared.persistence.repositories.credentials import CredentialRepository
from shared.persistence.repositories.forecasts import ForecastRepository
from shared.persistence.repositories.products import ProductRepository
from shared.persistence.repositories.sales import SaleRepository
from shared.persistence.repositories.syncing import CursorRepository, RejectionRepository
from shared.persistence.repositories.usage import UsageRepository
from shared.persistence.repositories.working_capital import WorkingCapitalRepository
from shared.persistence.tenancy import bind_tenant, read_tenant
from shared.use_cases import ports


class TenantUnitOfWork:
    """All that a use case may touch of one tenant, inside one transaction."""

    def __init__(
        self, connection: Connection, tenant: Tenant, job_id: UUID | None, actor: str
    ) -> None:
        self.tenant = tenant
        self.companies: ports.Companies = CompanyRepository(connection)
        self.products: ports.Products = ProductRepository(connection)
        self.sales: ports.Sales = SaleRepository(connection)
        self.forecasts: ports.Forecasts = ForecastRepository(connection)
        self.working_capital: ports.WorkingCapitals = WorkingCapitalRepository(connection)
        self.credentials: ports.Credentials = CredentialRepository(connection)
        self.cursors: ports.Cursors = CursorRepository(connection)
        self.rejections: ports.Rejections = RejectionRepository(connection)
        audit = AuditRepository(connection, tenant.id, actor)
        self.audit: ports.AuditLog = audit
        self.usage: ports.UsageMeters = UsageRepository(connection, tenant.id, job_id, audit)


def unit_of_work_opener(
    database: Database, tenant_id: UUID, *, job_id: UUID | None = None, actor: str = "system"
) -> ports.OpenUnitOfWork:
    """Opens units of work of this tenant and no other, for one job or operator."""

    prologue = bind_tenant(tenant_id, actor)
    known: list[Tenant] = []

    @contextmanager
    def open_unit_of_work() -> Iterator[ports.UnitOfWork]:
        with _binding(tenant_id), database.transaction(prologue) as connection:
            # Tier and status are read once a job: a unit of work stays as cheap as its own statements.
            if not known:
                known.append(read_tenant(connection, tenant_id))
            yield TenantUnitOfWork(connection, known[0], job_id, actor)

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
