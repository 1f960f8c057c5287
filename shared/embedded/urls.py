"""What a caller learns about the servers: their addresses and their state."""

import re
from dataclasses import dataclass
from pathlib import Path

_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*@")


def masked(url: str) -> str:
    """Return `url` with its password replaced by ***."""
    return _PASSWORD.sub(r"\1***@", url)


@dataclass(frozen=True, repr=False)
class ServiceUrls:
    """Addresses with passwords; only `repr` and `str` are safe to show."""

    database_url: str
    redis_url: str

    def __repr__(self) -> str:
        return f"ServiceUrls({masked(self.database_url)}, {masked(self.redis_url)})"


@dataclass(frozen=True)
class ServiceStatus:
    """One server; `pid` and `port` are None while it does not run, `version` until it first ran."""

    name: str
    running: bool
    pid: int | None
    port: int | None
    version: str | None
    data_folder: Path
