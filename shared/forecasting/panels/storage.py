"""What was learnt as bytes, and back: the nightly update starts from it without learning again."""

from collections.abc import Sequence
from dataclasses import astuple

from shared.domain.learnt_models import UnreadableModels
from shared.forecasting.panels.model import Member
from shared.forecasting.panels.packing import pack, unpack
from shared.forecasting.panels.paths import Dependence
from shared.forecasting.panels.prospect import Learnt


def pack_learnt(learnt: Learnt) -> bytes:
    """Return all that a forecast needs of it."""
    return pack(
        {
            "ids": list(learnt.ids),
            "members": {name: each.packed() for name, each in learnt.members.items()},
            "weights": dict(learnt.weights),
            "is_trimmed": learnt.is_trimmed,
            "levels": learnt.levels,
            "dependence": astuple(learnt.dependence),
            "unfit": learnt.unfit,
        }
    )


def unpack_learnt(data: bytes, members: Sequence[Member]) -> Learnt:
    """Return what was learnt; raises `UnreadableModels` where these members do not know the bytes."""
    known = {member.name: member for member in members}
    try:
        tree = unpack(data)
        fitted = {name: known[name].unpacked(each) for name, each in tree["members"].items()}
        return Learnt(
            tuple(tree["ids"]),
            fitted,
            tree["weights"],
            tree["is_trimmed"],
            tree["levels"],
            Dependence(*tree["dependence"]),
            tree["unfit"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableModels(f"no packed models: {error!r}") from None
