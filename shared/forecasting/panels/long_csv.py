"""Series in long format (unique_id, ds, y) as panels, with what followed them."""

import csv
import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from shared.errors import InvalidInput
from shared.forecasting.arrays import Floats
from shared.forecasting.panels.panel import LARGEST_AMOUNT, Panel

COLUMNS = ("unique_id", "ds", "y")
DAYS_OF_A_WEEK = 7
Rows = dict[str, list[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class Exam:
    """A panel, and what followed it: `actual` has the shape (series, horizon), NaN where unknown."""

    panel: Panel
    actual: Floats


def read_exams(train: Path, test: Path, season: int, horizon: int) -> list[Exam]:
    """Return the series of both files, daily ones apart by the day on which they end.

    With a season of 7, `ds` is a day and days that are left out are days without a sale; with any
    other season the rows follow one another. Raises `InvalidInput` that names file, line and
    field.
    """
    if season < 1 or horizon < 1:
        raise InvalidInput("season-length and horizon: give whole numbers from 1 on")
    past, future = _read(train), _read(test)
    missing = sorted(set(past) - set(future))
    if missing:
        raise InvalidInput(
            f"{test}: unique_id {missing[0]!r} has no rows here; give each series' horizon"
        )
    if season == DAYS_OF_A_WEEK:
        return _daily(train, past, future, horizon)
    histories = {name: np.array([y for _, y in rows]) for name, rows in past.items()}
    return [_exam(histories, _after(future, histories, horizon), season, None)]


def _daily(path: Path, past: Rows, future: Rows, horizon: int) -> list[Exam]:
    by_end: dict[date, dict[str, Floats]] = defaultdict(dict)
    for name, rows in past.items():
        days = [(_day(path, name, ds), y) for ds, y in rows]
        by_end[days[-1][0]][name] = _calendar(days)
    return [
        _exam(histories, _after(future, histories, horizon), DAYS_OF_A_WEEK, end)
        for end, histories in sorted(by_end.items())
    ]


def _calendar(days: list[tuple[date, float]]) -> Floats:
    values = np.zeros((days[-1][0] - days[0][0]).days + 1)
    for day, y in days:
        values[(day - days[0][0]).days] = y
    return values


def _exam(histories: dict[str, Floats], actual: Floats, season: int, end: date | None) -> Exam:
    periods = max(values.size for values in histories.values())
    matrix = np.full((len(histories), periods), np.nan)
    for row, values in enumerate(histories.values()):
        matrix[row, periods - values.size :] = values
    start = None if end is None else end - timedelta(days=periods - 1)
    return Exam(Panel(tuple(histories), matrix, season, start), actual)


def _after(future: Rows, histories: dict[str, Floats], horizon: int) -> Floats:
    actual = np.full((len(histories), horizon), np.nan)
    for row, name in enumerate(histories):
        values = [y for _, y in future[name]][:horizon]
        actual[row, : len(values)] = values
    return actual


def _day(path: Path, name: str, ds: str) -> date:
    try:
        return date.fromisoformat(ds[:10])
    except ValueError:
        raise InvalidInput(
            f"{path}: ds of {name!r} is {ds!r}; give a day such as 2026-03-31"
        ) from None


def _read(path: Path) -> Rows:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _rows(path, csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path}: cannot be read ({type(error).__name__}); give a CSV file"
        ) from None


def _rows(path: Path, reader: "csv.DictReader[str]") -> Rows:
    absent = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if absent:
        raise InvalidInput(f"{path}: column {absent[0]} is missing; the columns are unique_id,ds,y")
    rows: Rows = defaultdict(list)
    for row in reader:
        rows[row["unique_id"]].append((row["ds"] or "", _amount(path, reader.line_num, row["y"])))
    if not rows:
        raise InvalidInput(f"{path}: no rows; give at least one series")
    for name, each in rows.items():
        each.sort()
        if len({ds for ds, _ in each}) < len(each):
            raise InvalidInput(f"{path}: unique_id {name!r} has a ds twice; add the rows up first")
    return dict(rows)


def _amount(path: Path, line: int, text: str | None) -> float:
    if text in (None, "", "NA", "NaN", "nan"):
        return math.nan
    try:
        amount = float(text or "")
    except ValueError:
        amount = -1.0
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise InvalidInput(f"{path}: y on line {line} is {text!r}; give an amount from 0 on")
    return amount
