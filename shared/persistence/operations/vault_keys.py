"""The keys that have sealed secrets, each with a proof: `public.vault_keys`."""

from shared.persistence.database import Database

READ = "SELECT key_id, proof FROM public.vault_keys"
ADD = """
INSERT INTO public.vault_keys (key_id, proof) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING key_id
"""


def read_proofs(database: Database) -> dict[str, str]:
    """What each key has sealed, by its id."""
    return {row["key_id"]: row["proof"] for row in database.call(READ)}


def add_proof(database: Database, key_id: str, proof: str) -> None:
    """Keeps the first proof of a key."""
    database.call(ADD, (key_id, proof))
