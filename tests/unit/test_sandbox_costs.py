"""What the stand-in charges: near to what the vendor charges for the same queries."""

from typing import Any

import pytest
from graphql import parse

from sandbox.shopify.costs import Bucket, query_cost


@pytest.mark.parametrize(
    ("query", "variables", "vendors"),
    [
        ("{ shop { name } }", {}, 1),
        ("query($n: Int!) { orders(first: $n) { nodes { id } pageInfo { endCursor } } }", {"n": 1}, 3),
        ("{ returnReasonDefinitions(first: 10) { nodes { id name } } }", {}, 6),
        ("{ bulkOperation(id: 1) { id status url } }", {}, 1),
        (
            "fragment F on Order { totalPriceSet { shopMoney { amount } } shippingLines(first: 10) "
            "{ nodes { title } } lineItems(first: 50) { nodes { id } } transactions { id } "
            "refunds { id } returns(first: 5) { nodes { id } } } { order(id: 1) { ...F } }",
            {},
            23,
        ),
    ],
)  # fmt: skip
def test_simple_queries_cost_what_the_vendor_answered(
    query: str, variables: dict[str, Any], vendors: int
) -> None:
    assert query_cost(parse(query), variables) == vendors


def test_a_bucket_refuses_what_is_not_there_and_fills_with_time() -> None:
    now = [0.0]
    bucket = Bucket(maximum=100, rate=10, clock=lambda: now[0])
    assert bucket.take(80, 60)
    assert not bucket.take(50, 50)
    now[0] = 1.0
    assert bucket.take(50, 50)
    now[0] = 1000.0
    assert bucket.take(100, 0)
    assert (bucket.available, bucket.spent, bucket.throttled) == (100, 110, 1)
