"""Two lines of migrations: `public`, run by Alembic, and `tenant`, compiled to SQL and run by a plain runner."""
