"""A stand-in for the European Central Bank's two files of rates."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared.connectors.ecb.client import HISTORY, NEWEST
from shared.domain.exchange_rates import DayRate

SATURDAY = 5
# Where made-up rates begin; each working day they move a little.
START = {"USD": "1.0800", "GBP": "0.8600", "JPY": "160.00", "PLN": "4.3000", "SEK": "11.200"}
FAULTS = ("absent", "empty", "html", "half")


def made_up_rates(first: date, last: date) -> list[DayRate]:
    """Rates of each working day, the same for the same days."""
    rates = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        if day.weekday() < SATURDAY:
            for at, (currency, start) in enumerate(START.items()):
                swing = (day.toordinal() * (7 + at)) % 101 - 50
                rate = Decimal(start) * (1 + Decimal(swing) / 2000)
                rates.append(DayRate(day, currency, rate.quantize(Decimal(start))))
    return rates


class EcbSandbox:
    """Serves those rates; `fault` makes the next answers wrong in one of FAULTS."""

    def __init__(self, rates: Sequence[DayRate]) -> None:
        self.rates = list(rates)
        self.fault: str | None = None
        self.asked: list[str] = []

    @property
    def routes(self) -> list[Route]:
        """Where the bank has its files."""
        return [Route(NEWEST, self._newest), Route(HISTORY, self._history)]

    async def _newest(self, _request: Request) -> Response:
        self.asked.append("newest")
        last = max(each.day for each in self.rates)
        return self._answer(
            "eurofxref.csv", _newest_table([r for r in self.rates if r.day == last])
        )

    async def _history(self, _request: Request) -> Response:
        self.asked.append("history")
        return self._answer("eurofxref-hist.csv", _history_table(self.rates))

    def _answer(self, name: str, table: str) -> Response:
        if self.fault == "absent":
            return PlainTextResponse("Not Found", 404)
        if self.fault == "html":
            return PlainTextResponse("<!DOCTYPE html><title>Maintenance</title>")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, "" if self.fault == "empty" else table)
        data = packed.getvalue()
        half = data[: len(data) // 2] if self.fault == "half" else data
        return Response(half, media_type="application/zip")


def _newest_table(rates: Sequence[DayRate]) -> str:
    header = ", ".join(["Date", *(each.currency for each in rates), ""])
    cells = ", ".join([f"{rates[0].day:%d %B %Y}", *(f"{each.rate}0" for each in rates), ""])
    return f"{header}\n{cells}\n"


def _history_table(rates: Sequence[DayRate]) -> str:
    currencies = sorted({each.currency for each in rates})
    by_day: dict[date, dict[str, Decimal]] = {}
    for each in rates:
        by_day.setdefault(each.day, {})[each.currency] = each.rate
    lines = [",".join(["Date", *currencies, ""])]
    for day, found in sorted(by_day.items(), reverse=True):
        cells = (str(found.get(currency, "N/A")) for currency in currencies)
        lines.append(",".join([day.isoformat(), *cells, ""]))
    return "\n".join(lines) + "\n"
