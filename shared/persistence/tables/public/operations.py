"""Who works, whose turn it is, and which vendors are away."""

from sqlalchemy import CheckConstraint, Integer, String, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY

from shared.persistence.tables.columns import key, optional, required
from shared.persistence.tables.kinds import EMPTY_TEXT, INSTANT, NOW, PUBLIC, ZERO

job_workers = Table(
    "job_workers",
    PUBLIC,
    key("name", String(255), "name of the process"),
    required("queues", ARRAY(Text), "queues that it works on"),
    required("concurrency", Integer, "jobs that it does at once"),
    required("started_at", INSTANT, "when it signed in, UTC", default=NOW),
    required(
        "seen_at",
        INSTANT,
        "when it signed in again last, UTC; a process that is silent is forgotten",
        default=NOW,
    ),
    required(
        "instance",
        String(255),
        "machine, process and start of who signed in under the name",
        default=EMPTY_TEXT,
    ),
    required(
        "restarts",
        Integer,
        "how often another process took the name without the last one having signed out",
        default=ZERO,
    ),
    CheckConstraint("concurrency >= 1", name="job_workers_concurrency_check"),
    comment="worker processes that run now: their number decides how much the broker is given",
)

dispatch_turns = Table(
    "dispatch_turns",
    PUBLIC,
    key("name", String(100), "the queue, or what is counted"),
    comment=(
        "rows that a claim locks, so that claims take turns: one a queue, and one for the "
        "counts of vendors"
    ),
)

scan_runs = Table(
    "scan_runs",
    PUBLIC,
    key("name", String(100), "the scan"),
    required("began_at", INSTANT, "when it began, UTC", default=NOW),
    optional(
        "ended_at", INSTANT, "when it ended, UTC; NULL while it runs, or where it did not end"
    ),
    optional("done", Integer, "how much it did, in the scan's own units; NULL until it ended"),
    comment="newest run of each scan over all tenants",
)

vendor_circuits = Table(
    "vendor_circuits",
    PUBLIC,
    key("name", String(100), "vendor and region"),
    required(
        "failing_tenants",
        ARRAY(Uuid),
        "tenants whose calls failed since it began; the third opens the circuit",
        default=text("'{}'::uuid[]"),
    ),
    required("first_failed_at", INSTANT, "when it began to fail, UTC", default=NOW),
    required("last_failed_at", INSTANT, "when a call failed last, UTC", default=NOW),
    optional(
        "opened_at",
        INSTANT,
        "since when nobody but the probe may ask, UTC; NULL while few tenants have failed",
    ),
    optional("probe_at", INSTANT, "when a job may ask again, UTC"),
    optional("probe_job_id", Uuid, "job that asks (jobs.id, no foreign key)"),
    required("probes", Integer, "how often was asked since it opened", default=ZERO),
    required(
        "last_error",
        String(500),
        "what the vendor's last failure said, 500 characters at most",
        default=EMPTY_TEXT,
    ),
    comment="vendors, by region, that fail now; no row where all is well",
)

vault_keys = Table(
    "vault_keys",
    PUBLIC,
    key("key_id", String(32), "name of the key"),
    required(
        "proof",
        Text,
        "the known text, sealed; a process whose key does not open it has the wrong one",
    ),
    required("first_used_at", INSTANT, "when the key sealed first, UTC", default=NOW),
    CheckConstraint("length(proof) <= 500", name="vault_keys_proof_check"),
    comment=(
        "keys that have sealed secrets, each with a known text that it sealed; no key stands here"
    ),
)
