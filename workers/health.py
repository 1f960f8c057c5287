"""Whether the system runs: who must live, lives; who must answer, answers. Each finding says what to do."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import redis

from shared.persistence.jobs.overview import Process, read_processes, read_queues
from shared.persistence.operations.all_tenants import count_keys_awaited, read_vendors_away
from shared.persistence.operations.doctor import Finding, Verdict
from workers.nights import examine_nights
from workers.presence import BEAT
from workers.queues import Queue
from workers.status_answers import BROKER_TIMEOUT_S, Rows
from workers.wiring import Wiring

GOOD, DEGRADED, DOWN = 0, 1, 2
MOST_LINES = 5


def examine_running(wiring: Wiring) -> list[Finding]:
    """Looks at processes, broker, vendors and keys; asks nobody to start."""
    processes = read_processes(wiring.admin)
    living = [each for each in processes if each.is_living(wiring.settings.lease_s)]
    return [
        *_processes(wiring, living),
        *_silent(processes, living),
        examine_broker(wiring),
        *_limits(wiring),
        *_waiting_for_others(wiring),
    ]


def examine_answers(answers: Mapping[str, Rows], caps: Mapping[str, int]) -> Iterator[Finding]:
    """What the answers of `status` say that somebody must see; `caps` are a tenant's by queue."""
    yield from examine_nights(answers["scans"], answers["nights"])
    yield from _without_a_pull(answers["pulls"])
    yield from _at_most(
        MOST_LINES, "tenants with a flood", answers["crowds"], partial(_crowd, caps)
    )
    yield from _at_most(MOST_LINES, "logins to renew", answers["reconnect"], _refused_login)
    yield from _at_most(
        MOST_LINES, "schemas that cannot be read", answers["unreadable"], _unreadable
    )
    number = sum(each["jobs"] for each in answers["ended_badly"])
    if number:
        error = answers["ended_badly"][0]["error"]
        most = f", most of them {error}" if error else ""
        again = f"; after the fix `capliquify jobs retry --error {error}`" if error else ""
        fix = f"`capliquify jobs list --state failed --state dead`{again}"
        yield Finding("jobs", Verdict.WARN, f"{number:,} failed or dead within an hour{most}", fix)


def _at_most(
    most: int, what: str, rows: Rows, describe: Callable[[dict[str, Any]], Finding]
) -> Iterator[Finding]:
    """A line each, or one for all where they are many."""
    if len(rows) <= most:
        yield from map(describe, rows)
    else:
        yield Finding(what, Verdict.WARN, f"{len(rows):,}", "listed below, and by `--json`")


def _without_a_pull(pulls: Rows) -> Iterator[Finding]:
    """Those that ended badly, or whose last one is more than a night ago; one that waits has its own reason."""
    bad = [each for each in pulls if each["state"] in {"failed", "dead"} or each["is_old"]]
    if bad:
        found = f"{len(bad):,} services without a good pull, {bad[0]['service']} of {bad[0]['tenant']} first"
        yield Finding("pulls", Verdict.WARN, found, "listed below with the reason of each")


def _crowd(caps: Mapping[str, int], row: dict[str, Any]) -> Finding:
    at_once = f", at most {caps[row['queue']]} at once" if row["queue"] in caps else ""
    oldest = f"the oldest is due for {row['oldest_s']:,.0f} s"
    found = f"{row['jobs']:,} jobs wait in {row['queue']}{at_once}; {oldest}"
    cancel = f"`capliquify jobs cancel --tenant {row['tenant']} --state queued --dry-run`"
    return Finding(row["tenant"], Verdict.WARN, found, f"others are not held up; {cancel}")


def _refused_login(row: dict[str, Any]) -> Finding:
    fix = "its owner must connect again; then `capliquify credentials set`"
    return Finding(row["tenant"], Verdict.WARN, f"{row['service']} takes the login no more", fix)


def _unreadable(row: dict[str, Any]) -> Finding:
    fix = f"`capliquify migrate --tenant {row['tenant']}`, then `capliquify doctor`"
    return Finding(row["tenant"], Verdict.WARN, f"its schema cannot be read: {row['why']}", fix)


def exit_code(findings: list[Finding]) -> int:
    """0 good, 1 degraded, 2 down."""
    verdicts = {each.verdict for each in findings}
    if Verdict.BAD in verdicts:
        return DOWN
    return DEGRADED if Verdict.WARN in verdicts else GOOD


def _processes(wiring: Wiring, living: list[Process]) -> Iterator[Finding]:
    dispatchers = [each for each in living if not each.queues]
    if dispatchers:
        yield Finding("dispatcher", Verdict.GOOD, f"{len(dispatchers)} alive")
    else:
        yield Finding(
            "dispatcher", Verdict.BAD, "none: nothing is sent", "start `capliquify dispatcher`"
        )
    if any(BEAT in each.queues for each in living):
        yield Finding("beat", Verdict.GOOD, "alive")
    else:
        yield Finding(
            "beat", Verdict.WARN, "none gives a sign: no night begins", "start `capliquify beat`"
        )
    due = {state.queue: state.due for state in read_queues(wiring.admin)}
    for queue in Queue:
        places = sum(each.concurrency for each in living if queue in each.queues)
        if places:
            yield Finding(f"queue {queue}", Verdict.GOOD, f"{places} places")
        else:
            verdict = Verdict.BAD if due.get(queue) else Verdict.WARN
            fix = f"start `capliquify worker --queues {queue}`"
            yield Finding(
                f"queue {queue}", verdict, f"no worker; {due.get(queue, 0)} jobs due", fix
            )


def _silent(processes: list[Process], living: list[Process]) -> Iterator[Finding]:
    for each in processes:
        if each not in living:
            found = f"no sign of life for {each.silent_s:.0f} s"
            yield Finding(each.name, Verdict.WARN, found, "see its log; restart it if it hangs")


def examine_broker(wiring: Wiring, timeout_s: float = BROKER_TIMEOUT_S) -> Finding:
    """The broker as it is: another one is never started for this."""
    url = wiring.settings.broker_url or wiring.settings.redis_url
    if url is None:
        return Finding("broker", Verdict.BAD, "none", "set REDIS_URL or BROKER_URL")
    if not url.get_secret_value().startswith(("redis", "unix")):
        return _examine_amqp(url.get_secret_value(), timeout_s)
    return _examine_redis(url.get_secret_value(), timeout_s)


def _examine_redis(url: str, timeout_s: float) -> Finding:
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=timeout_s, socket_timeout=timeout_s
        ) as client:
            server = client.info("server")
            durable = _is_durable(client)
    except redis.RedisError as error:
        fix = "start the server that REDIS_URL names, or correct REDIS_URL"
        return Finding("broker", Verdict.BAD, f"does not answer: {type(error).__name__}", fix)
    name = f"{server.get('server_name', 'redis')} {server.get('valkey_version', server.get('redis_version'))}"
    if durable is None:
        return Finding("broker", Verdict.GOOD, f"{name}, AOF not to be asked")
    if durable:
        return Finding("broker", Verdict.GOOD, f"{name}, AOF on")
    fix = "set appendonly yes: without it a crash loses every message"
    return Finding("broker", Verdict.WARN, f"{name}, AOF off", fix)


def _is_durable(client: redis.Redis) -> bool | None:
    """None where the server is somebody's service, which lets nobody ask."""
    try:
        return bool(client.config_get("appendonly").get("appendonly") == "yes")
    except redis.ResponseError:
        return None


def _examine_amqp(url: str, timeout_s: float) -> Finding:
    from kombu import connection as kombu_connection  # noqa: PLC0415 - only where the broker is no Redis

    try:
        with kombu_connection.Connection(url, connect_timeout=timeout_s) as connection:  # type: ignore[no-untyped-call]
            connection.ensure_connection(max_retries=1, timeout=timeout_s)
    except Exception as error:  # Each transport raises errors of its own.
        fix = "start the server that BROKER_URL names, or correct BROKER_URL"
        return Finding("broker", Verdict.BAD, f"does not answer: {type(error).__name__}", fix)
    return Finding("broker", Verdict.GOOD, "answers")


def _limits(wiring: Wiring) -> Iterator[Finding]:
    """Where the broker is another server, Redis still holds the vendors' limits that workers share."""
    broker, url = wiring.settings.broker_url, wiring.settings.redis_url
    if broker is None or url is None or broker == url:
        return
    found = _examine_redis(url.get_secret_value(), BROKER_TIMEOUT_S)
    if found.verdict is Verdict.BAD:
        fix = "start the server that REDIS_URL names: workers share no vendor's limit meanwhile"
        yield Finding("limits", Verdict.WARN, found.found, fix)


def _waiting_for_others(wiring: Wiring) -> Iterator[Finding]:
    for each in read_vendors_away(wiring.admin):
        found = f"away since {each['opened_at']:%Y-%m-%d %H:%M} UTC, {each['jobs']} jobs wait: {each['why']}"
        yield Finding(each["vendor"], Verdict.WARN, found, "they go on when it answers")
    awaited = count_keys_awaited(wiring.admin)
    if awaited:
        fix = "add the key to CAPLIQUIFY_VAULT_KEYS and restart the workers"
        yield Finding("vault", Verdict.BAD, f"{awaited} jobs wait for a key", fix)
