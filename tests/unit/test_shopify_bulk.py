"""How a bulk file of products is dealt: what belongs together is read together."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest

from shared.connectors.shopify.bulk import BulkRunner, Finished
from shared.connectors.shopify.client import ShopifyClient
from shared.errors import AccessForbidden, CursorExpired, GiveUp, VendorUnavailable, WindowTooLarge
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
    root: dict[str, object] = {
        "id": f"gid://shopify/ProductVariant/{number}",
        "sku": sku,
        "inventoryItem": {"id": item},
    }
    return [root, {"id": f"gid://shopify/InventoryLevel/{number}", "__parentId": item}]


class Operation(File):
    """A vendor that has one operation."""

    def __init__(self, **given: object) -> None:
        super().__init__(b"")
        whole = {"status": "COMPLETED", "errorCode": None, "fileSize": None, "url": None, **given}
        self._body = {"data": {"bulkOperation": whole}}

    def send(self, _call: Call) -> Answer:
        return Answer(200, {}, self._body)


def wait(**given: object) -> Finished:
    vendor = Operation(**given)
    return BulkRunner(ShopifyClient(vendor), vendor, lambda _s: None).wait("an operation")


ORDER = "gid://shopify/Order/1"
ROOT = {"id": ORDER, "test": False}
# As the vendor writes it, so that it is dealt without being parsed.
CHILD = f'{{"id":"gid://shopify/LineItem/2","name":"a","__parentId":"{ORDER}"}}'


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (CHILD.replace('"name":"a"', '"name":a'), f"bulk line of {ORDER}"),
        (CHILD.replace("}", "]"), "bulk line 2"),
        (CHILD.replace('"a"', "[" * 2000 + "]" * 2000), f"bulk line of {ORDER}"),
        ("[" * 2000 + "]" * 2000, "bulk line 2"),
        ("null", "bulk line 2"),
        ('{"name":"a"}', "bulk line 2"),
    ],
)
@pytest.mark.parametrize("given", [True, False], ids=["length known", "length unknown"])
def test_a_line_that_nobody_can_read_is_set_aside_alone(line: str, key: str, given: bool) -> None:
    rows = [json.dumps(ROOT), line, CHILD]
    content = "\n".join(rows).encode()
    vendor = File(content)
    finished = Finished("a file", 3, 1, len(content) if given else None)
    (bucket,) = BulkRunner(ShopifyClient(vendor), vendor, lambda _s: None).read(finished, 0)
    assert (bucket.roots, [each["name"] for each in bucket.take(ORDER)]) == ([ROOT], ["a"])
    assert [(each.record_key, each.field) for each in bucket.malformed] == [(key, "line")]


def test_a_child_is_dealt_alike_whether_it_need_be_parsed_or_not() -> None:
    parsed = json.dumps(json.loads(CHILD))
    named_within = CHILD.replace('"a"', json.dumps(',"__parentId":"gid://shopify/Order/9"}'))
    rows = [CHILD, parsed, json.dumps(ROOT), named_within]
    content = "\n".join(rows).encode()
    vendor = File(content)
    runner = BulkRunner(ShopifyClient(vendor), vendor, lambda _s: None)
    buckets = list(runner.read(Finished("a file", 4, 16_000, len(content)), 0))
    (bucket,) = (each for each in buckets if each.roots)
    assert len(bucket.take(ORDER)) == 3
    assert sum(len(each.children) for each in buckets) == 0


def test_a_line_without_an_end_is_left_before_it_fills_the_memory() -> None:
    handed_out = 0

    class Endless(File):
        def download(self, _url: str) -> AbstractContextManager[Iterator[bytes]]:
            return nullcontext(self._pieces())

        def _pieces(self) -> Iterator[bytes]:
            nonlocal handed_out
            while True:
                handed_out += 1
                yield b"x" * 4_000_000

    vendor = Endless(b"")
    runner = BulkRunner(ShopifyClient(vendor), vendor, lambda _s: None)
    with pytest.raises(GiveUp, match="a line of the bulk file is longer than any record"):
        list(runner.read(Finished("https://files/1", 1, 1, None), 0))
    assert handed_out == 9


def test_objects_without_a_file_are_no_empty_result() -> None:
    with pytest.raises(CursorExpired, match="has 900 objects and no file"):
        wait(objectCount="900", rootObjectCount="300", fileSize="51200")


def test_no_objects_and_no_file_are_an_empty_result() -> None:
    assert wait(objectCount="0", rootObjectCount="0") == Finished(None, 0, 0, None)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"objectCount": "many", "rootObjectCount": "1"}, VendorUnavailable),
        ({"objectCount": None}, VendorUnavailable),
        ({"status": "FAILED", "errorCode": "ACCESS_DENIED"}, AccessForbidden),
        ({"status": "FAILED", "errorCode": "TIMEOUT"}, WindowTooLarge),
        ({"status": "EXPIRED"}, CursorExpired),
        ({"status": 5}, CursorExpired),
    ],
)
def test_an_operation_that_did_not_end_well_says_how_to_go_on(
    given: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        wait(**given)


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
