"""Seal a vendor credential and keep it with the tenant."""

import json
from collections.abc import Mapping
from uuid import UUID

from shared.use_cases.ports import OpenUnitOfWork, StoredCredential, Vault


def credential_place(tenant_id: UUID, credential_id: UUID) -> str:
    """Where the sealed JSON lies; a value moved anywhere else does not open."""
    return f"tenant_{tenant_id}/api_credentials/credentials_encrypted/{credential_id}"


def store_credential(
    open_unit_of_work: OpenUnitOfWork,
    vault: Vault,
    service_name: str,
    service_type: str,
    secret: Mapping[str, str],
) -> UUID:
    """Seals `secret` as JSON; a second call for the same service replaces it."""
    with open_unit_of_work() as work:
        company = work.companies.get()
        credential_id = work.credentials.reserve(company.id, service_name, service_type)
        place = credential_place(work.tenant.id, credential_id)
        work.credentials.store(credential_id, vault.seal(json.dumps(dict(secret)).encode(), place))
        work.audit.write(
            "credential.stored", "credential", credential_id, {"service_name": service_name}
        )
    return credential_id


def open_credential(vault: Vault, tenant_id: UUID, stored: StoredCredential) -> dict[str, str]:
    """The credential's JSON in the clear; raises `VaultError` with no part of it in the message."""
    opened = vault.open(stored.sealed, credential_place(tenant_id, stored.id))
    return {str(key): str(value) for key, value in json.loads(opened).items()}
