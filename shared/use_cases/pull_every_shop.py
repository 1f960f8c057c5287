"""Pull all that a tenant has connected: one job a shop, so that each has its own attempts and limits."""

from dataclasses import dataclass

from shared.use_cases.ports import OpenUnitOfWork


@dataclass(frozen=True, slots=True)
class ShopsAsked:
    """The services whose sales are being pulled."""

    services: list[str]


def pull_every_shop(open_unit_of_work: OpenUnitOfWork) -> ShopsAsked:
    """Asks for a pull of each shop that is connected; without a shop nothing follows."""
    with open_unit_of_work() as work:
        asked = list(work.credentials.connected("ecommerce"))
        if not work.jobs.have_followed():
            for service in asked:
                work.jobs.enqueue("sales.pull", {"service": service})
    return ShopsAsked(asked)
