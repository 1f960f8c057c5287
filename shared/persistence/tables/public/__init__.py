"""The tables of the public schema, which all tenants share, by room."""

from shared.persistence.tables.kinds import PUBLIC
from shared.persistence.tables.public import accounts, jobs, operations, records, tasks, tenants

# In the order in which a reader wants them.
ROOMS = (
    tenants,
    accounts,
    records,
    tasks,
    jobs,
    operations,
)
METADATA = PUBLIC
