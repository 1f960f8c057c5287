"""No figure of an accounting vendor reaches a model: its terms forbid training on what its API gives."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOOK_TABLES = ("account_balances", "open_invoices")
BOOK_MODULES = (
    "shared.connectors",
    "shared.domain.accounts",
    "shared.domain.working_capital",
    "shared.persistence",
    "shared.use_cases",
)
FORECASTING = sorted((ROOT / "shared/forecasting").rglob("*.py"))
USE_CASES = [
    *sorted((ROOT / "shared/use_cases").glob("*forecast*.py")),
    ROOT / "shared/use_cases/learn_models.py",
]
UNIT_OF_WORK = ROOT / "shared/persistence/unit_of_work.py"
# Where the whole of a unit of work is described, books and all.
PORTS = "shared.use_cases.ports"


def imports_of(path: Path) -> set[str]:
    """What a file imports, also inside functions; a name may be a module of its own."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


def path_of(module: str) -> Path | None:
    """The file of a module of ours."""
    folder = ROOT / module.replace(".", "/")
    for path in (folder.with_suffix(".py"), folder / "__init__.py"):
        if path.is_file():
            return path
    return None


def reach_of(paths: list[Path]) -> set[str]:
    """All modules of ours that these files import, and what those import."""
    reached: set[str] = set()
    waiting = list(paths)
    while waiting:
        for module in imports_of(waiting.pop()) - reached:
            path = path_of(module)
            if path is not None and module.startswith("shared"):
                reached.add(module)
                waiting.append(path)
    return reached


def is_of_books(module: str) -> bool:
    return module.startswith(BOOK_MODULES)


def repositories() -> dict[str, Path]:
    """The file that is behind each name of a unit of work."""
    tree = ast.parse(UNIT_OF_WORK.read_text(encoding="utf-8"))
    modules = {
        each.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for each in node.names
    }
    found: dict[str, Path] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        built = [each.id for each in node.value.args if isinstance(each, ast.Name)]
        path = path_of(modules.get(built[0], "?")) if len(built) == 1 else None
        for target in node.targets:
            if isinstance(target, ast.Name) and path is not None:
                found[target.id] = path
    return found


def names_used(path: Path) -> set[str]:
    """The attributes that a file uses, of anything."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def reads_books(path: Path) -> bool:
    return any(table in path.read_text(encoding="utf-8") for table in BOOK_TABLES)


def test_models_know_nothing_of_the_books() -> None:
    assert FORECASTING
    reached = reach_of(FORECASTING)
    assert "shared.domain.series" in reached
    assert not [module for module in reached if is_of_books(module)]


def test_what_fits_models_imports_no_books() -> None:
    assert {path.stem for path in USE_CASES} >= {"generate_forecasts", "score_forecasts"}
    for path in USE_CASES:
        own = tuple(f"shared.use_cases.{each.stem}" for each in USE_CASES)
        direct = {each for each in imports_of(path) if not each.startswith((PORTS, *own))}
        assert not [module for module in direct if is_of_books(module)], path.name


def test_what_fits_models_reads_no_table_of_the_books() -> None:
    behind = repositories()
    assert {"sales", "forecasts", "working_capital"} <= behind.keys()
    for path in USE_CASES:
        used = names_used(path) & behind.keys()
        assert used
        assert not [name for name in used if reads_books(behind[name])], path.name


def test_the_series_come_from_sales_alone() -> None:
    assert "demand_series" in names_used(ROOT / "shared/use_cases/forecast_inputs.py")
    assert not reads_books(repositories()["sales"])


def test_the_check_would_notice() -> None:
    working_capital = ROOT / "shared/use_cases/roll_up_working_capital.py"
    behind = repositories()
    assert any(reads_books(behind[name]) for name in names_used(working_capital) & behind.keys())
    assert [module for module in reach_of([working_capital]) if is_of_books(module)]
