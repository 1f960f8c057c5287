"""`capliquify forecast evaluate`: our forecasts beside SCUM's on series of yours."""

from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from workers.cli.console import echo_json, make_console
from workers.cli.terminal_tables import Column, print_table

console = make_console()
MEASURES = ("rmsse", "mase", "wape", "wape_median", "pinball", "msis", "coverage_80", "coverage_95")


def evaluate(  # noqa: PLR0913, PLR0917 - options of a command
    train: Annotated[Path, typer.Option(help="CSV with unique_id,ds,y: what is learnt from")],
    test: Annotated[Path, typer.Option(help="CSV with the same columns: what came after it")],
    season_length: Annotated[
        int,
        typer.Option(min=1, help="Periods of a season: 7 for days, 52 for weeks, 12 for months"),
    ],
    horizon: Annotated[int, typer.Option(min=1, max=365, help="How many periods ahead")],
    models: Annotated[
        str | None,
        typer.Option(help="Members of the ensemble, with commas between; all if left out"),
    ] = None,
    zero_shot_folder: Annotated[
        Path | None,
        typer.Option(help="A foundation model's folder, for `zero-shot` among the models"),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that the peer SCUM may use")] = 1,
    peer: Annotated[bool, typer.Option(help="Run SCUM beside ours")] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object as the last line")
    ] = False,
) -> None:
    """Forecast series whose end is known, and score it beside SCUM, measured in the same run.

    A ratio below 1 is better than SCUM; the interval is a bootstrap over series. WAPE is of all
    series together, once of the mean and once of the median.
    """
    from shared.forecasting.threads import limit_to_one_thread  # noqa: PLC0415

    limit_to_one_thread()
    from shared.forecasting.panels.contest import Contest, run_contest  # noqa: PLC0415  slow to load
    from shared.forecasting.panels.long_csv import read_exams  # noqa: PLC0415

    names = [each.strip() for each in models.split(",")] if models else []
    asked = Contest(season_length, horizon, names, jobs, peer, zero_shot_folder)
    report = run_contest(read_exams(train, test, season_length, horizon), asked)
    if as_json:
        echo_json(_as_json(report))
    else:
        _print(report)


def _as_json(value: Any) -> Any:
    """The same with null for what has no number: NaN is no JSON."""
    if isinstance(value, dict):
        return {name: _as_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _print(report: dict[str, Any]) -> None:
    console.print(f"{report['series']} series, {report['horizon']} periods ahead")
    rows = [
        [name, *(_figure(scores.get(measure)) for measure in MEASURES)]
        for name, scores in report["models"].items()
    ]
    print_table(console, [Column(title) for title in ("model", *MEASURES)], rows)
    for name, found in report.get("ratios_to_scum", {}).items():
        console.print(
            f"{name}: {found['ratio']:.3f} of SCUM's ({found['low']:.3f} to {found['high']:.3f})"
        )
    if "win_rate" in report:
        console.print(f"RMSSE lower than SCUM's on {100 * report['win_rate']:.0f} % of the series")
    for name, value in report["calibration"].items():
        console.print(f"{name}: {value:.3f}")
    for name, value in report["cpu_ms_a_series"].items():
        console.print(f"{name}: {value:,.0f} ms of CPU a series")
    for weights in report["weights"]:
        console.print(
            "weights: " + ", ".join(f"{name} {share:.2f}" for name, share in weights.items())
        )


def _figure(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.3f}"  # noqa: PLR0124  NaN
