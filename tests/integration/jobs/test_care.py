"""`up` ends a program that hangs, also one that never gave a sign, and says what happens to jobs and vendors."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shared.errors import DatabaseUnavailable, InvalidInput
from shared.persistence.jobs.job_ledger import JobLedger
from workers.care import Care, answers
from workers.limited import Limited
from workers.news import News
from workers.supervisor import Program, Supervisor, supervising
from workers.wiring import Wiring

PATIENCE_S = 120.0


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with supervising(tmp_path) as made:
        yield made


def quick(wiring: Wiring) -> Wiring:
    wiring.settings.lease_s = 0.5
    return wiring


def look_until(care: Care, said: list[str], word: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not any(word in line for line in said):
        assert time.monotonic() < deadline, f"{word!r} was not said: {said}"
        care.look()
        time.sleep(0.05)


def test_a_program_that_never_signs_in_is_ended(supervisor: Supervisor, wiring: Wiring) -> None:
    # Frozen before it has said a word: the ledger knows nothing of it.
    supervisor.start(Program("beat", ("beat", "--name", "beat"), presence="beat"))
    [(_, pid, _)] = supervisor.programs()
    os.killpg(pid, signal.SIGSTOP)
    said: list[str] = []
    care = Care(None, supervisor, quick(wiring), said.append, begins_within_s=1.0)
    look_until(care, said, f"beat (pid {pid}) gives no sign of life; it is killed")
    deadline = time.monotonic() + PATIENCE_S
    while not any("beat runs again" in line for line in said):
        assert time.monotonic() < deadline
        supervisor.revive(said.append)
        time.sleep(0.05)
    [(_, again, _)] = supervisor.programs()
    assert f"beat runs again: pid {again}, restart 1" in said


def test_a_job_that_ends_badly_is_said_once_and_old_ones_are_not(
    wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    ledger = JobLedger(wiring.dispatcher)
    fail = (
        "UPDATE public.jobs SET state = 'dead', finished_at = now(), error_class = 'ServiceError', "
        "error_message = 'shopify: the shop is gone' WHERE id = %s"
    )
    with psycopg.connect(database_url, autocommit=True) as owner:
        old = ledger.enqueue(globex, "usage.sample", {}, requested_by="t").id
        owner.execute(fail, (old,))
        said: list[str] = []
        news = News(None, wiring, said.append)
        assert news.look()
        assert said == []
        job = ledger.enqueue(acme, "sales.pull", {"service": "shopify_uk"}, requested_by="t").id
        owner.execute(fail, (job,))
        owner.execute(
            "INSERT INTO public.vendor_circuits (name, opened_at, probe_at, last_error) "
            "VALUES ('shopify', now(), now(), 'shopify: answered HTTP 503')"
        )
        news.look()
        news.look()
        owner.execute("DELETE FROM public.vendor_circuits")
        news.look()
    assert said == [
        "sales.pull shopify_uk of acme is dead: shopify: the shop is gone; "
        f"see `capliquify jobs show {str(job)[:8]}`",
        "shopify is away: shopify: answered HTTP 503; its jobs wait, and go on when it answers",
        "shopify answers again; its jobs go on",
    ]


def test_a_broker_that_does_not_answer_is_said_and_when_it_does_again(
    wiring: Wiring, acme: UUID, globex: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.news.ASK_S", 0.0)
    there = wiring.settings.redis_url
    assert there is not None
    said: list[str] = []
    news = News(None, wiring, said.append)
    wiring.settings.broker_url = there.__class__("redis://127.0.0.1:1/0")
    assert [news.look(), news.look(), news.look()] == [True, False, False]
    wiring.settings.broker_url = there
    assert news.look()
    assert said[0] == (
        "broker cannot be used (does not answer: ConnectionError); see the server that REDIS_URL or BROKER_URL names; "
        "jobs wait until it is back"
    )
    assert said[1].startswith("broker answers again, after ")


def test_a_question_that_hangs_is_given_up_and_not_asked_a_second_time() -> None:
    asked: list[int] = []
    release = threading.Event()

    def question() -> None:
        asked.append(1)
        release.wait()

    limited = Limited[None](0.05)
    with pytest.raises(DatabaseUnavailable, match="does not answer within"):
        limited.ask(question)
    with pytest.raises(DatabaseUnavailable, match="has not answered the last question yet"):
        limited.ask(question)
    release.set()
    assert asked == [1]


def test_what_a_question_raises_is_raised_where_it_was_asked() -> None:
    def question() -> None:
        raise InvalidInput("slug: is not given")

    with pytest.raises(InvalidInput, match="slug: is not given"):
        Limited[None](PATIENCE_S).ask(question)


def test_a_proxy_of_the_environment_stands_between_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert answers(f"http://127.0.0.1:{server.server_port}/")
    assert not answers("http://127.0.0.1:1/")
