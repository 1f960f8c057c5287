"""Compile the tenant line: each Alembic revision becomes an `up` and a `down` file of plain SQL.

Run it as `python -m shared.persistence.migrations.compiler` after adding a revision; a test keeps
the files current. Alembic takes a second to import, so nothing that serves tenants imports this.
"""

import io
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from shared.persistence.migrations.steps import COMPILED, Step

FOLDER = Path(__file__).parent
TENANT_LINE = FOLDER / "tenant"


def compile_steps(script_location: Path = TENANT_LINE) -> list[Step]:
    """Every revision of the line, oldest first, as SQL that names no schema."""
    script = ScriptDirectory(str(script_location))
    steps = []
    for number, revision in enumerate(reversed(list(script.walk_revisions())), start=1):
        before = revision.down_revision or "base"
        steps.append(
            Step(
                number=number,
                revision=revision.revision,
                up=_render(script_location, "upgrade", f"{before}:{revision.revision}"),
                down=_render(script_location, "downgrade", f"{revision.revision}:{before}"),
            )
        )
    return steps


def write_steps(steps: list[Step], folder: Path = COMPILED) -> None:
    """Writes the compiled files and removes those of revisions that are gone."""
    for old in folder.glob("*.sql"):
        old.unlink()
    for step in steps:
        for direction, text in (("up", step.up), ("down", step.down)):
            path = folder / f"{step.number:04d}_{step.revision}.{direction}.sql"
            path.write_text(text, encoding="utf-8")


def _render(script_location: Path, direction: str, span: str) -> str:
    output = io.StringIO()
    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(script_location))
    getattr(command, direction)(config, span, sql=True)
    lines = (line.rstrip() for line in output.getvalue().splitlines())
    return "\n".join(lines).strip().replace(";;", ";") + "\n"


if __name__ == "__main__":
    write_steps(compile_steps())
