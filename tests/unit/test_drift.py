"""When forecasts became so much worse that models are to be learnt again."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.drift import WeekJudged, find_drift

MONDAY = date(2026, 3, 16)


def week(
    wape: str | None, coverage: str | None = "0.95", forecasts: int = 700, level: str = "0.95"
) -> WeekJudged:
    known = [None if each is None else Decimal(each) for each in (wape, coverage)]
    return WeekJudged(MONDAY, forecasts, known[0], known[1], Decimal(level))


def weeks(*wapes: str | None) -> list[WeekJudged]:
    return [week(each) for each in wapes]


@pytest.mark.parametrize(
    ("newest", "before", "reason"),
    [
        ("0.52", ["0.40"] * 4, "week of 2026-03-16: WAPE 0.52, 0.40 in the 4 weeks before"),
        ("0.5199", ["0.40"] * 4, None),
        ("0.90", ["0.40"] * 3, None),
        ("0.90", ["0.40", "0.40", "0.40", None], None),
        (
            "0.60",
            ["0.20", "0.40", "0.40", "0.60", "0.40"],
            "week of 2026-03-16: WAPE 0.60, 0.40 in the 5 weeks before",
        ),
        (None, ["0.40"] * 8, None),
        ("0.40", ["0"] * 8, None),
    ],
)
def test_a_week_drifts_where_it_errs_a_third_more_than_the_weeks_before(
    newest: str | None, before: list[str | None], reason: str | None
) -> None:
    assert find_drift(week(newest), weeks(*before)) == reason


@pytest.mark.parametrize(
    ("newest", "drifts"),
    [
        (week("0.40", "0.7999", 100), True),
        (week("0.40", "0.80", 100), False),
        (week("0.40", "0.50", 99), False),
        (week("0.40", "0.50", 100, level="0.80"), False),
        (week("0.40", None, 100), False),
    ],
)
def test_a_week_drifts_where_its_bounds_hold_too_few_days(newest: WeekJudged, drifts: bool) -> None:
    assert (find_drift(newest, []) is not None) == drifts


def test_the_reason_names_what_bounds_held() -> None:
    reason = "week of 2026-03-16: 72% of days within their bounds, 95% asked"
    assert find_drift(week("0.40", "0.72"), []) == reason


@given(
    st.lists(st.decimals("0.01", "5", places=4), min_size=4, max_size=8),
    st.decimals("0", "1.29", places=2),
)
def test_a_week_like_those_before_never_drifts(before: list[Decimal], share: Decimal) -> None:
    mean = sum(before, Decimal(0)) / len(before)
    newest = WeekJudged(MONDAY, 700, mean * share, Decimal("0.95"), Decimal("0.95"))
    earlier = [
        WeekJudged(MONDAY - timedelta(weeks=1 + n), 700, wape, None, None)
        for n, wape in enumerate(before)
    ]
    assert find_drift(newest, earlier) is None
