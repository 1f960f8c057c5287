"""The mutator itself: it changes something, only in a copy, and reaches every place."""

import json
from random import Random

from tests.fixtures.mutations import ODD, mutate

DOCUMENT = {"id": "1", "lines": [{"sku": "A", "price": {"amount": "1.00"}}, {"sku": "B"}]}


def test_a_seed_makes_the_same_documents_and_the_original_stays() -> None:
    before = json.dumps(DOCUMENT)
    first = [json.dumps(mutate(DOCUMENT, Random(seed))) for seed in range(200)]
    assert first == [json.dumps(mutate(DOCUMENT, Random(seed))) for seed in range(200)]
    assert len(set(first)) > 100
    assert json.dumps(DOCUMENT) == before


def test_every_field_is_replaced_by_every_kind_of_value_and_left_out() -> None:
    random = Random(1)
    made = [mutate(DOCUMENT, random) for _ in range(20_000)]
    assert all(isinstance(each, dict) for each in made)
    kinds = {type(each["id"]) for each in made if "id" in each}
    assert kinds == {type(each) for each in ODD}
    assert any("id" not in each for each in made)
    prices = [json.dumps(each.get("lines")) for each in made]
    assert any('"amount": null' in each for each in prices)


def test_values_of_one_vendor_come_too() -> None:
    random = Random(2)
    made = [mutate({"at": "now"}, random, ("/Date(0)/",)) for _ in range(2000)]
    assert {"at": "/Date(0)/"} in made
