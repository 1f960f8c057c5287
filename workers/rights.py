"""Writes the tables of rights in `docs/security.md` from a database that is migrated for it.

Run it as `python -m workers.rights` after changing a grant; a test keeps the file current.
"""

import tempfile
from pathlib import Path

import psycopg

from shared.embedded.services import EmbeddedServices
from shared.persistence.migrations.public_line import migrate_public
from shared.persistence.operations.granted_rights import read_rights, render

DOCUMENT = Path(__file__).parents[1] / "docs" / "security.md"
BEGIN = "<!-- `make rights` writes from here"
END = "<!-- to here -->"


def put(document: str, written: str) -> str:
    """The document with other tables of rights; what stands around them stays."""
    before, begin, rest = document.partition(BEGIN)
    opening, _, _ = rest.partition("\n")
    _, end, after = rest.partition(END)
    return f"{before}{begin}{opening}\n\n{written}\n\n{end}{after}"


def main() -> None:
    """Starts a PostgreSQL of its own, migrates it, and writes what is granted there."""
    with tempfile.TemporaryDirectory(prefix="capliquify-rights-") as folder:
        # PostgreSQL runs as an account of its own where this is root.
        Path(folder).chmod(0o755)
        embedded = EmbeddedServices(Path(folder), durable=False)
        try:
            url = embedded.start_owned().database_url
            migrate_public(url)
            with psycopg.connect(url) as connection:
                written = render(read_rights(connection))
        finally:
            embedded.stop()
    DOCUMENT.write_text(put(DOCUMENT.read_text(encoding="utf-8"), written), encoding="utf-8")


if __name__ == "__main__":
    main()
