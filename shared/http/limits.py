"""A vendor's limit, shared by all workers: a bucket of points in Redis, corrected by the vendor's own answers.

Each call reserves its cost before it leaves, so that many workers together spend what the vendor
restores and no more; the answer settles what it really cost. Redis away means no shared bucket for
now: the vendor's own refusals still hold.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import redis

from shared.domain.limit import Quota
from shared.errors import RateLimited

# A bucket that nobody has used for so long is full again.
FORGET_S = 3600
PREFIX = "capliquify:limit:"
MOST_READ = 50_000

# One clock (Redis'), one step: what is available now, what it would take, and whether it is reserved.
RESERVE = """
local now = redis.call('TIME'); now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'available', 'at', 'maximum', 'rate')
local maximum = tonumber(kept[3] or ARGV[2]); local rate = tonumber(kept[4] or ARGV[3])
local available = tonumber(kept[1] or maximum)
available = math.min(maximum, available + (now - tonumber(kept[2] or now)) * rate)
local cost = math.min(tonumber(ARGV[1]), maximum)
local wait = math.max(0, (cost - available) / rate)
if wait <= tonumber(ARGV[4]) then available = available - cost end
redis.call('HSET', KEYS[1], 'available', available, 'at', now, 'maximum', maximum, 'rate', rate)
redis.call('EXPIRE', KEYS[1], ARGV[5])
return tostring(wait)
"""

# Gives back what was reserved too much; the vendor's own figure is believed where it is lower.
SETTLE = """
local now = redis.call('TIME'); now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'available', 'at')
local maximum = tonumber(ARGV[3]); local rate = tonumber(ARGV[4])
local available = tonumber(kept[1] or ARGV[2]) + (now - tonumber(kept[2] or now)) * rate
available = math.min(maximum, available + tonumber(ARGV[1]), tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'available', available, 'at', now, 'maximum', maximum, 'rate', rate)
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """A bucket as it is now: whose, of which account, how many points are taken of how many, when it is full again."""

    tenant_id: UUID
    account: str
    used: float
    maximum: float
    full_in_s: float


def read_budgets(client: "redis.Redis", most: int) -> list[Budget]:
    """The buckets that are in use, the emptiest first. Raises `redis.RedisError`."""
    seconds, micros = client.time()
    now = seconds + micros / 1_000_000
    keys = list(islice(client.scan_iter(f"{PREFIX}*", count=1000), MOST_READ))
    with client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.hmget(key, "available", "at", "maximum", "rate")
        kept = pipeline.execute()
    budgets = (_read_budget(key, fields, now) for key, fields in zip(keys, kept, strict=True))
    in_use = [each for each in budgets if each is not None and each.used > 0]
    return sorted(in_use, key=lambda each: -each.used / each.maximum)[:most]


def _read_budget(key: bytes | str, fields: list[bytes | None], now: float) -> Budget | None:
    text = key.decode(errors="replace") if isinstance(key, bytes) else key
    tenant, _, account = text.removeprefix(PREFIX).partition(":")
    try:
        tenant_id = UUID(tenant)
        available, at, maximum, rate = (float(each or 0) for each in fields)
    except ValueError:
        # Not ours.
        return None
    if maximum <= 0 or rate <= 0:
        # It was forgotten a moment ago.
        return None
    used = maximum - min(maximum, available + (now - at) * rate)
    return Budget(tenant_id, account, used, maximum, used / rate)


class SharedLimit:
    """A bucket in Redis, of one tenant: a credential that names another's account spends nothing of that one's.

    `key` names vendor and account, never a secret; `longest_wait_s` is waited here.
    """

    def __init__(
        self,
        client: "redis.Redis",
        key: str,
        quota: Quota,
        *,
        tenant: str,
        longest_wait_s: float,
        sleep: Callable[[float], None],
    ) -> None:
        self._client = client
        self._vendor = key.partition(":")[0]
        self._key = f"{PREFIX}{tenant}:{key}"
        self._quota = quota
        self._longest_wait_s = longest_wait_s
        self._sleep = sleep

    def reserve(self, cost: float) -> None:
        """Takes `cost` points and sleeps until they are there; raises `RateLimited` and takes none."""
        wait_s = self._ask(cost)
        if wait_s > self._longest_wait_s:
            raise RateLimited(f"{self._vendor}: the rate limit is used up by other work", wait_s)
        if wait_s > 0:
            self._sleep(wait_s)

    def settle(self, reserved: float, actual: float, available: float, quota: Quota) -> None:
        """Corrects the bucket by the vendor's own figures."""
        self._quota = quota
        values = (reserved - actual, available, quota.maximum, quota.rate, FORGET_S)
        with suppress(redis.RedisError):
            self._client.eval(SETTLE, 1, self._key, *map(str, values))

    def give_back(self, cost: float) -> None:
        """Puts back what was reserved for a call that the vendor did not count."""
        quota = self._quota
        values = (cost, quota.maximum, quota.maximum, quota.rate, FORGET_S)
        with suppress(redis.RedisError):
            self._client.eval(SETTLE, 1, self._key, *map(str, values))

    def _ask(self, cost: float) -> float:
        quota = self._quota
        values = (cost, quota.maximum, quota.rate, self._longest_wait_s, FORGET_S)
        try:
            return float(self._client.eval(RESERVE, 1, self._key, *map(str, values)))
        except redis.RedisError:
            return 0.0
