"""Ask for work on all that a tenant has connected: one job a service, so that each has its own attempts and limits."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from shared.domain.credential import ACCOUNTING, ECOMMERCE
from shared.domain.events import Event, PullDue
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork


@dataclass(frozen=True, slots=True)
class ServicesAsked:
    """The services that are being worked on, and those connected that nothing here can work on.

    `set_aside` counts the records that are set aside so far, by service.
    """

    services: list[str]
    unknown: list[str] = field(default_factory=list)
    set_aside: dict[str, int] = field(default_factory=dict)


def pull_everything(
    open_unit_of_work: OpenUnitOfWork,
    known: Mapping[str, str],
    one_of_each_account: Callable[[Sequence[str]], Sequence[str]] = list,
) -> ServicesAsked:
    """Asks for a pull of each account that is connected; `known` has the type of each service that can be pulled.

    Services of one account are pulled by one job: `one_of_each_account` picks the one that is asked for; each
    is an account of its own if it is left out.
    """
    with open_unit_of_work() as work:
        connected = [
            service
            for service_type in (ECOMMERCE, ACCOUNTING)
            for service in work.credentials.connected(service_type)
        ]
    picked = one_of_each_account([each for each in connected if each in known])
    with open_unit_of_work() as work:
        for service in picked:
            work.events.publish(PullDue(service, known[service]))
        unknown = [each for each in connected if each not in known]
        return ServicesAsked(list(picked), unknown, work.rejections.counts())


def ask_everywhere(
    open_unit_of_work: OpenUnitOfWork, due: Callable[[str], Event], services: Collection[str]
) -> ServicesAsked:
    """Publishes that something is `due` for each connected shop that is one of the `services`."""
    with open_unit_of_work() as work:
        shops = [each for each in work.credentials.connected(ECOMMERCE) if each in services]
        for shop in shops:
            work.events.publish(due(shop))
        return ServicesAsked(shops)
