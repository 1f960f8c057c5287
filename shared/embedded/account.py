"""The operating system user that PostgreSQL runs as."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import ServiceError

_STAND_IN = "nobody"


@dataclass(frozen=True)
class Account:
    """`name` is None when it is the user of this process."""

    name: str | None
    uid: int
    gid: int

    def give(self, path: Path) -> None:
        """Make this user the owner of `path`."""
        if self.name is not None:
            os.chown(path, self.uid, self.gid)

    def identity(self) -> dict[str, Any]:
        """Return the arguments with which subprocess runs a program as this user."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, folder: Path) -> bool:
        """True when this user may pass through `folder` and every folder above it."""
        if self.name is None:
            return True
        above = (folder, *folder.parents)
        return all(path.stat().st_mode & stat.S_IXOTH for path in above)


def server_account() -> Account:
    """Return this process's user, or `nobody` for root, as which PostgreSQL refuses to run.

    Raises ServiceError when there is no such user.
    """
    if os.geteuid() != 0:
        return Account(None, os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(_STAND_IN)
    except KeyError:
        raise ServiceError(
            f"PostgreSQL does not run as root and the user {_STAND_IN!r} is missing: "
            "run as another user or set DATABASE_URL"
        ) from None
    return Account(_STAND_IN, entry.pw_uid, entry.pw_gid)
