"""What is to be done, what is being done and how it ended."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.persistence.tables.columns import changed_at, made_at, optional, required, row_id
from shared.persistence.tables.enums import JOB_STATE
from shared.persistence.tables.kinds import EMPTY_OBJECT, INSTANT, NOW, PUBLIC, ZERO

jobs = Table(
    "jobs",
    PUBLIC,
    row_id("the job"),
    required(
        "tenant_id",
        Uuid,
        "the tenant that it works for",
        ForeignKey("public.tenants.id", ondelete="CASCADE"),
    ),
    optional(
        "parent_id",
        Uuid,
        "the job from which it follows; NULL where it follows from none",
        ForeignKey("public.jobs.id", ondelete="SET NULL"),
    ),
    required(
        "name",
        String(100),
        "its task (task_contracts.name)",
        ForeignKey("public.task_contracts.name"),
    ),
    required(
        "arguments",
        JSONB,
        "what the task is given, a JSON object checked against the contract",
        default=EMPTY_OBJECT,
    ),
    required("queue", String(50), "class of work: interactive, sync, forecast or maintenance"),
    required(
        "priority",
        SmallInteger,
        "-100 to 100; a point is worth a minute of waiting, within the tenant only",
        default=ZERO,
    ),
    optional(
        "idempotency_key",
        String(255),
        "a second live job of the same tenant, task and key is not made; NULL: no such check",
    ),
    required(
        "state",
        JOB_STATE,
        "queued, dispatched, running; ended as succeeded, failed, cancelled or dead",
        default=text("'queued'::public.job_state"),
    ),
    required(
        "run_at",
        INSTANT,
        "not before this instant, UTC; of a job that waits again, its next try",
        default=NOW,
    ),
    required("attempt", Integer, "attempts begun that count; 0 before the first", default=ZERO),
    required(
        "max_attempts",
        Integer,
        "attempts that it has; when they are used up it is dead",
        default=text("1"),
    ),
    optional(
        "lease_expires_at",
        INSTANT,
        (
            "when the worker's lease runs out without a heartbeat, UTC; NULL unless dispatched "
            "or running"
        ),
    ),
    optional("progress_done", BigInteger, "how far the attempt has come, in units of the task"),
    optional(
        "progress_total",
        BigInteger,
        "how far it is to go, in the same units; NULL where that is not known",
    ),
    optional("progress_message", Text, "what it is at, for people"),
    required(
        "counted_meters",
        ARRAY(Text),
        "usage meters that this job has counted, so that a second run counts nothing",
        default=text("'{}'::text[]"),
    ),
    optional(
        "result", JSONB, "what the task returned, as the contract says; NULL until it succeeded"
    ),
    optional("error_class", String(100), "kind of the last error; NULL after a success"),
    optional(
        "error_message", Text, "last error in one line: what was wrong and the fix, without secrets"
    ),
    required(
        "requested_by",
        String(255),
        "who asked; schedule:, reaction: and webhook: are the system itself",
    ),
    made_at("when it was asked for, UTC"),
    optional("started_at", INSTANT, "when its last attempt began, UTC"),
    optional("finished_at", INSTANT, "when it ended, UTC; NULL while it lives"),
    changed_at(),
    required(
        "lease",
        Integer,
        "fencing token: the number of the delivery that may write; each dispatch adds one",
        default=ZERO,
    ),
    optional(
        "vendor",
        String(50),
        "vendor that it calls, as in shopify_uk, for caps by vendor; NULL where it calls none",
    ),
    required(
        "rank",
        INSTANT,
        (
            "run_at less a minute for each point of priority; the lowest goes first; infinity "
            "until run_at"
        ),
        default=NOW,
    ),
    optional("worker", String(255), "process that has or had its last attempt"),
    optional(
        "outcome",
        String(20),
        (
            "how its last attempt ended: succeeded, retried, snoozed, lost, handed_back, "
            "replayed, discarded, cancelled or dead"
        ),
    ),
    required(
        "snoozes", Integer, "how often it was put off, which uses up no attempt", default=ZERO
    ),
    required("vendor_calls", Integer, "requests to vendors, all attempts together", default=ZERO),
    required(
        "history",
        JSONB,
        "attempts that did not end the job, oldest first, the last fifty",
        default=text("'[]'::jsonb"),
    ),
    optional("dispatched_at", INSTANT, "when it was given to the broker, UTC"),
    optional(
        "cancel_requested_at", INSTANT, "when somebody asked it to stop, UTC; NULL where nobody did"
    ),
    optional("waits_for", String(100), "vendor, by region, whose answer a waiting job waits for"),
    optional("away_since", INSTANT, "since when the job has found its vendor away, UTC"),
    CheckConstraint("jsonb_typeof(arguments) = 'object'", name="jobs_arguments_check"),
    CheckConstraint("attempt >= 0", name="jobs_attempt_check"),
    CheckConstraint(
        "public.is_of_our_time(run_at)", name="jobs_instants_of_our_time", postgresql_not_valid=True
    ),
    CheckConstraint("max_attempts >= 1", name="jobs_max_attempts_check"),
    CheckConstraint("priority >= -100 AND priority <= 100", name="jobs_priority_range"),
    Index("idx_jobs_finished", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    Index(
        "idx_jobs_idempotency",
        "tenant_id",
        "name",
        "idempotency_key",
        unique=True,
        postgresql_where=text(
            "idempotency_key IS NOT NULL AND (state IN ('queued', 'dispatched', 'running'))"
        ),
    ),
    Index(
        "idx_jobs_later", "run_at", postgresql_where=text("state = 'queued' AND rank = 'infinity'")
    ),
    Index(
        "idx_jobs_leased",
        "lease_expires_at",
        postgresql_where=text("state IN ('dispatched', 'running')"),
    ),
    Index("idx_jobs_name", "name"),
    Index("idx_jobs_parent", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    Index(
        "idx_jobs_queued",
        "queue",
        "tenant_id",
        "rank",
        postgresql_where=text("state = 'queued' AND rank < 'infinity'"),
    ),
    Index(
        "idx_jobs_set_aside",
        "tenant_id",
        postgresql_where=text(
            "state = 'succeeded' AND (result @? '$.rejected ? (@ > 0)' OR result @? '$.set_aside ? (@ > 0)')"
        ),
    ),
    Index("idx_jobs_tenant", "tenant_id", text("created_at DESC")),
    Index("idx_jobs_waiting", "tenant_id", postgresql_where=text("state = 'queued'")),
    Index(
        "idx_jobs_waits_for",
        "waits_for",
        postgresql_where=text("state = 'queued' AND waits_for IS NOT NULL"),
    ),
    comment=(
        "the ledger of jobs: one run of a task for one tenant. Clients write it through "
        "enqueue_job and cancel_job only"
    ),
)
