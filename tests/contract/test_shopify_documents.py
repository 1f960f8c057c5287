"""The documents that we send, and the sandbox that answers them, held against the official schema."""

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_specified_scalar_type,
    parse,
    validate,
)

from sandbox.shopify.api import SCHEMA as SANDBOX_SCHEMA
from shared.connectors.shopify import documents

# Every document of the module; a fragment is none.
DOCUMENTS = tuple(
    name for name in vars(documents) if name.isupper() and not name.endswith("_FIELDS")
)


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
