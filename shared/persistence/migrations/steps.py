"""The compiled steps of the tenant line, as they lie in the package."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

COMPILED = Path(__file__).parent / "tenant" / "compiled"
ROLES = Path(__file__).parent / "roles.sql"


@dataclass(frozen=True, slots=True)
class Step:
    """One revision: the SQL that brings a schema there, and back to the one before."""

    number: int
    revision: str
    up: str
    down: str


@cache
def load_steps(folder: Path = COMPILED) -> tuple[Step, ...]:
    """All steps, oldest first."""
    steps = []
    for path in sorted(folder.glob("*.up.sql")):
        number, _, revision = path.name.removesuffix(".up.sql").partition("_")
        down = path.with_name(path.name.replace(".up.sql", ".down.sql"))
        steps.append(
            Step(
                number=int(number),
                revision=revision,
                up=path.read_text(encoding="utf-8"),
                down=down.read_text(encoding="utf-8"),
            )
        )
    return tuple(steps)


def position_of(revision: str | None) -> int:
    """How far along the line a revision is; 0 for none.

    One that this release does not know is a newer release's, beyond the line's end.
    """
    if revision is None:
        return 0
    steps = load_steps()
    return next((step.number for step in steps if step.revision == revision), len(steps) + 1)


def newest_revision() -> str:
    """The revision that every tenant's schema should stand at."""
    return load_steps()[-1].revision


def newest_public_revision() -> str:
    """The revision that the public schema should stand at, read from the names of its files."""
    files = (Path(__file__).parent / "public" / "versions").glob("p*.py")
    return max(path.stem.partition("_")[0] for path in files)
