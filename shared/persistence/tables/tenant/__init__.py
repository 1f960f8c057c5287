"""The tables of a tenant's schema, the same for every tenant, by room."""

from shared.persistence.tables.kinds import TENANT
from shared.persistence.tables.tenant import (
    books,
    forecasts,
    forecasts_ahead,
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
    forecasts_ahead,
    working_capital,
    books,
    syncing,
    people,
)
METADATA = TENANT
