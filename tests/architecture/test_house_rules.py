"""Rules of the house that no linter knows."""

import ast
import re
import socket
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("shared", "workers", "tasks", "schedules", "sandbox", "demo")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "base", "models_old", "stuff"}
TOP_LEVEL = {
    ".ci", ".dockerignore", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile",
    "LICENSE", "Makefile", "README.md", "benchmarks", "demo", "docker-compose.yml", "docs", "pyproject.toml",
    "requirements-dev.lock", "requirements.lock", "sandbox", "schedules", "shared", "tasks", "tests", "workers",
}  # fmt: skip
# Each of these once named five things; say what a thing is and what it does instead.
DIALECT = re.compile(
    r"(?<![a-z])(told|tells?|telling|mend(s|ed|ing)?|anew)(?![a-z])", re.IGNORECASE
)
LONGEST_FILE = 400
LONGEST_TASK_BODY = 12


def tracked() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return listing.stdout.splitlines()


def test_the_top_level_holds_what_the_plan_says() -> None:
    assert {path.partition("/")[0] for path in tracked()} <= TOP_LEVEL


def test_the_hooks_of_a_commit_run_what_make_check_runs() -> None:
    [local] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))[
        "repos"
    ]
    assert local["repo"] == "local"
    assert {hook["language"] for hook in local["hooks"]} == {"system"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    check = makefile.partition("\ncheck:")[2].partition("\n\n")[0].splitlines()[1:]
    asked = [line.strip().replace("$(BIN)", ".venv/bin") for line in check]
    assert [hook["entry"] for hook in local["hooks"]] == asked


def test_types_are_checked_in_rooms_tests_and_benchmarks_and_nowhere_waved_through() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert settings["strict"]
    assert sorted(settings["files"]) == sorted([*ROOMS, "tests", "benchmarks"])
    assert [
        each for each in settings["overrides"] if {"ignore_errors", "follow_imports"} & set(each)
    ] == []


def test_every_room_says_that_it_is_typed() -> None:
    assert [room for room in ROOMS if f"{room}/py.typed" not in tracked()] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_named_for_what_it_holds(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    assert path.stem not in BANNED
    assert path.parent.name not in BANNED


def test_every_room_says_in_one_sentence_what_lives_there() -> None:
    for path in SOURCES:
        if path.name == "__init__.py" and "versions" not in path.parts:
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
            assert text, path


def test_every_public_function_and_class_has_a_docstring() -> None:
    missing = []
    for path in SOURCES:
        if "migrations" in path.parts or "ports" in path.parts:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                missing.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert missing == []


def test_every_method_of_a_port_says_what_whoever_fulfils_it_must_do() -> None:
    missing = []
    for path in (ROOT / "shared" / "use_cases" / "ports").glob("*.py"):
        for port in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(port, ast.ClassDef):
                continue
            # What a unit of work reaches is named by its type.
            methods = [] if port.name == "UnitOfWork" else port.body
            missing += [
                f"{path.name}: {port.name}, {each.name}"
                for each in (port, *methods)
                if isinstance(each, ast.FunctionDef | ast.ClassDef) and not ast.get_docstring(each)
            ]
    assert missing == []


def test_a_task_is_thin() -> None:
    for path in (ROOT / "tasks").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.body[0].lineno + 1 <= LONGEST_TASK_BODY, (
                    node.name
                )


def test_settings_are_read_by_workers_only() -> None:
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] not in {"workers", "demo"}:
            assert "workers.settings" not in path.read_text(encoding="utf-8"), path


def test_sql_that_names_public_tables_stays_in_persistence() -> None:
    statement = re.compile(
        r"\b(SELECT\s[^;]{0,400}?\sFROM\s|INSERT INTO\s|UPDATE [\w.]+ SET\s|DELETE FROM\s)"
    )
    for path in SOURCES:
        parts = path.relative_to(ROOT).parts
        # The embedded server makes its one database before any of ours is there; the demo is no product.
        if (
            parts[:2] not in {("shared", "persistence"), ("shared", "embedded")}
            and parts[0] != "demo"
        ):
            assert not statement.search(path.read_text(encoding="utf-8")), path


def test_no_path_of_a_machine_and_no_registry_stands_in_the_tree() -> None:
    address = re.compile(
        r"(index-url|find-links) ?[=:]|/home/\w+/|/Users/\w+/|\"resolved\": \"http"
    )
    for name in tracked():
        path = ROOT / name
        if path.suffix in {".gz", ".png"} or path == Path(__file__).resolve() or not path.is_file():
            continue
        assert not address.search(path.read_text(encoding="utf-8")), name


def _is_generated_or_frozen(name: str) -> bool:
    return name.startswith(
        (
            # `make migrations` writes these from the revisions.
            "shared/persistence/migrations/tenant/compiled/",
            # A revision that tenants stand at keeps its text: its compiled files must stay as they were.
            "shared/persistence/migrations/tenant/versions/t0002",
            # Words of other people's records.
            "sandbox/data/",
        )
    )


def _said_in_dialect(text: str) -> list[str]:
    return [line for line in text.splitlines() if DIALECT.search(line)]


def test_names_and_prose_use_plain_words() -> None:
    assert _said_in_dialect("the shop has told_nothing") != []
    assert _said_in_dialect("intelligence, amended, a toll") == []
    found = [
        f"{name}: {line.strip()}"
        for name in tracked()
        if Path(name).suffix in {".py", ".md", ".sql", ".mjs"}
        and (ROOT / name).is_file()
        and (ROOT / name) != Path(__file__).resolve()
        and not _is_generated_or_frozen(name)
        for line in _said_in_dialect((ROOT / name).read_text(encoding="utf-8"))
    ]
    assert found == [], "say reports, shows, names, fix, again"


def test_no_test_reaches_beyond_this_machine() -> None:
    # 192.0.2.1 is reserved for documentation: nobody answers there.
    with pytest.raises(SocketConnectBlockedError), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if "cli" in path.parts], ids=lambda path: path.name
)
def test_commands_print_through_the_console_that_shows_text_as_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name != "console.py":
        assert not re.search(r"(?<!make_)\bConsole\(", text)
        assert "typer.echo(json" not in text
