"""Ask for work on all that a tenant has connected: one job a service, so that each has its own attempts and limits."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.use_cases.ports import OpenUnitOfWork, UnitOfWork


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
    pulls: Mapping[str, str],
    one_of_each_account: Callable[[Sequence[str]], Sequence[str]] = list,
) -> ServicesAsked:
    """Asks for a pull of each account that is connected; `pulls` names the task of each service that can be.

    Services of one account are pulled by one job: `one_of_each_account` picks the one that is asked for; each
    is an account of its own if it is left out.
    """
    with open_unit_of_work() as work:
        connected = [
            service
            for service_type in ("ecommerce", "accounting")
            for service in work.credentials.connected(service_type)
        ]
    picked = one_of_each_account([each for each in connected if each in pulls])
    with open_unit_of_work() as work:
        asked = _ask(work, [(pulls[each], each) for each in picked])
        unknown = [each for each in connected if each not in pulls]
        return replace(asked, unknown=unknown, set_aside=work.rejections.counts())


def ask_everywhere(
    open_unit_of_work: OpenUnitOfWork, task: str, services: Collection[str]
) -> ServicesAsked:
    """Asks for a task on each connected shop that is one of the `services`."""
    with open_unit_of_work() as work:
        shops = [each for each in work.credentials.connected("ecommerce") if each in services]
        return _ask(work, [(task, shop) for shop in shops])


def _ask(work: UnitOfWork, asked: list[tuple[str, str]]) -> ServicesAsked:
    if not work.jobs.have_followed():
        for task, service in asked:
            # One that has been put off by its vendor goes on; a second would wait beside it.
            if not work.jobs.is_live(task, service):
                work.jobs.enqueue(task, {"service": service})
    return ServicesAsked([service for _, service in asked])
