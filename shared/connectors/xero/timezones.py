"""Xero's names of time zones, which are those of Windows without spaces, as IANA names."""

import re

from tzlocal.windows_tz import win_tz

from shared.errors import InvalidInput

# Nearly all of them have these words; dots and hyphens stand in Windows' own spelling only.
NOISE = re.compile(r"STANDARDTIME|[ .-]")


def _key(name: str) -> str:
    return NOISE.sub("", name.upper().replace(" ", ""))


# What Windows has retired, and the one name that is not to change.
ZONES = {_key(name): zone for name, zone in win_tz.items()} | {
    "KAMCHATKA": "Asia/Kamchatka",
    "MIDATLANTIC": "Etc/GMT+2",
    "UTC": "UTC",
}


def iana_zone(name: object) -> str:
    """The IANA name; raises `InvalidInput` for one that is not known, since a guess moves days."""
    zone = ZONES.get(_key(str(name or "").strip()))
    if zone is None:
        raise InvalidInput(
            f"Timezone: {str(name)[:40]!r} is not one of Xero's; set another in the organisation's settings"
        )
    return zone
