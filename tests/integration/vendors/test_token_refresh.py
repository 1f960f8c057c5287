"""Tokens that expire: refreshed once, kept before they are used, never lost on the way."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.domain.events import nothing_follows
from shared.domain.token import SealedTokens, Tokens
from shared.errors import CredentialRejected, RateLimited, VendorUnavailable
from shared.use_cases.refresh_token import TokenRefresh
from shared.use_cases.store_credential import credential_place, remove_credential, store_credential
from workers.wiring import Wiring

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@dataclass
class Vendor:
    """A token endpoint that rotates: each token is good once, the one before it until its successor is used."""

    current: str = "refresh-0"
    previous: str = ""
    issued: int = 0
    lose_answer: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    during: Callable[[], object] = lambda: None

    def refresh(self, refresh_token: str) -> Tokens:
        self.during()
        with self.lock:
            if refresh_token not in {self.current, self.previous}:
                raise CredentialRejected("vendor: invalid_grant; connect the account again")
            self.issued += 1
            self.previous, self.current = refresh_token, f"refresh-{self.issued}"
            if self.lose_answer:
                self.lose_answer = False
                raise VendorUnavailable("vendor: no answer in time")
            return Tokens(f"access-{self.issued}", self.current, NOW + timedelta(hours=1))


@pytest.fixture
def credential(wiring: Wiring, acme: UUID) -> UUID:
    """A credential of acme whose access token has expired."""
    opener = wiring.unit_of_work(acme, actor="test", react=nothing_follows)
    found = store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", {"a": "b"})
    sealed = {
        column: wiring.vault.seal(text, credential_place(acme, found, column))
        for column, text in (
            ("access_token_encrypted", b"access-0"),
            ("refresh_token_encrypted", b"refresh-0"),
        )
    }
    with opener() as work:
        claim = work.credentials.claim_refresh(found, SealedTokens(None, None, None), NOW, NOW)
        assert claim is not None
        access, refresh = sealed.values()
        assert work.credentials.keep_tokens(claim, SealedTokens(access, refresh, NOW))
    return found


def refresh_of(wiring: Wiring, tenant_id: UUID, vendor: Vendor) -> TokenRefresh:
    opener = wiring.unit_of_work(tenant_id, actor="test", react=nothing_follows)
    return TokenRefresh(opener, tenant_id, wiring.vault, vendor, lambda: NOW, lambda _s: None)


def kept(wiring: Wiring, tenant_id: UUID, credential: UUID) -> tuple[str, str]:
    with wiring.unit_of_work(tenant_id, actor="test", react=nothing_follows)() as work:
        tokens = work.credentials.tokens(credential)
    place = credential_place(tenant_id, credential, "access_token_encrypted")
    other = credential_place(tenant_id, credential, "refresh_token_encrypted")
    assert tokens.access is not None
    assert tokens.refresh is not None
    opened = wiring.vault.open(tokens.access, place), wiring.vault.open(tokens.refresh, other)
    return opened[0].decode(), opened[1].decode()


def test_an_expired_token_is_refreshed_once_and_then_used_as_it_is(
    wiring: Wiring, acme: UUID, globex: UUID, credential: UUID
) -> None:
    vendor = Vendor()
    tokens = refresh_of(wiring, acme, vendor)
    assert tokens.access_token(credential) == "access-1"
    assert tokens.access_token(credential) == "access-1"
    assert vendor.issued == 1
    assert kept(wiring, acme, credential) == ("access-1", "refresh-1")


def test_an_answer_that_is_lost_is_asked_for_again_with_the_old_token(
    wiring: Wiring, acme: UUID, credential: UUID
) -> None:
    vendor = Vendor(lose_answer=True)
    tokens = refresh_of(wiring, acme, vendor)
    with pytest.raises(VendorUnavailable):
        tokens.access_token(credential)
    assert kept(wiring, acme, credential) == ("access-0", "refresh-0")
    assert tokens.access_token(credential) == "access-2"
    assert kept(wiring, acme, credential) == ("access-2", "refresh-2")


def test_two_workers_at_once_refresh_once(wiring: Wiring, acme: UUID, credential: UUID) -> None:
    waiting = threading.Event()
    vendor = Vendor(during=lambda: waiting.wait(1.0))
    got: list[str] = []

    def sleep(_seconds: float) -> None:
        waiting.set()

    def work() -> None:
        opener = wiring.unit_of_work(acme, actor="test", react=nothing_follows)
        tokens = TokenRefresh(opener, acme, wiring.vault, vendor, lambda: NOW, sleep)
        got.append(tokens.access_token(credential))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["access-1", "access-1"]
    assert vendor.issued == 1


def test_a_grant_that_is_gone_asks_the_owner_to_connect_again(
    wiring: Wiring, acme: UUID, globex: UUID, credential: UUID
) -> None:
    vendor = Vendor(current="another")
    with pytest.raises(CredentialRejected, match="connect the account again"):
        refresh_of(wiring, acme, vendor).access_token(credential)
    with wiring.unit_of_work(acme, actor="test", react=nothing_follows)() as work:
        (found,) = work.credentials.list_kept()
    assert found.needs_reconnect
    with wiring.admin.transaction() as connection:
        entries = connection.execute(
            "SELECT tenant_id, resource_id::text FROM public.audit_logs "
            "WHERE action = 'credential.reconnect_needed'"
        ).fetchall()
    assert [tuple(row.values()) for row in entries] == [(acme, str(credential))]


def test_a_worker_that_died_while_it_asked_holds_nobody_up_for_long(
    wiring: Wiring, acme: UUID, credential: UUID
) -> None:
    vendor = Vendor()
    tokens = refresh_of(wiring, acme, vendor)
    with wiring.unit_of_work(acme, actor="test", react=nothing_follows)() as work:
        seen = work.credentials.tokens(credential)
        until = NOW + timedelta(seconds=60)
        assert work.credentials.claim_refresh(credential, seen, NOW, until) is not None
    with pytest.raises(RateLimited, match="another worker refreshes it"):
        tokens.access_token(credential)
    later = TokenRefresh(
        tokens.open_unit_of_work, acme, wiring.vault, vendor,
        lambda: NOW + timedelta(seconds=61), lambda _s: None,
    )  # fmt: skip
    assert later.access_token(credential) == "access-1"


def test_one_that_wakes_too_late_cannot_put_its_tokens_over_newer_ones(
    wiring: Wiring, acme: UUID, credential: UUID
) -> None:
    opener = wiring.unit_of_work(acme, actor="test", react=nothing_follows)
    with opener() as work:
        seen = work.credentials.tokens(credential)
        old = work.credentials.claim_refresh(credential, seen, NOW, NOW - timedelta(seconds=1))
        new = work.credentials.claim_refresh(credential, seen, NOW, NOW + timedelta(seconds=60))
        assert old is not None
        assert new is not None
        assert not work.credentials.keep_tokens(old, seen)
        assert work.credentials.keep_tokens(new, seen)


def test_a_credential_that_was_removed_meanwhile_keeps_no_token(
    wiring: Wiring, acme: UUID, credential: UUID
) -> None:
    opener = wiring.unit_of_work(acme, actor="test", react=nothing_follows)
    with opener() as work:
        seen = work.credentials.tokens(credential)
        claim = work.credentials.claim_refresh(credential, seen, NOW, NOW + timedelta(minutes=1))
        assert claim is not None
    remove_credential(opener, "shopify_uk")
    with opener() as work:
        assert not work.credentials.keep_tokens(claim, seen)
        assert work.credentials.tokens(credential) == SealedTokens(None, None, None)
