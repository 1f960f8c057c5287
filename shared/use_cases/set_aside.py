"""Set records aside: kept with the field at fault, and said to whoever is to be notified."""

from collections.abc import Sequence

from shared.domain.credential import StoredCredential
from shared.domain.events import RecordsSetAside
from shared.domain.sales import RejectedRecord
from shared.use_cases.ports.unit_of_work import UnitOfWork


def set_aside(
    work: UnitOfWork,
    credential: StoredCredential,
    stream: str,
    records: Sequence[RejectedRecord],
) -> None:
    """Keeps the records of a stream that could not be used."""
    if not records:
        return
    work.rejections.add(credential.id, stream, records)
    work.events.publish(RecordsSetAside(credential.service_name, stream, len(records)))
