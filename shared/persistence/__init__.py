"""PostgreSQL: the pool, the unit of work of one tenant, its repositories and the migrations; all SQL lives here."""
