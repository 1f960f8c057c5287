"""Ask for work on all that a tenant has connected: one job a service, so that each has its own attempts and limits."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from shared.use_cases.ports import OpenUnitOfWork, UnitOfWork


@dataclass(frozen=True, slots=True)
class ServicesAsked:
    """The services that are being worked on, and those connected that nothing here can work on."""

    services: list[str]
    unknown: list[str] = field(default_factory=list)


def pull_everything(open_unit_of_work: OpenUnitOfWork, pulls: Mapping[str, str]) -> ServicesAsked:
    """Asks for a pull of each service that is connected; `pulls` names the task of each that can be."""
    with open_unit_of_work() as work:
        connected = [
            service
            for service_type in ("ecommerce", "accounting")
            for service in work.credentials.connected(service_type)
        ]
        asked = _ask(work, [(pulls[each], each) for each in connected if each in pulls])
        return replace(asked, unknown=[each for each in connected if each not in pulls])


def reconcile_everything(
    open_unit_of_work: OpenUnitOfWork, settling: Collection[str]
) -> ServicesAsked:
    """Asks to hold the fees of each connected shop that is one of the `settling` against its settlements."""
    with open_unit_of_work() as work:
        shops = [each for each in work.credentials.connected("ecommerce") if each in settling]
        return _ask(work, [("sales.reconcile_fees", shop) for shop in shops])


def _ask(work: UnitOfWork, asked: list[tuple[str, str]]) -> ServicesAsked:
    if not work.jobs.have_followed():
        for task, service in asked:
            # One that has been put off by its vendor goes on; a second would wait beside it.
            if not work.jobs.is_live(task, service):
                work.jobs.enqueue(task, {"service": service})
    return ServicesAsked([service for _, service in asked])
