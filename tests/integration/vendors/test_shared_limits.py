"""A vendor's limit, shared: many workers together spend what is restored, and not a point more."""

import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis

from shared.domain.limit import Quota, reserving
from shared.embedded.urls import ServiceUrls
from shared.errors import CredentialRejected, RateLimited
from shared.http.limits import SharedLimit


@pytest.fixture
def client(services: ServiceUrls) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(services.redis_url) as client:
        yield client


def limit_of(
    client: "redis.Redis",
    key: str,
    quota: Quota,
    longest_wait_s: float = 5.0,
    tenant: str = "acme",
) -> tuple[SharedLimit, list[float]]:
    waits: list[float] = []
    limit = SharedLimit(
        client, key, quota, tenant=tenant, longest_wait_s=longest_wait_s, sleep=waits.append
    )
    return limit, waits


def test_what_is_there_is_taken_at_once_and_what_is_not_is_waited_for(
    client: "redis.Redis",
) -> None:
    limit, waits = limit_of(client, f"shopify:{uuid4()}", Quota(1000, 100))
    limit.reserve(600)
    limit.reserve(400)
    assert waits == []
    limit.reserve(100)
    limit.reserve(100)
    assert [round(wait) for wait in waits] == [1, 2]


def test_a_wait_that_is_too_long_is_a_snooze_and_takes_nothing(client: "redis.Redis") -> None:
    key = f"shopify:{uuid4()}"
    limit, waits = limit_of(client, key, Quota(1000, 10))
    limit.reserve(1000)
    with pytest.raises(RateLimited, match="shopify: the rate limit is used up") as caught:
        limit.reserve(500)
    assert caught.value.retry_after_s is not None
    assert 49 < caught.value.retry_after_s <= 50
    limit.reserve(10)
    assert [round(wait) for wait in waits] == [1]


def test_the_vendors_own_figures_correct_the_bucket(client: "redis.Redis") -> None:
    key = f"shopify:{uuid4()}"
    limit, waits = limit_of(client, key, Quota(1000, 100))
    limit.reserve(500)
    # It cost a tenth, but somebody else has spent more; and the plan is a larger one.
    limit.settle(reserved=500, actual=50, available=200, quota=Quota(2000, 200))
    other, other_waits = limit_of(client, key, Quota(1000, 100))
    other.reserve(400)
    assert [round(wait, 1) for wait in other_waits] == [1.0]
    assert waits == []


def test_what_was_reserved_too_much_is_given_back(client: "redis.Redis") -> None:
    limit, waits = limit_of(client, f"shopify:{uuid4()}", Quota(1000, 100))
    for _ in range(50):
        limit.reserve(900)
        limit.settle(reserved=900, actual=1, available=999, quota=Quota(1000, 100))
    assert waits == []


def test_who_names_anothers_account_spends_nothing_of_it(client: "redis.Redis") -> None:
    key = f"amazon:{uuid4()}"
    stranger, _ = limit_of(client, key, Quota(10, 0.1), tenant="mallory")
    stranger.reserve(10)
    owner, waits = limit_of(client, key, Quota(10, 0.1))
    owner.reserve(10)
    assert waits == []


def test_a_call_that_was_refused_for_its_credential_costs_nothing(client: "redis.Redis") -> None:
    limit, waits = limit_of(client, f"amazon:{uuid4()}", Quota(1, 0.01))
    for _ in range(20):
        with pytest.raises(CredentialRejected), reserving(limit, 1):
            raise CredentialRejected("amazon: the credential is refused")
    with reserving(limit, 1):
        assert waits == []
    with pytest.raises(RateLimited):
        limit.reserve(1)


def test_two_accounts_have_two_buckets(client: "redis.Redis") -> None:
    first, _ = limit_of(client, f"shopify:{uuid4()}", Quota(100, 1))
    second, waits = limit_of(client, f"shopify:{uuid4()}", Quota(100, 1))
    first.reserve(100)
    second.reserve(100)
    assert waits == []


def test_workers_at_once_do_not_spend_a_point_twice(services: ServiceUrls) -> None:
    key = f"shopify:{uuid4()}"
    waits: list[float] = []

    def work() -> None:
        with redis.Redis.from_url(services.redis_url) as client:
            limit, own = limit_of(client, key, Quota(100, 100), longest_wait_s=60.0)
            for _ in range(25):
                limit.reserve(10)
            waits.extend(own)

    began = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.monotonic() - began
    # A thousand points were asked for and a hundred were there: the last one waits for the other nine hundred.
    assert 9.0 - took_s - 0.1 <= max(waits) <= 9.0


def test_without_redis_nobody_waits(services: ServiceUrls) -> None:
    with redis.Redis(host="127.0.0.1", port=1) as away:
        limit, waits = limit_of(away, "shopify:x", Quota(1, 1))
        limit.reserve(1000)
        limit.settle(1, 1, 1, Quota(1, 1))
    assert waits == []
