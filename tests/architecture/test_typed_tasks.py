"""The type checker reads a task's declaration: what is misspelt or does not fit is an error."""

from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).resolve().parents[2]
PREAMBLE = """
from dataclasses import dataclass
from workers.queues import Queue
from workers.definition import Arguments, JobContext
from workers.task import task

class Greet(Arguments):
    name: str

@dataclass(frozen=True)
class Greeted:
    words: int
"""
RIGHT = """
@task(name="test.greet", queue=Queue.SYNC, arguments=Greet, result=Greeted, max_attempts=3)
def greet(context: JobContext, arguments: Greet) -> Greeted:
    return Greeted(len(arguments.name))
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    return tmp_path / "declared.py"


def check(module: Path, declaration: str) -> list[str]:
    """What mypy finds with the project's own settings, a line each; none when all is well."""
    module.write_text(PREAMBLE + declaration, encoding="utf-8")
    found, problems, _ = api.run(
        ["--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary", str(module)]
    )
    assert problems == ""
    return [line.partition(" error: ")[2] for line in found.splitlines() if " error: " in line]


def test_a_task_that_is_declared_well_passes(module: Path) -> None:
    assert check(module, RIGHT) == []


def test_a_misspelt_option_is_named(module: Path) -> None:
    [error] = check(module, RIGHT.replace("max_attempts=3", "max_attempt=3"))
    assert 'Unexpected keyword argument "max_attempt" for "task"' in error


def test_a_function_that_returns_something_else_than_its_result_is_refused(module: Path) -> None:
    [error] = check(
        module,
        RIGHT.replace("-> Greeted:", "-> int:").replace("Greeted(len(arguments.name))", "1"),
    )
    assert "Greeted" in error
    assert "[arg-type]" in error


def test_a_function_that_takes_other_arguments_is_refused(module: Path) -> None:
    [error] = check(
        module, RIGHT.replace("arguments: Greet)", "arguments: str)").replace(".name", "")
    )
    assert "Greet" in error
    assert "[arg-type]" in error


def test_an_argument_that_is_misspelt_in_the_body_is_named(module: Path) -> None:
    [error] = check(module, RIGHT.replace("arguments.name", "arguments.nmae"))
    assert '"Greet" has no attribute "nmae"' in error


def test_a_queue_that_is_none_is_named(module: Path) -> None:
    [error] = check(module, RIGHT.replace("Queue.SYNC", "Queue.SINK"))
    assert '"type[Queue]" has no attribute "SINK"' in error
