"""What pictures and pages of forecasts share: colours, names of lines, words of events."""

from datetime import date

from shared.persistence.operations.charted_forecasts import Charted, PlannedEvent

MEMBERS = ("arima", "prophet", "lstm")
COLOURS = {
    "sold": "#222222",
    "past": "#7a5195",
    "ensemble": "#1f5fa8",
    "arima": "#2a9d8f",
    "prophet": "#e07a1f",
    "lstm": "#b5179e",
    "gone": "#999999",
    "event": "#e9b000",
}


def event_text(event: PlannedEvent) -> str:
    """What is planned, for whom, and from when to when."""
    kind = event.kind.replace("_", " ").lower()
    share = f" {event.discount:.0%} off" if event.discount is not None else ""
    price = f" to {event.price:,.2f}" if event.price is not None else ""
    note = f" ({event.note})" if event.note else ""
    until = "" if event.last_day is None else f" to {event.last_day}"
    whose = "all products: " if event.is_companys else ""
    begin = "from " if event.last_day is None else ""
    return f"{whose}{kind}{share}{price}{note}, {begin}{event.first_day}{until}"


def gone_days(chart: Charted) -> list[date]:
    """Days on which the SKU was out of stock."""
    return [each.day for each in chart.history if each.units is None]
