"""`capliquify secrets`: the files that a deployment mounts, each with what one process may know."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit

import typer

from shared.errors import InvalidInput
from shared.persistence.tenants.logins import LOGINS, role_of
from shared.security.vault import KeyRing
from workers.cli.console import make_console

app = typer.Typer(no_args_is_help=True, help="Passwords and keys of a deployment.")
console = make_console(soft_wrap=True)

OWNER, DATABASE = "capliquify_owner", "capliquify"
# Where the servers' addresses stand, in the order in which `make_secrets` takes them.
ADDRESSES = ("owner_url", "worker_url", "redis_url")
LASTING = {"owner_url", "owner_password", "vault_keys"}
# Of Valkey's commands those that the broker, the buckets and `doctor` need: nothing that empties or reconfigures it.
VALKEY_ACL = (
    "user default off\n"
    "user capliquify on #{digest} ~* &* +@all -@dangerous -@admin +info +config|get +client|setinfo\n"
)


@app.command()
def make(
    folder: Annotated[Path, typer.Argument(help="A new folder, such as ./secrets")],
    postgresql: Annotated[str, typer.Option(help="PostgreSQL's host and port")] = "postgresql:5432",
    pooler: Annotated[str, typer.Option(help="PgBouncer's host and port")] = "pgbouncer:6432",
    valkey: Annotated[str, typer.Option(help="Valkey's host and port")] = "valkey:6379",
) -> None:
    """Make every secret of a deployment: a password a login, none of which opens another's door."""
    files = make_secrets(postgresql, pooler, valkey)
    try:
        # Nobody may put another folder in its place, whatever the umask is.
        for above in reversed([each for each in folder.absolute().parents if not each.exists()]):
            above.mkdir(mode=0o755)
            above.chmod(0o755)
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise InvalidInput(f"folder: {folder} exists; secrets are never overwritten") from None
    except OSError as error:
        raise InvalidInput(f"folder: {folder} cannot be made: {error.strerror}") from None
    # Nobody else enters the folder. A container's own account must read what is mounted, whoever that is there.
    for name, text in files.items():
        with os.fdopen(
            os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w"
        ) as file:
            file.write(text)
    console.print(
        f"{len(files)} files in {folder}; keep a copy of vault_keys where no backup of the database lies"
    )


@app.command()
def renew(
    folder: Annotated[Path, typer.Argument(help="The folder that `make` wrote")],
    keys: Annotated[
        bool, typer.Option("--key", help="A new vault key before the old ones, not new passwords")
    ] = False,
) -> None:
    """Make new passwords for every login, the broker and Flower, or a new vault key; the rest stays.

    Then `capliquify migrate --set-passwords` and a restart; after a new key, `capliquify credentials rotate-keys`.
    """
    try:
        kept = {
            path.name: path.read_text(encoding="utf-8")
            for path in folder.iterdir()
            if path.is_file()
        }
        files = _with_new_key(kept) if keys else _with_new_passwords(kept)
        for name, text in files.items():
            draft = folder / f".{name}.new"
            draft.write_text(text, encoding="utf-8")
            draft.chmod(0o444)
            draft.replace(folder / name)
    except OSError as error:
        raise InvalidInput(f"folder: {folder}: {error.strerror}") from None
    except (KeyError, ValueError):
        raise InvalidInput(f"folder: {folder} is not what `secrets make` wrote") from None
    console.print(f"renewed: {', '.join(sorted(files))}")


def _with_new_passwords(kept: Mapping[str, str]) -> dict[str, str]:
    """All but the owner's, which is the server's, and the vault's keys, which open what is sealed."""
    addresses = [urlsplit(kept[name]).netloc.rpartition("@")[2] for name in ADDRESSES]
    made = make_secrets(*addresses)
    return {name: text for name, text in made.items() if name not in LASTING}


def _with_new_key(kept: Mapping[str, str]) -> dict[str, str]:
    ring = KeyRing.parse(kept["vault_keys"].strip())
    number = next(n for n in count(2) if f"k{n}" not in ring.ids)
    return {"vault_keys": f"{KeyRing.generate(f'k{number}')},{kept['vault_keys'].strip()}"}


def make_secrets(postgresql: str, pooler: str, valkey: str) -> dict[str, str]:
    """The texts by file name."""
    passwords = {login: secrets.token_urlsafe(24) for login in LOGINS}
    owner, broker = secrets.token_urlsafe(24), secrets.token_urlsafe(24)

    def url(role: str, password: str, address: str) -> str:
        return f"postgresql://{role}:{quote(password, safe='')}@{address}/{DATABASE}"

    files = {f"{login}_url": url(role_of(login), passwords[login], pooler) for login in LOGINS}
    users = "".join(f'"{role_of(login)}" "{password}"\n' for login, password in passwords.items())
    return {
        **files,
        # LISTEN and migrations go straight to PostgreSQL.
        "listen_url": url(role_of("dispatcher"), passwords["dispatcher"], postgresql),
        "owner_url": url(OWNER, owner, postgresql),
        "owner_password": owner,
        "pgbouncer_users": users,
        "redis_url": f"redis://capliquify:{quote(broker, safe='')}@{valkey}/0",
        "valkey_acl": VALKEY_ACL.format(digest=hashlib.sha256(broker.encode()).hexdigest()),
        "vault_keys": KeyRing.generate(),
        "flower_auth": f"operator:{secrets.token_urlsafe(24)}",
    }
