"""Whether this process has the keys that its database was sealed with, seen before it works."""

import structlog
from psycopg.errors import UndefinedTable

from shared.errors import DatabaseUnavailable, VaultError
from shared.persistence.operations.vault_keys import add_proof, read_proofs
from shared.security.vault import AesGcmVault, KeyRing
from workers.wiring import Wiring, read_key_ring

log = structlog.get_logger(__name__)
PROOF, PLACE = b"capliquify", "public.vault_keys.proof"
FIX = "set CAPLIQUIFY_VAULT_KEYS to the key ring that the secrets were stored with"


def check_keys(wiring: Wiring) -> None:
    """Raises `VaultError` where the ring opens nothing, or holds a wrong key under a known id.

    The active key leaves a proof, against which the next process is held.
    """
    ring = read_key_ring(wiring.settings)
    try:
        proofs = read_proofs(wiring.database)
        wrong = wrong_keys(ring, proofs)
        if wrong:
            raise VaultError(
                f"vault keys: {', '.join(wrong)} did not seal what bears its name; {FIX}"
            )
        if proofs and not proofs.keys() & ring.ids:
            known = ", ".join(sorted(proofs))
            raise VaultError(
                f"vault keys: open nothing; the secrets are sealed with {known}; {FIX}"
            )
        if ring.active_id not in proofs:
            proof = AesGcmVault(ring).seal(PROOF, PLACE)
            add_proof(wiring.database, ring.active_id, proof)
    except (DatabaseUnavailable, UndefinedTable) as error:
        # A server that starts a moment later, or is not migrated yet, is no reason not to start.
        log.warning("keys_not_checked", reason=str(error))


def wrong_keys(ring: KeyRing, proofs: dict[str, str]) -> list[str]:
    """The ids of the ring under which another key has sealed."""
    vault = AesGcmVault(ring)
    return [each for each in sorted(proofs.keys() & ring.ids) if not _opens(vault, proofs[each])]


def _opens(vault: AesGcmVault, proof: str) -> bool:
    try:
        return vault.open(proof, PLACE) == PROOF
    except VaultError:
        return False
