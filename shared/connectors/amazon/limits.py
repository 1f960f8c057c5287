"""Amazon's rate limits by operation, and how an answer corrects them."""

import math
from collections.abc import Callable, Mapping

from shared.domain.limit import Limit, Quota

# Gives the limit of an operation, shared by all who call for the same account.
Limits = Callable[[str, Quota], Limit]

HEADER = "x-amzn-ratelimit-limit"
# Burst and requests a second as the models publish them; sellers may have more.
QUOTAS = {
    "searchOrders": Quota(20, 0.0056),
    "createReport": Quota(15, 0.0167),
    "getReport": Quota(15, 2.0),
    "getReports": Quota(10, 0.0222),
    "getReportDocument": Quota(15, 0.0167),
    "listTransactions": Quota(10, 0.5),
    "getInventorySummaries": Quota(2, 2.0),
    "getMarketplaceParticipations": Quota(15, 0.016),
}


def reported_rate(headers: Mapping[str, str]) -> float | None:
    """Requests a second by the answer's header; None where it is missing or no rate."""
    try:
        rate = float(headers.get(HEADER, ""))
    except ValueError:
        return None
    return rate if math.isfinite(rate) and rate > 0 else None
