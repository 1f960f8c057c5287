"""The tables of a tenant's schema, the same for every tenant, by room."""

from shared.persistence.tables.kinds import TENANT
from shared.persistence.tables.tenant import (
    books,
    forecasts,
    people,
    products,
    sales,
    stock,
    syncing,
    working_capital,
)

# In the order in which a reader wants them.
ROOMS = (
    products,
    sales,
    stock,
    forecasts,
    working_capital,
    books,
    syncing,
    people,
)
METADATA = TENANT
