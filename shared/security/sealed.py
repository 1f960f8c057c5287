"""What a stored secret shows without a key: its form, and the id of the key that sealed it."""

import re

from shared.errors import VaultError

FORMAT = "clq1"
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
SEALED = re.compile(rf"{FORMAT}\.({KEY_ID.pattern})\.(.+)", re.DOTALL)

# Stands where a key id stands; no key can have it for an id.
PGCRYPTO = "(pgcrypto)"
# A bytea written into a text column, and the output of pgcrypto's armor().
PGP_FORMS = re.compile(r"\\x[cC]3|-----BEGIN PGP MESSAGE-----")


def is_pgcrypto(stored: str) -> bool:
    """Whether `pgp_sym_encrypt` made it."""
    return PGP_FORMS.match(stored.lstrip()) is not None


def split_sealed(stored: str) -> tuple[str, str]:
    """Key id and encoded rest of a sealed value; raises `VaultError` for any other text."""
    found = SEALED.fullmatch(stored)
    if found is None:
        raise VaultError("vault: the stored value is not a sealed secret of this system")
    return found[1], found[2]


def sealing_key(stored: str) -> str:
    """The id of the key that sealed it, or `PGCRYPTO`; raises `VaultError` for any other text."""
    return PGCRYPTO if is_pgcrypto(stored) else split_sealed(stored)[0]
