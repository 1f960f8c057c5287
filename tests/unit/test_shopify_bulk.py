"""How a bulk file of products is dealt: what belongs together is read together."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest

from shared.connectors.shopify.bulk import BulkRunner, Finished
from shared.connectors.shopify.client import ShopifyClient
from shared.use_cases.vendors import Answer, Call


class File:
    """A vendor that has one file."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def send(self, _call: Call) -> Answer:
        raise AssertionError("nothing is asked")

    def download(self, _url: str) -> AbstractContextManager[Iterator[bytes]]:
        return nullcontext(iter((self._content,)))


def variant(number: int, sku: str | None) -> list[dict[str, object]]:
    item = f"gid://shopify/InventoryItem/{number}"
    root = {
        "id": f"gid://shopify/ProductVariant/{number}",
        "sku": sku,
        "inventoryItem": {"id": item},
    }
    return [root, {"id": f"gid://shopify/InventoryLevel/{number}", "__parentId": item}]


@pytest.mark.parametrize("sku", ["MUG", " MUG ", "M\tU\nG", "x\ud800", "🫖", "", None])
def test_variants_of_one_sku_stand_in_one_bucket_with_their_stock(sku: str | None) -> None:
    others = [line for number in range(10, 40) for line in variant(number, f"OTHER-{number}")]
    rows = [*variant(1, sku), *others, *variant(2, sku)]
    content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    vendor = File(content)
    runner = BulkRunner(ShopifyClient(vendor), vendor, lambda _s: None)
    # As many as make thirty-two buckets.
    finished = Finished("a file", len(rows), 16_000, len(content))
    buckets = list(runner.read(finished, 0))
    assert len(buckets) == 32
    assert sum(len(bucket.roots) for bucket in buckets) == 32
    for bucket in buckets:
        items = {root["inventoryItem"]["id"] for root in bucket.roots}
        assert set(bucket.children) == items
    ours = [n for n, bucket in enumerate(buckets) for root in bucket.roots if root["sku"] == sku]
    assert len(ours) == 2
    assert not sku or ours[0] == ours[1]
