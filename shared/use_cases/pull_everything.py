"""Pull all that a tenant has connected: one job a service, so that each has its own attempts and limits."""

from dataclasses import dataclass

from shared.use_cases.ports import OpenUnitOfWork

# What brings the records of each type of service.
PULLS = {"ecommerce": "sales.pull", "accounting": "books.pull"}


@dataclass(frozen=True, slots=True)
class ServicesAsked:
    """The services that are being pulled."""

    services: list[str]


def pull_everything(open_unit_of_work: OpenUnitOfWork) -> ServicesAsked:
    """Asks for a pull of each service that is connected; without one nothing follows."""
    with open_unit_of_work() as work:
        asked = [
            (task, service)
            for service_type, task in PULLS.items()
            for service in work.credentials.connected(service_type)
        ]
        if not work.jobs.have_followed():
            for task, service in asked:
                # One that has been put off by its vendor goes on; a second would wait beside it.
                if not work.jobs.is_live(task, service):
                    work.jobs.enqueue(task, {"service": service})
    return ServicesAsked([service for _, service in asked])
