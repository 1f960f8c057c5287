"""The table of rooms in docs/architecture.md says what import-linter enforces and what the code does."""

import re
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.findall(
    r"^\| `([\w/.]+)` \| .+ \| ([^|]+) \|$",
    (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
USES = {name.removesuffix("/").removesuffix(".py").replace("/", "."): use for name, use in ROWS}


def layers() -> list[list[str]]:
    """The rooms from the top down, in the words of the contracts; those side by side in one list."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    found = {
        tuple(each.get("containers", ())): each["layers"]
        for each in linter["importlinter"]["contracts"]
        if each["type"] == "layers"
    }
    house, shared = found[()], found["shared",]
    inside = [[f"shared.{room}" for room in layer.split(" | ")] for layer in shared]
    return [[room] for room in house if room != "shared"] + inside


LAYERS = layers()
LEVEL = {room: level for level, layer in enumerate(LAYERS) for room in layer}


def below(room: str) -> set[str]:
    return {other for other, level in LEVEL.items() if level > LEVEL[room]}


def allowed(room: str) -> set[str]:
    """The rooms that the table lets this one use."""
    if USES[room] == "everything below":
        return below(room)
    named = re.findall(r"`(\w+)`", USES[room])
    assert named or USES[room] == "–", USES[room]
    shared = {other for other in LEVEL if other.startswith("shared.")}
    return {
        each
        for name in named
        for each in (shared if name == "shared" else {name if name in LEVEL else f"shared.{name}"})
    }


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "shared" else parts[0]


@pytest.fixture(scope="module")
def used() -> dict[str, set[str]]:
    graph = grimp.build_graph(*{room.partition(".")[0] for room in LEVEL}, cache_dir=None)
    uses: dict[str, set[str]] = {room: set() for room in LEVEL}
    for module in graph.modules - {"shared"}:
        imported = map(room_of, graph.find_modules_directly_imported_by(module))
        uses[room_of(module)] |= set(imported) - {room_of(module)}
    return uses


def test_the_table_has_the_rooms_of_the_contracts_from_the_top_down() -> None:
    assert set(USES) == set(LEVEL)
    assert [LEVEL[room] for room in USES] == sorted(LEVEL.values())


@pytest.mark.parametrize("room", USES)
def test_a_room_may_use_only_what_lies_below_it(room: str) -> None:
    assert allowed(room) <= below(room)


@pytest.mark.parametrize("room", USES)
def test_a_room_uses_only_what_the_table_says(room: str, used: dict[str, set[str]]) -> None:
    assert used[room] <= allowed(room)
