"""What jobs may be asked for, and which nights have been planned."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from shared.persistence.tables.columns import key, made_at, optional, required
from shared.persistence.tables.kinds import INSTANT, PUBLIC

task_contracts = Table(
    "task_contracts",
    PUBLIC,
    key("name", String(100), "the task, as in sales.pull"),
    required("queue", String(50), "class of work: interactive, sync, forecast or maintenance"),
    required("arguments_schema", JSONB, "JSON Schema of the arguments"),
    required("result_schema", JSONB, "JSON Schema of the result"),
    required("max_attempts", Integer, "attempts that a job has"),
    required("deadline_s", Integer, "seconds that an attempt may take"),
    optional(
        "vendor_argument",
        String(50),
        (
            "the argument that names the vendor that it calls, as in shopify_uk; NULL where it "
            "calls none"
        ),
    ),
    required("description", Text, "one sentence for people", default=text("''::text")),
    CheckConstraint("deadline_s >= 1", name="task_contracts_deadline_s_check"),
    CheckConstraint("max_attempts >= 1", name="task_contracts_max_attempts_check"),
    comment=(
        "tasks that jobs may name, with what each takes and returns; written by every "
        "migrate from the code"
    ),
)

schedule_runs = Table(
    "schedule_runs",
    PUBLIC,
    key(
        "tenant_id",
        Uuid,
        "the tenant whose night it is",
        ForeignKey("public.tenants.id", ondelete="CASCADE"),
    ),
    key("schedule", String(100), "name of the schedule"),
    key("tick_at", INSTANT, "instant at which it was due, UTC"),
    optional(
        "job_id",
        Uuid,
        "the job that it made; NULL once that is gone",
        ForeignKey("public.jobs.id", ondelete="SET NULL"),
    ),
    made_at("when it was decided, UTC"),
    CheckConstraint(
        "public.is_of_our_time(tick_at)",
        name="schedule_runs_instants_of_our_time",
        postgresql_not_valid=True,
    ),
    Index("idx_schedule_runs_job", "job_id", postgresql_where=text("job_id IS NOT NULL")),
    Index("idx_schedule_runs_tick", "tick_at"),
    comment="ticks of nightly schedules that have been decided, so that none makes two jobs",
)
