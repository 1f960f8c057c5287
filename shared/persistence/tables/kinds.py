"""Kinds of columns and defaults that the tables share."""

from sqlalchemy import DateTime, MetaData, Numeric, String, make_url, text

# How types and statements are written: for PostgreSQL, as psycopg takes them.
DIALECT = make_url("postgresql+psycopg://").get_dialect()()

# Names as PostgreSQL itself gives them.
NAMES = {"pk": "%(table_name)s_pkey", "fk": "%(table_name)s_%(column_0_N_name)s_fkey"}

# Tables of all tenants together.
PUBLIC = MetaData(schema="public", naming_convention=NAMES)
# Tables of one tenant; they name no schema, the search path of a transaction does.
TENANT = MetaData(naming_convention=NAMES)

INSTANT = DateTime(timezone=True)
MONEY = Numeric(15, 2)
CURRENCY = String(3)
# A share of one: 0.2000 is 20 %.
FRACTION = Numeric(5, 4)
RATE = Numeric(18, 8)
DAYS = Numeric(10, 2)
RATIO = Numeric(10, 4)

# As PostgreSQL shows them, so that a comparison of texts is enough.
NEW_ID = text("gen_random_uuid()")
NOW = text("now()")
EMPTY_OBJECT = text("'{}'::jsonb")
ZERO = text("0")
TRUE = text("true")
FALSE = text("false")
EMPTY_TEXT = text("''::character varying")
