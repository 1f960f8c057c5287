"""Amazon's credential, tokens, limits and cursors, and answers that are not what was asked for."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.amazon.buckets import PUBLISHED
from shared.connectors.amazon.connector import AmazonConnector
from shared.connectors.amazon.credential import AmazonCredential
from shared.connectors.amazon.limits import QUOTAS
from shared.connectors.amazon.token import AmazonTokens
from shared.domain.limit import NoLimit, Quota
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import (
    CredentialRejected,
    CursorExpired,
    GiveUp,
    InvalidInput,
    RateLimited,
    VendorUnavailable,
)
from shared.use_cases.vendors import Answer, Call

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
SECRET = {"client_id": "amzn1.x", "client_secret": "s3cret-value", "refresh_token": "Atzr|value"}
WINDOW = SyncWindow(Basis.UPDATED, NOW - timedelta(hours=2), NOW - timedelta(minutes=3))


class Canned:
    """Answers with what was given, one after the other."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[Call] = []

    def send(self, call: Call) -> Answer:
        self.calls.append(call)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def download(self, url: str) -> AbstractContextManager[Any]:
        raise NotImplementedError


class Heard(NoLimit):
    """A limit that remembers what it was given."""

    def __init__(self) -> None:
        self.reserved = 0.0
        self.settled: list[tuple[float, Quota]] = []

    def reserve(self, cost: float) -> None:
        self.reserved += cost

    def give_back(self, cost: float) -> None:
        """Nothing was taken."""

    def settle(self, reserved: float, actual: float, available: float, quota: Quota) -> None:
        self.settled.append((available, quota))


def ok(body: object, rate: str | None = None, status: int = 200) -> Answer:
    return Answer(status, {} if rate is None else {"x-amzn-ratelimit-limit": rate}, body)


def connector(api: Canned, limit: NoLimit | None = None) -> AmazonConnector:
    return AmazonConnector(api, "amazon_uk", lambda _o, _q: limit or NoLimit(), lambda: NOW)


def test_a_credential_is_read_and_shows_no_secret() -> None:
    credential = AmazonCredential.parse(
        {**SECRET, "marketplace": "A1F83G8C2ARO7P", "seller_id": "A1"}
    )
    assert credential == AmazonCredential(
        "amzn1.x", "s3cret-value", "Atzr|value", "amazon_uk", "A1"
    )
    assert "s3cret-value" not in repr(credential)
    assert "Atzr" not in repr(credential)
    credential.check_channel("amazon_uk")
    with pytest.raises(InvalidInput, match="is for amazon_uk, not for amazon_de"):
        credential.check_channel("amazon_de")
    AmazonCredential.parse(SECRET).check_channel("amazon_de")


@pytest.mark.parametrize(
    "field", ["client_id", "client_secret", "refresh_token", "marketplace", "extra"]
)
def test_a_wrong_field_is_named_and_its_value_is_not(field: str) -> None:
    for wrong in ("t0p secret\n", 17, "x" * 5000):
        with pytest.raises(InvalidInput) as caught:
            AmazonCredential.parse({**SECRET, field: wrong})  # type: ignore[dict-item]
        assert caught.value.message.startswith(f"{field}: ")
        assert "t0p" not in caught.value.message
    if field in SECRET:
        with pytest.raises(InvalidInput, match=f"{field}: is missing"):
            AmazonCredential.parse({each: SECRET[each] for each in SECRET if each != field})


def tokens(api: Canned) -> AmazonTokens:
    return AmazonTokens(api, "amzn1.x", "s3cret-value", lambda: NOW)


def test_an_access_token_lives_an_hour_and_the_refresh_token_stays() -> None:
    api = Canned(ok({"access_token": "Atza|1", "expires_in": 3600, "refresh_token": "Atzr|value"}))
    refreshed = tokens(api).refresh("Atzr|value")
    assert (refreshed.access_token, refreshed.refresh_token) == ("Atza|1", None)
    assert refreshed.expires_at == NOW + timedelta(hours=1)
    [call] = api.calls
    assert (call.method, call.path) == ("POST", "/auth/o2/token")
    assert call.form == {"grant_type": "refresh_token", "refresh_token": "Atzr|value",
                         "client_id": "amzn1.x", "client_secret": "s3cret-value"}  # fmt: skip
    assert "s3cret" not in repr(call)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            ok({"error": "invalid_grant"}, status=400),
            CredentialRejected,
            "connect the account again",
        ),
        (ok({"error": "invalid_client"}, status=401), CredentialRejected, "180 days"),
        (ok({"error": "unauthorized_client"}, status=400), CredentialRejected, "authorization"),
        (ok({"error": "invalid_scope"}, status=400), GiveUp, "invalid_scope"),
        (ok(None, status=400), GiveUp, "no error"),
        (ok({"expires_in": 3600}), VendorUnavailable, "no token"),
        (ok({"access_token": "x", "expires_in": "3600"}), VendorUnavailable, "no token"),
        (ok([]), VendorUnavailable, "no token"),
    ],
)
def test_a_refused_token_says_what_to_do(
    answer: Answer, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        tokens(Canned(answer)).refresh("Atzr|value")
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("header", "rate"),
    [("0.5", 0.5), (None, None), ("", None), ("fast", None), ("nan", None), ("inf", None),
     ("0", None), ("-1", None)],
)  # fmt: skip
def test_the_limit_learns_the_rate_that_an_answer_reports(
    header: str | None, rate: float | None
) -> None:
    limit = Heard()
    list(connector(Canned(ok({"orders": []}, header)), limit).sale_pages(WINDOW, None))
    assert limit.reserved == 1
    assert limit.settled == ([] if rate is None else [(20, Quota(20, rate))])


def test_a_refusal_empties_the_limit_and_says_how_long_one_request_takes() -> None:
    limit = Heard()
    with pytest.raises(RateLimited) as caught:
        list(connector(Canned(RateLimited("amazon: used up")), limit).sale_pages(WINDOW, None))
    assert caught.value.retry_after_s == pytest.approx(178.57, abs=0.01)
    assert limit.settled == [(0, QUOTAS["searchOrders"])]


def test_the_sandbox_has_the_rates_that_we_keep_to() -> None:
    assert {name: (each.maximum, each.rate) for name, each in QUOTAS.items()} == PUBLISHED


@pytest.mark.parametrize("body", [None, [], {}, {"orders": None}, {"orders": {}}, {"payload": []}])
def test_an_answer_without_its_list_is_never_empty(body: object) -> None:
    for stream in ("sale_pages", "posted_pages"):
        with pytest.raises(VendorUnavailable):
            list(getattr(connector(Canned(ok(body))), stream)(WINDOW, None))
    report = ok({"reportId": "1"}, status=202)
    cancelled = ok({"processingStatus": "CANCELLED"})
    with pytest.raises(VendorUnavailable):
        list(connector(Canned(report, cancelled, ok(body))).product_pages(None))


def test_every_page_is_asked_for_with_the_same_parameters() -> None:
    first = ok({"orders": [], "pagination": {"nextToken": "t1"}})
    api = Canned(first, ok({"orders": []}))
    pages = list(connector(api).sale_pages(WINDOW, None))
    assert [page.next_cursor is None for page in pages] == [False, True]
    one, two = (dict(call.params) for call in api.calls)
    assert two.pop("paginationToken") == "t1"
    assert one == two == {
        "lastUpdatedAfter": "2026-04-01T10:00:00Z", "lastUpdatedBefore": "2026-04-01T11:57:00Z",
        "marketplaceIds": "A1F83G8C2ARO7P", "maxResultsPerPage": "100",
        "includedData": "PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT",
    }  # fmt: skip


def test_a_page_that_names_itself_does_not_go_round_forever() -> None:
    again = ok({"orders": [], "pagination": {"nextToken": "t1"}})
    with pytest.raises(VendorUnavailable, match="itself"):
        list(connector(Canned(again, again)).sale_pages(WINDOW, None))


@pytest.mark.parametrize(
    "cursor", ["", "x", "[]", '{"token": "t"}', '{"token": "t", "at": "2026-03-31T12:00:00+00:00"}',
               '{"token": "t", "at": "2026-03-31T12:00:00"}']
)  # fmt: skip
def test_a_cursor_that_is_old_or_not_ours_has_expired(cursor: str) -> None:
    with pytest.raises(CursorExpired):
        list(connector(Canned()).sale_pages(WINDOW, cursor))


def test_a_report_that_is_gone_is_asked_for_again() -> None:
    with pytest.raises(CursorExpired, match="gone"):
        list(connector(Canned(ok(None, status=404))).sale_pages(WINDOW, '{"report": "7"}'))


def test_a_channel_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="amazon_xy is none of amazon_uk, amazon_de"):
        AmazonConnector(Canned(), "amazon_xy", lambda _o, _q: NoLimit(), lambda: NOW)
