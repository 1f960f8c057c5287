"""Vendors' accounts that are kept in another currency than the company's; pure."""

from collections.abc import Mapping


def differing(currencies: Mapping[str, str], own: str) -> dict[str, str]:
    """Those of the services whose currency is not the company's own."""
    return {service: each for service, each in currencies.items() if each != own}


def what_follows(service_type: str, currency: str, own: str) -> str:
    """One sentence for who connects an account in another currency than the company's."""
    if service_type == "accounting":
        return (
            f"the books are in {currency} and the company counts in {own}; their balances are converted "
            "by the European Central Bank's rates of the day, and unknown without one"
        )
    return (
        f"the shop sells in {currency} and the company counts in {own}; its sales and costs are converted "
        "by the European Central Bank's rates of the day, and unknown without one; its list prices do not count"
    )
