"""The rows of a bulk operation: one JSON object a line, children with the id of their parent."""

import json
import mmap
import random
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from graphql import DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode
from graphql.utilities import value_from_ast_untyped

from sandbox.shopify.bulk_rules import fields_of, fragments_of
from sandbox.shopify.nodes import Connection, Node

Arguments = dict[str, Any]
Roots = Callable[[str, Arguments], Iterable[Node]]


@dataclass(frozen=True, slots=True)
class Plan:
    """A selected field; `inner` is what is selected of it, of its nodes where it is a connection."""

    name: str
    key: str
    arguments: Arguments
    inner: tuple["Plan", ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many objects were written, and how many of them have no parent."""

    objects: int
    roots: int


def write_rows(document: DocumentNode, roots: Roots, target: BinaryIO) -> Counts:
    """Writes the answer, each parent before its children; the last line has no line end."""
    objects = root_objects = 0
    for row, is_root in _all_rows(document, roots):
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        target.write((f"\n{text}" if objects else text).encode())
        objects += 1
        root_objects += is_root
    return Counts(objects, root_objects)


def shuffle_lines(path: Path, seed: int) -> None:
    """Puts the lines of a file in another order, most children before their parents."""
    if path.stat().st_size == 0:
        return
    other = path.with_suffix(".shuffled")
    with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as text:
        starts = array("Q", [0])
        while (found := text.find(b"\n", starts[-1])) >= 0:
            starts.append(found + 1)
        starts.append(len(text) + 1)
        order = list(range(len(starts) - 1))
        random.Random(seed).shuffle(order)  # noqa: S311 - an order, the same every time
        with other.open("wb") as target:
            for place, line in enumerate(order):
                content = text[starts[line] : starts[line + 1] - 1]
                target.write(b"\n" + content if place else content)
    other.replace(path)


def _all_rows(document: DocumentNode, roots: Roots) -> Iterator[tuple[Node, bool]]:
    fragments = fragments_of(document)
    operation = next(
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    )
    for each in fields_of(operation.selection_set, fragments):
        plan = _plan(each, fragments)
        for node in roots(plan.name, plan.arguments):
            for place, row in enumerate(_rows_of(node, plan, None)):
                yield row, place == 0


def _rows_of(node: Node, plan: Plan, parent: str | None) -> Iterator[Node]:
    children: list[tuple[Plan, Connection]] = []
    row = _pick(node, plan.inner, children)
    if parent is not None:
        row["__parentId"] = parent
    yield row
    for inner, connection in children:
        for child in connection.select(**inner.arguments):
            yield from _rows_of(child, inner, node["id"])


def _pick(value: Node, plans: tuple[Plan, ...], children: list[tuple[Plan, Connection]]) -> Node:
    picked: Node = {}
    for plan in plans:
        found = value[plan.name]
        if isinstance(found, Connection):
            children.append((plan, found))
            continue
        if callable(found):
            found = found(None, **plan.arguments)
        if plan.inner and isinstance(found, list):
            picked[plan.key] = [_pick(each, plan.inner, children) for each in found]
        elif plan.inner and found is not None:
            picked[plan.key] = _pick(found, plan.inner, children)
        else:
            picked[plan.key] = found
    return picked


def _plan(node: FieldNode, fragments: Mapping[str, SelectionSetNode]) -> Plan:
    arguments = {
        each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()
    }
    inner: list[Plan] = []
    if node.selection_set is not None:
        for each in fields_of(node.selection_set, fragments):
            plan = _plan(each, fragments)
            # `edges` and `node` are no fields of the answer: what is below them is.
            through = each.name.value in ("edges", "node")
            inner.extend(plan.inner if through else (plan,))
    key = node.alias.value if node.alias is not None else node.name.value
    return Plan(node.name.value, key, arguments, tuple(inner))
