"""Vendors' accounts that are kept in another currency than the company's; pure."""

from collections.abc import Mapping


def differing(currencies: Mapping[str, str], own: str) -> dict[str, str]:
    """Those of the services whose currency is not the company's own."""
    return {service: each for service, each in currencies.items() if each != own}


def what_follows(service_type: str, currency: str, own: str) -> str:
    """One sentence for who connects an account in another currency than the company's."""
    if service_type == "accounting":
        return (
            f"the books are in {currency} and the company counts in {own}; nothing is converted: their "
            "balances are kept, and left out of working capital; `capliquify figures enter` takes converted ones"
        )
    return (
        f"the shop sells in {currency} and the company counts in {own}; nothing is converted: a day with its "
        "sales has no revenue in working capital, and its prices and costs do not count; units and forecasts do"
    )
