"""What Flower shows: a task by its name and whose it is, with the job's id beside it."""

from typing import Any

# Soonest at the top, with what identifies a job.
tasks_columns = "name,uuid,state,args,received,started,runtime,worker"
purge_offline_workers = 600
# Workers send events anyway, and take no command to.
enable_events = False
# Flower's own buttons would act behind the ledger's back.
read_only = True
state_save_interval = 30_000


def format_task(task: Any) -> Any:
    """`sales.pull · acme · shopify_uk`: the dispatcher wrote both at the head of the shown arguments."""
    head = str(task.args or "").strip("'\"").partition(" ")[0]
    if head and head not in {"()", "[]"}:
        task.name = " · ".join([str(task.name), *head.split("/")])
    return task
