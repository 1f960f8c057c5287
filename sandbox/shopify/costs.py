"""What a query costs in points, and the leaky bucket that pays for it.

The vendor publishes no formula that its answers keep to; this one is fitted to answers of the real API:
an object costs 1, scalars and money nothing, a connection of n nodes 2 + node · (1 + log2 n).
A mutation costs 10; `nodes(ids:)` is taken for a connection of so many nodes.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

CONNECTION_COST = 2
MUTATION_COST = 10
# What makes a field a connection here: its page size.
PAGE_ARGUMENTS = {"first", "last"}
FREE = {"pageInfo", "nodes", "edges", "node", "shopMoney", "presentmentMoney", "unitCost", "amount"}


def query_cost(document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """The requested cost of a document with its variables."""
    fragments = {
        each.name.value: each.selection_set
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    operation = next(
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    )
    if operation.operation is OperationType.MUTATION:
        return MUTATION_COST
    return max(1, round(_cost_of(operation.selection_set, fragments, variables)))


def _cost_of(
    selections: SelectionSetNode,
    fragments: Mapping[str, SelectionSetNode],
    variables: Mapping[str, Any],
) -> float:
    total = 0.0
    for selection in selections.selections:
        if isinstance(selection, FragmentSpreadNode):
            total += _cost_of(fragments[selection.name.value], fragments, variables)
        elif isinstance(selection, InlineFragmentNode):
            total += _cost_of(selection.selection_set, fragments, variables)
        elif isinstance(selection, FieldNode) and selection.selection_set is not None:
            inner = _cost_of(selection.selection_set, fragments, variables)
            size = _page_size(selection, variables)
            if size is not None:
                total += CONNECTION_COST + max(1.0, inner + 1) * (1 + math.log2(max(1, size)))
            else:
                name = selection.name.value
                total += inner + (name not in FREE and not name.endswith("Set"))
    return total


def _page_size(node: FieldNode, variables: Mapping[str, Any]) -> int | None:
    for argument in node.arguments or ():
        if argument.name.value in PAGE_ARGUMENTS:
            if isinstance(argument.value, VariableNode):
                return int(variables.get(argument.value.name.value) or 0)
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value)
        if argument.name.value == "ids":
            return _count_ids(argument.value, variables)
    return None


def _count_ids(value: ValueNode, variables: Mapping[str, Any]) -> int:
    if isinstance(value, VariableNode):
        return len(variables.get(value.name.value) or ())
    return len(value.values) if isinstance(value, ListValueNode) else 1


@dataclass
class Bucket:
    """The points of one shop: `maximum` at once, `rate` a second. `spent` adds up what was taken."""

    maximum: float
    rate: float
    clock: Callable[[], float] = time.monotonic
    spent: float = 0.0
    throttled: int = 0
    available: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self.available, self._at = self.maximum, self.clock()

    def resize(self, maximum: float, rate: float) -> None:
        """Another plan: a full bucket of so many points, which fills so fast."""
        self.maximum, self.rate = maximum, rate
        self.available, self._at = maximum, self.clock()

    def take(self, requested: float, actual: float) -> bool:
        """Takes the actual cost if the whole requested one is there; counts a refusal otherwise."""
        now = self.clock()
        self.available = min(self.maximum, self.available + (now - self._at) * self.rate)
        self._at = now
        if requested > self.available:
            self.throttled += 1
            return False
        self.available -= actual
        self.spent += actual
        return True

    def describe(self, requested: float, actual: float | None) -> dict[str, Any]:
        """`extensions` as the vendor sends them."""
        status = {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available),
            "restoreRate": self.rate,
        }
        cost = {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": status,
        }
        return {"cost": cost}
