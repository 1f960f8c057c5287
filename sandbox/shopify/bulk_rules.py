"""What the vendor wants of the query of a bulk operation, and what it says where that is missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
    parse,
    validate,
)

MOST_CONNECTIONS = 5
DEEPEST = 2
NODES = (
    "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: "
    "'{first} {{ edges {{ node {{'. Selecting via 'nodes' is not supported. "
    "Invalid connection fields: {all}."
)
NO_ID = (
    "The parent 'node' field for a nested connection must select the 'id' field without an alias and "
    "must be of 'ID' return type. Connection fields without 'id': {all}."
)


@dataclass(slots=True)
class _Findings:
    """What a walk over the query has met."""

    connections: int = 0
    depth: int = 0
    with_nodes: list[str] = field(default_factory=list)
    without_id: list[str] = field(default_factory=list)
    in_list: bool = False


def read_bulk_query(schema: GraphQLSchema, query: str) -> tuple[DocumentNode | None, list[str]]:
    """The parsed query, and what the vendor has against it."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [f"Invalid bulk query: {error.message}"]
    operations = [
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    ]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        return None, ["Invalid operation type. Only `query` operations are supported."]
    if errors := validate(schema, document):
        return None, [f"Invalid bulk query: {error.message}" for error in errors]
    problems = list(_judge(schema, document, operations[0]))
    return (None if problems else document), problems


def fragments_of(document: DocumentNode) -> dict[str, SelectionSetNode]:
    """The selections of a document's fragments by their names."""
    return {
        each.name.value: each.selection_set
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }


def fields_of(
    selections: SelectionSetNode, fragments: Mapping[str, SelectionSetNode]
) -> Iterator[FieldNode]:
    """All fields of a selection, those of its fragments too."""
    for each in selections.selections:
        if isinstance(each, FieldNode):
            yield each
        elif isinstance(each, FragmentSpreadNode):
            yield from fields_of(fragments[each.name.value], fragments)
        elif isinstance(each, InlineFragmentNode):
            yield from fields_of(each.selection_set, fragments)


def _judge(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Iterator[str]:
    fragments = fragments_of(document)
    for each in fields_of(operation.selection_set, fragments):
        if each.name.value in ("node", "nodes"):
            yield f"Bulk queries cannot contain a top level `{each.name.value}` field."
    findings = _Findings()
    walk = _Walk(fragments, findings)
    if schema.query_type is not None:
        walk.visit(operation.selection_set, schema.query_type, None, depth=-1, in_list=False)
    if findings.connections == 0:
        yield "Bulk queries must contain at least one connection."
    if findings.with_nodes:
        names = ", ".join(f"'{name}'" for name in findings.with_nodes)
        yield NODES.format(first=findings.with_nodes[0], all=names)
    if findings.in_list:
        yield "Queries that contain a connection field within a list field are not currently supported."
    if findings.connections > MOST_CONNECTIONS:
        yield f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections."
    if findings.depth > DEEPEST:
        yield f"Bulk queries cannot contain connections with a nesting depth greater than {DEEPEST}."
    if findings.without_id:
        yield NO_ID.format(all=", ".join(findings.without_id))


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through a query; a connection is a field whose type is named so."""

    fragments: Mapping[str, SelectionSetNode]
    findings: _Findings

    def visit(
        self,
        selections: SelectionSetNode,
        of_type: GraphQLObjectType,
        parent: FieldNode | None,
        *,
        depth: int,
        in_list: bool,
    ) -> None:
        """Looks at the fields below `parent`, the connection around them."""
        for each in fields_of(selections, self.fragments):
            definition = of_type.fields.get(each.name.value)
            if definition is None or each.selection_set is None:
                continue
            inner = get_named_type(definition.type)
            if not isinstance(inner, GraphQLObjectType):
                continue
            if inner.name.endswith("Connection"):
                self._enter(each, each.selection_set, inner, parent, depth + 1, in_list)
            else:
                listed = in_list or (each.name.value != "edges" and _is_list(definition.type))
                self.visit(each.selection_set, inner, parent, depth=depth, in_list=listed)

    def _enter(
        self,
        node: FieldNode,
        selections: SelectionSetNode,
        of_type: GraphQLObjectType,
        parent: FieldNode | None,
        depth: int,
        in_list: bool,
    ) -> None:
        findings, name = self.findings, node.name.value
        findings.connections += 1
        findings.depth = max(findings.depth, depth)
        findings.in_list = findings.in_list or in_list
        if any(each.name.value == "nodes" for each in fields_of(selections, self.fragments)):
            findings.with_nodes.append(name)
        if parent is not None and not self._selects_id(parent):
            findings.without_id.append(parent.name.value)
        self.visit(selections, of_type, node, depth=depth, in_list=in_list)

    def _selects_id(self, connection: FieldNode) -> bool:
        fields = [connection]
        for name in ("edges", "node"):
            inner = [each.selection_set for each in fields if each.selection_set is not None]
            fields = [
                each
                for selections in inner
                for each in fields_of(selections, self.fragments)
                if each.name.value == name
            ]
        return any(
            each.name.value == "id" and each.alias is None
            for node in fields
            if node.selection_set is not None
            for each in fields_of(node.selection_set, self.fragments)
        )


def _is_list(of_type: GraphQLOutputType) -> bool:
    inner = of_type.of_type if is_non_null_type(of_type) else of_type
    return is_list_type(inner)
