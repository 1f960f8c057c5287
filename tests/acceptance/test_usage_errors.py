"""What is typed wrong is one line on standard error, in every command, and exit status 2."""

import pytest
import typer
import typer.main

from tests.acceptance.test_command_line import assert_one_line, run
from workers.cli.commands import app
from workers.cli.usage import describe_usage_error

pytestmark = pytest.mark.acceptance


def paths(command: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """All commands and groups, each by the words that are typed."""
    inner: dict[str, object] = getattr(command, "commands", {})
    return [path, *(found for name, each in inner.items() for found in paths(each, (*path, name)))]


PATHS = paths(typer.main.get_command(app))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("jobs list --limit x", "--limit: 'x' should be a valid integer; see"),
        ("jobs list --limit 0", "--limit: '0' should be greater than or equal to 1; see"),
        ("jobs list --state gone", "--state: 'gone' is not one of 'queued', 'dispatched'"),
        ("tenants create acme --tier gold", "--tier: 'gold' is not one of 'starter'"),
        ("tenants create", "slug: must be given; see"),
        ("tenants set-tier acme", "tier: must be given. Choose from: starter, professional"),
        ("credentials list", "--tenant: must be given; see"),
        ("jobs list --limit", "option '--limit' requires an argument; see --help"),
        ("jobs list --limitt 3", "no such option: --limitt (Possible options: --limit); see"),
        ("jobs show one two", "got unexpected extra argument(s) (two); see"),
        ("jobs lisst", "no such command 'lisst'. Did you mean 'list'?; see"),
        ("nope", "no such command 'nope'; see"),
    ],
)
def test_each_kind_of_mistake_is_one_line(typed: str, words: str) -> None:
    ended = run({"COLUMNS": "80"}, *typed.split())
    assert_one_line(ended, 2, f"error: {words}")
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""


def test_every_command_refuses_an_unknown_option_in_one_line_that_names_its_help() -> None:
    assert ("jobs", "list") in PATHS
    for path in PATHS:
        with pytest.raises(typer.TyperException) as refused:
            app([*path, "--nonsense"], prog_name="capliquify", standalone_mode=False)
        said = describe_usage_error(refused.value)
        assert said.startswith("no such option: --nonsense")
        assert said.endswith(f"; see `{' '.join(('capliquify', *path, '--help'))}`")
        assert "\n" not in said


def test_a_group_without_a_command_still_shows_its_help() -> None:
    for typed in ((), ("jobs",)):
        shown = run({}, *typed)
        assert (shown.returncode, shown.stderr) == (2, "")
        assert "Usage: " in shown.stdout
        assert "Commands" in shown.stdout
