"""What an owner sees of forecasts: plots, pictures and pages of one SKU, lists of all, accuracy by week."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shared.embedded.urls import ServiceUrls
from shared.persistence.binding import schema_of
from shared.use_cases.score_forecasts import score_forecasts
from tests.acceptance.test_command_line import assert_one_line, run
from tests.conftest import environment_of
from tests.fixtures.forecast_days import expect, report_until, sell
from tests.fixtures.shop_pulls import Opener
from tests.fixtures.shops import product, sale
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance
HOSTILE = "<script>alert(1)</script>$x^{"
SUNDAY = date(2026, 3, 8)
ORIGIN = SUNDAY + timedelta(days=14)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def environment(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    unit_of_work_of: Opener,
    database_url: str,
    services: ServiceUrls,
    home: Path,
) -> dict[str, str]:
    """Acme sold a hostile SKU, TEA and CUP daily for six weeks; CUP lacks sums, OLD never sold; globex has nothing."""
    opener = unit_of_work_of(acme)
    with opener() as work:
        skus = [product(each) for each in (HOSTILE, "TEA", "CUP", "OLD")]
        work.products.upsert(work.companies.get().id, skus, SUNDAY)
    for n in range(42):
        day = ORIGIN - timedelta(days=41 - n)
        gone = n in (20, 21, 22)
        lines = [] if gone else [sale(1000 + n, HOSTILE, 3 + n % 4, day)]
        sell(opener, *lines, sale(2000 + n, "TEA", 9, day), sale(3000 + n, "CUP", 1, day))
    report_until(opener, ORIGIN)
    for origin in (SUNDAY, ORIGIN):
        days = [origin + timedelta(days=n) for n in range(1, 29)]
        for sku, units in ((HOSTILE, 5.0), ("TEA", 6.0), ("CUP", 1.0)):
            for model in ("ensemble", "arima"):
                expect(opener, sku, dict.fromkeys(days, units), model, origin)
    with psycopg.connect(database_url) as owner:
        owner.execute(f'SET search_path = "{schema_of(acme)}"'.encode())
        add_rows(owner)
    score_forecasts(opener, as_of=ORIGIN)
    return {**environment_of(database_url, services.redis_url), "CAPLIQUIFY_HOME": str(home)}


def add_rows(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """Three days out of stock, a plan of the SKU and one of the company, sums of two SKUs."""
    owner.execute(
        "INSERT INTO inventory_history (product_id, location, snapshot_date, quantity_on_hand) "
        "SELECT id, 'shop', %s::date - 41 + n, 0 FROM products, generate_series(19, 22) AS n WHERE sku = %s",
        (ORIGIN, HOSTILE),
    )
    owner.execute(
        "INSERT INTO planned_events (company_id, product_id, kind, first_day, last_day, discount, note) "
        "SELECT company_id, id, 'PROMOTION', %s::date + 3, %s::date + 5, 0.2, '<b>spring</b>' "
        "FROM products WHERE sku = %s",
        (ORIGIN, ORIGIN, HOSTILE),
    )
    owner.execute(
        "INSERT INTO planned_events (company_id, kind, first_day, last_day) "
        "SELECT id, 'CLOSED', %s::date + 10, %s::date + 10 FROM companies",
        (ORIGIN, ORIGIN),
    )
    owner.execute(
        "INSERT INTO cumulative_forecasts (company_id, product_id, forecast_origin, days, model_version, "
        "predicted_value, p025, p10, p25, p50, p75, p90, p95, p975, p99) "
        "SELECT company_id, id, %s, days, '1', days * 5, days, days * s, days * 5, days * 5, days * 5, days * 6, "
        "days * 7, days * 8, days * 9 FROM products, (VALUES (7), (28)) AS d (days), (VALUES (%s, 2), ('TEA', 4)) "
        "AS w (named, s) WHERE sku = named",
        (ORIGIN, HOSTILE),
    )


def test_one_sku_is_drawn_beside_its_sums_in_eighty_columns(environment: dict[str, str]) -> None:
    ended = run(
        {**environment, "COLUMNS": "80"}, "forecast", "show", "acme", HOSTILE, "--days", "28"
    )
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    drawn = lines[-14:]
    assert drawn[0].startswith("   10.0 ")
    assert drawn[-1].startswith("* sold   x out of stock   o expected")
    assert "xxx" in drawn[10]
    # A promotion of three days, and a day on which the whole company is closed.
    assert drawn[-3].split() == ["eee", "e"]
    assert drawn[-2].split("|")[1].endswith((ORIGIN + timedelta(days=28)).isoformat())
    assert any("o" * 28 in line for line in drawn)
    assert max(map(len, drawn)) <= 79
    assert "\x1b" not in ended.stdout
    assert ["28", "140.0", "56.0", "140.0", "168.0", "196.0"] in [
        re.findall(r"[\d.]+", line) for line in lines
    ]


def test_the_page_shows_what_a_vendor_named_as_text_and_asks_nobody(
    environment: dict[str, str], tmp_path: Path
) -> None:
    page = tmp_path / "mug.html"
    page.write_text("the one before")
    ended = run(environment, "forecast", "show", "acme", "--sku", HOSTILE, "--html", str(page))
    assert ended.returncode == 0, ended.stderr
    text = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;$x^{" in text
    assert "&lt;b&gt;spring&lt;/b&gt;" in text
    assert not re.search(r"<script|<b>spring|https?:|//|url\(|<link|<img|\son\w+=", text)
    # Three days out of stock and two plans; the past in two parts, what was said of it, the ensemble and a member.
    assert (text.count("<rect"), text.count("<polyline"), text.count("<polygon")) == (5, 5, 1)
    assert "all products: closed, 2026-04-01 to 2026-04-01" in text
    assert list(tmp_path.iterdir()) == [page]


def test_the_picture_is_a_png_whatever_the_sku_is_called(
    environment: dict[str, str], tmp_path: Path
) -> None:
    picture = tmp_path / "mug.png"
    ended = run(environment, "forecast", "show", "acme", HOSTILE, "--png", str(picture), "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert picture.read_bytes().startswith(PNG)
    assert [each["days"] for each in json.loads(ended.stdout)["sums"]] == [7, 28]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("show", "acme", "--png", "a.png"), "sku: a picture and a page are of one SKU; name it"),
        (("show", "acme", "TEA", "--sku", "CUP"), "sku: 'TEA' and 'CUP' are two; give one"),
        (("show", "acme", "OLD", "--html", "a"), "sku: there is no forecast to draw: nothing was"),
        (
            ("show", "acme", "TEA", "--html", "/no/such"),
            "html: /no/such cannot be written: No such",
        ),
        (("show", "acme", "TEA", "--png", "/"), "png: / is a folder; name a file"),
        (("list", "nobody"), "there is no tenant 'nobody'"),
        (("accuracy", "acme", "--sku", "MUG"), "sku: acme has no product 'MUG'"),
        (("accuracy", "acme", "--ahead", "3"), "ahead: '3' is none of 1-7, 8-14, 15-28, 29+, all"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    environment: dict[str, str], command: tuple[str, ...], line: str
) -> None:
    assert_one_line(run(environment, "forecast", *command), 2, line)


def test_skus_are_listed_by_demand_risk_or_accuracy_and_those_without_a_forecast_last(
    environment: dict[str, str],
) -> None:
    def listed(*options: str) -> list[dict[str, object]]:
        ended = run(environment, "forecast", "list", "acme", "--json", *options)
        assert ended.returncode == 0, ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines()]

    tea, hostile, cup, old = listed()
    assert [each["sku"] for each in (tea, hostile, cup, old)] == ["TEA", HOSTILE, "CUP", "OLD"]
    assert (tea["units"], tea["days"]) == ("168.00", 28)
    # (6 − 4) / 5 and (6 − 2) / 5 of the sums; the bounds 0 to 2 of each day, as P10 to P90 of a normal spread.
    risks = [(each["risk"], each["risk_of"]) for each in (tea, hostile, cup, old)]
    assert risks == [("0.4000", "sum"), ("0.8000", "sum"), ("1.3077", "days"), (None, None)]
    assert (tea["wape"], tea["weeks"], cup["wape"]) == ("0.3333", 2, "0.0000")
    assert (old["reason"], old["origin"]) == ("nothing was sold yet", None)
    assert [each["sku"] for each in listed("--sort", "risk")] == ["CUP", HOSTILE, "TEA", "OLD"]
    assert [each["sku"] for each in listed("--sort", "accuracy", "--limit", "1")] == ["TEA"]


def test_a_sku_that_is_not_forecast_any_more_does_not_stand_among_the_others(
    environment: dict[str, str], acme: UUID, database_url: str
) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute(f'SET search_path = "{schema_of(acme)}"'.encode())
        owner.execute(
            "DELETE FROM forecasts WHERE forecast_origin = %s "
            "AND product_id = (SELECT id FROM products WHERE sku = 'CUP')",
            (ORIGIN,),
        )
    listed = run(environment, "forecast", "list", "acme", "--json")
    found = {row["sku"]: row for row in map(json.loads, listed.stdout.splitlines())}
    assert found["CUP"]["reason"] == "is not forecast any more; the last was made from 2026-03-08"
    assert found["TEA"]["reason"] is None


def test_the_list_is_a_table_with_the_reasons(environment: dict[str, str]) -> None:
    shown = run(environment, "forecast", "list", "acme").stdout
    assert "no forecast: nothing was sold yet" in shown
    assert "4 of 4 products; 3 are forecast" in shown
    assert (
        run(environment, "forecast", "list", "globex").stdout == "0 of 0 products; 0 are forecast\n"
    )


def test_accuracy_is_shown_by_week_and_model(environment: dict[str, str]) -> None:
    ended = run(
        environment, "forecast", "accuracy", "acme", "--sku", "TEA", "--json", "--weeks", "1"
    )
    assert ended.returncode == 0, ended.stderr
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    keys = [(row["week_start"], row["model"], row["days_ahead"]) for row in rows]
    assert keys == [
        ("2026-03-16", model, ahead) for model in ("arima", "ensemble") for ahead in ("8-14", "all")
    ]
    assert (rows[3]["wape"], rows[3]["bias"], rows[3]["rmsse"]) == ("0.3333", "-0.3333", None)
    assert (rows[3]["coverage"], rows[3]["pinball"]) == ("1.0000", "0.1500")
    shown = run(environment, "forecast", "accuracy", "acme")
    assert sum("ensemble" in line for line in shown.stdout.splitlines()) == 2
    none = run(environment, "forecast", "accuracy", "globex").stdout
    assert none == "globex: no week is scored yet; `forecasts.score` does it nightly\n"
