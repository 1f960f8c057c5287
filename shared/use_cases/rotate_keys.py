"""Seal again what the active key did not seal; cut off anywhere, every secret opens and a second run does the rest."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from shared.domain.credential import KeptCredential
from shared.errors import VaultError
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from shared.use_cases.ports.vault import Vault
from shared.use_cases.store_credential import credential_place


@dataclass(frozen=True, slots=True)
class RotationResult:
    """How many secrets were sealed again, were current, were overtaken or do not open, and why not.

    Overtaken: somebody stored another secret meanwhile, which stays; the next run looks at it.
    """

    resealed: int
    current: int
    overtaken: int
    unopenable: int
    problems: tuple[str, ...]


class _Outcome(Enum):
    RESEALED = auto()
    CURRENT = auto()
    OVERTAKEN = auto()


def rotate_keys(open_unit_of_work: OpenUnitOfWork, vault: Vault, report: Report) -> RotationResult:
    """Goes through all credentials of a tenant, one short transaction each; opens with none open."""
    with open_unit_of_work() as work:
        tenant_id, kept = work.tenant.id, work.credentials.list_kept()
    counts: Counter[_Outcome] = Counter()
    problems: list[str] = []
    for done, credential in enumerate(kept, start=1):
        opened, refused = open_all(vault, tenant_id, credential)
        problems += refused
        counts += _reseal(open_unit_of_work, vault, credential, opened)
        report(done, len(kept), f"{credential.service_name}: looked at")
    return RotationResult(
        counts[_Outcome.RESEALED],
        counts[_Outcome.CURRENT],
        counts[_Outcome.OVERTAKEN],
        len(problems),
        tuple(problems),
    )


def open_all(
    vault: Vault, tenant_id: UUID, credential: KeptCredential
) -> tuple[dict[str, bytes], list[str]]:
    """The secrets of a credential by column, and one line for each that does not open."""
    opened: dict[str, bytes] = {}
    refused = []
    for column, sealed in credential.sealed.items():
        try:
            opened[column] = vault.open(sealed, credential_place(tenant_id, credential.id, column))
        except VaultError as error:
            refused.append(f"{credential.service_name} {column}: {error.message}")
    return opened, refused


def _reseal(
    open_unit_of_work: OpenUnitOfWork,
    vault: Vault,
    credential: KeptCredential,
    opened: Mapping[str, bytes],
) -> Counter[_Outcome]:
    stale = {
        column: secret
        for column, secret in opened.items()
        if vault.key_id(credential.sealed[column]) != vault.active_key_id
    }
    counts = Counter({_Outcome.CURRENT: len(opened) - len(stale)})
    if stale:
        with open_unit_of_work() as work:
            moved = _replace(work, vault, credential, stale)
        counts[_Outcome.RESEALED] = moved
        counts[_Outcome.OVERTAKEN] = len(stale) - moved
    return counts


def _replace(
    work: UnitOfWork, vault: Vault, credential: KeptCredential, stale: Mapping[str, bytes]
) -> int:
    former: dict[str, str] = {}
    for column, secret in stale.items():
        old = credential.sealed[column]
        new = vault.seal(secret, credential_place(work.tenant.id, credential.id, column))
        if work.credentials.reseal(credential.id, column, old, new):
            former[column] = vault.key_id(old)
    if former:
        changes: dict[str, object] = {
            "service_name": credential.service_name,
            "former_key_ids": former,
            "key_id": vault.active_key_id,
        }
        work.audit.write("credential.rotated", "credential", credential.id, changes)
    return len(former)
