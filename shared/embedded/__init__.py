"""PostgreSQL and Valkey that the product starts itself when no server address is given."""

from shared.embedded.binaries import PostgresqlBinaries, postgresql_binaries
from shared.embedded.guarded import Guarded
from shared.embedded.services import EmbeddedServices, running_services
from shared.embedded.urls import ServiceStatus, ServiceUrls

__all__ = [
    "EmbeddedServices",
    "Guarded",
    "PostgresqlBinaries",
    "ServiceStatus",
    "ServiceUrls",
    "postgresql_binaries",
    "running_services",
]
