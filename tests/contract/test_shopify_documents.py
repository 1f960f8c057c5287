"""The documents that we send, and the sandbox that answers them, held against the official schema."""

import os
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_specified_scalar_type,
    parse,
    validate,
)

from shared.connectors.shopify import documents
from shared.sandbox.shopify.api import SCHEMA as SANDBOX_SCHEMA

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("CAPLIQUIFY_SHARED", ROOT.parent / "shared"))
OFFICIAL = SHARED / "vendors" / "shopify" / "admin-2026-07.schema.nodesc.graphql"
# Every document of the module; a fragment is none.
DOCUMENTS = tuple(
    name for name in vars(documents) if name.isupper() and not name.endswith("_FIELDS")
)


@pytest.fixture(scope="module")
def official() -> GraphQLSchema:
    if not OFFICIAL.exists():
        pytest.skip("Shopify's schema may not be distributed; CAPLIQUIFY_SHARED names its folder")
    # The vendor's own file breaks a rule on deprecated interface fields.
    return build_schema(OFFICIAL.read_text(encoding="utf-8"), assume_valid=True)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid_for_the_vendor(name: str, official: GraphQLSchema) -> None:
    assert validate(official, parse(getattr(documents, name))) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid_for_the_sandbox(name: str) -> None:
    assert validate(SANDBOX_SCHEMA, parse(getattr(documents, name))) == []


def test_the_documents_are_those_that_are_sent() -> None:
    assert {"SHOP", "ORDERS", "REFUNDS", "BULK_RUN", "BULK_ORDERS"} <= set(DOCUMENTS)


def test_the_check_notices_a_field_that_does_not_exist(official: GraphQLSchema) -> None:
    wrong = documents.SHOP.replace("ianaTimezone", "timezoneName")
    assert validate(official, parse(wrong)) != []


def test_every_type_of_the_sandbox_is_as_the_vendor_has_it(official: GraphQLSchema) -> None:
    for name, ours in SANDBOX_SCHEMA.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(ours):
            continue
        # The vendor names its root type QueryRoot.
        theirs = official.query_type if name == "Query" else official.type_map.get(name)
        assert type(theirs) is type(ours), name
        if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
            assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
            for field, definition in ours.fields.items():
                assert str(theirs.fields[field].type) == str(definition.type), f"{name}.{field}"
                for argument, its in definition.args.items():
                    assert str(theirs.fields[field].args[argument].type) == str(its.type)
        if isinstance(ours, GraphQLEnumType):
            assert isinstance(theirs, GraphQLEnumType)
            assert set(ours.values) <= set(theirs.values), name
