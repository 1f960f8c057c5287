"""Rates of currencies, for all tenants at once."""

from shared.persistence.repositories.exchange_rates import PublicRates
from shared.use_cases.refresh_rates import refresh_rates
from workers.scan import ScanContext, scan
from workers.vendors.ecb import open_rates


@scan(name="rates.refresh")
def refresh(context: ScanContext) -> int:
    """Fetches the bank's newest rates; returns how many are new or differ. Without a setting, none."""
    settings, kept = context.wiring.settings, PublicRates(context.wiring.dispatcher)
    if settings.ecb_base_url is None:
        return 0
    with open_rates(settings, settings.ecb_base_url) as source:
        return refresh_rates(source, kept, context.now)
