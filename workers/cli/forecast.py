"""`capliquify forecast`: what is expected to sell, and how good that was."""

import typer

from workers.cli.forecast_accuracy import accuracy
from workers.cli.forecast_contest import evaluate
from workers.cli.forecast_list import list_skus
from workers.cli.forecast_show import show

app = typer.Typer(no_args_is_help=True, help="What each SKU is expected to sell.")
app.command()(show)
app.command("list")(list_skus)
app.command()(accuracy)
app.command()(evaluate)
