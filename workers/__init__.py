"""The running system: Celery application, typed tasks, wiring and the command line."""
