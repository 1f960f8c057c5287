"""How commands open one tenant by its slug."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.tenant import Tenant
from shared.persistence.database import Connection
from shared.persistence.unit_of_work import tenant_transaction
from workers.platform import open_platform
from workers.wiring import Wiring


@contextmanager
def open_tenant(slug: str) -> Iterator[tuple[Wiring, Tenant]]:
    """The wiring and the tenant; raises `InvalidInput` where there is none of the name."""
    with open_platform() as wiring:
        yield wiring, wiring.registry().find(slug)


@contextmanager
def read_tenant(slug: str) -> Iterator[tuple[Wiring, Connection]]:
    """The wiring and a transaction bound to the tenant; raises as `open_tenant`."""
    with (
        open_tenant(slug) as (wiring, found),
        tenant_transaction(wiring.database, found.id) as connection,
    ):
        yield wiring, connection
