"""The running system: Celery application, typed tasks, wiring and the command line."""

import os

# Celery reads it once, when it is loaded, which importing a task does: SIGTERM then hands unfinished
# work back within the soft shutdown's time.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
