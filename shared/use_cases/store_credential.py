"""Seal a vendor credential and keep it with the tenant."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shared.domain.credential import StoredCredential
from shared.domain.events import CredentialConnected
from shared.errors import VaultError
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from shared.use_cases.ports.vault import Vault


def credential_place(
    tenant_id: UUID, credential_id: UUID, column: str = "credentials_encrypted"
) -> str:
    """Where a sealed secret lies; a value moved anywhere else does not open."""
    return f"tenant_{tenant_id}/api_credentials/{column}/{credential_id}"


def store_credential(
    open_unit_of_work: OpenUnitOfWork,
    vault: Vault,
    service_name: str,
    service_type: str,
    secret: Mapping[str, str],
) -> UUID:
    """Seals `secret` as JSON; a second call for the same service replaces it, and its tokens.

    A `refresh_token` in it is kept apart, where refreshing changes it.
    """
    with open_unit_of_work() as work:
        company = work.companies.get()
        credential_id = work.credentials.reserve(company.id, service_name, service_type)
        kept = {name: secret[name] for name in secret if name != "refresh_token"}

        def seal(text: str, column: str) -> str:
            place = credential_place(work.tenant.id, credential_id, column)
            return vault.seal(text.encode(), place)

        refresh = secret.get("refresh_token")
        work.credentials.store(
            credential_id,
            seal(json.dumps(kept), "credentials_encrypted"),
            None if refresh is None else seal(refresh, "refresh_token_encrypted"),
        )
        work.audit.write(
            "credential.stored", "credential", credential_id, {"service_name": service_name}
        )
        work.events.publish(CredentialConnected(service_name, service_type))
    return credential_id


def remove_credential(open_unit_of_work: OpenUnitOfWork, service_name: str) -> None:
    """Forgets a service's secrets; what it brought stays, and so do the places where its streams stand.

    Raises `InvalidInput` where no such credential is active.
    """
    with open_unit_of_work() as work:
        stored = work.credentials.get(service_name)
        work.credentials.disconnect(service_name, reconnect=False)
        work.audit.write(
            "credential.removed", "credential", stored.id, {"service_name": service_name}
        )


def note_failure(
    work: UnitOfWork,
    credential_id: UUID,
    at: datetime,
    *,
    reconnect: bool,
    sealed: str | None = None,
) -> None:
    """Notes on a credential that it failed; the audit log says once that its owner must connect again."""
    service = work.credentials.mark_failed(credential_id, at, reconnect=reconnect, sealed=sealed)
    if service is not None:
        named = {"service_name": service}
        work.audit.write(
            "credential.reconnect_needed", "credential", credential_id, named, severity="WARNING"
        )


def open_credential(vault: Vault, tenant_id: UUID, stored: StoredCredential) -> dict[str, str]:
    """The credential's JSON in the clear; raises `VaultError` with no part of it in the message."""
    opened = vault.open(stored.sealed, credential_place(tenant_id, stored.id))
    try:
        secret = json.loads(opened)
    except ValueError:
        secret = None
    if not isinstance(secret, dict):
        # Not chained and not shown: the text of the parser's error is the secret.
        raise VaultError(
            f"vault: the credential of {stored.service_name!r} opens, but is no JSON object; "
            "store it again with `capliquify credentials set`"
        )
    return {str(key): str(value) for key, value in secret.items()}
