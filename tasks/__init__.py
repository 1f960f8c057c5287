"""The Celery tasks, thin, one file a family; each calls one use case."""
