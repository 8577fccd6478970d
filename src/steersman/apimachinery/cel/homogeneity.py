"""The rule that all elements of a list literal, and all keys and values of a map literal, are of one type.

The language lets them differ; Kubernetes does not, but for what is formatted.
"""

from collections.abc import Iterator, Mapping, Sequence

from steersman.apimachinery.cel.errors import Problem
from steersman.apimachinery.cel.syntax import Expression, ListLiteral, MapLiteral
from steersman.apimachinery.cel.types import DYN, Kind, Type


def mixed_elements(literals: Sequence[ListLiteral | MapLiteral], types: Mapping[Expression, Type]) -> Iterator[Problem]:
    """What is not of the type of the first element, key or value of its literal."""

    def type_of(part: Expression, optional: bool) -> Type:
        found = types[part]
        return found.parameters[0] if optional and found.kind is Kind.OPTIONAL else found

    for literal in literals:
        if isinstance(literal, ListLiteral):
            columns = [[(part, position in literal.optional) for position, part in enumerate(literal.elements)]]
        else:
            columns = [
                [(entry.key, False) for entry in literal.entries],
                [(entry.value, entry.optional) for entry in literal.entries],
            ]
        for column in columns:
            expected = type_of(*column[0]) if column else DYN
            for part, optional in column:
                found = type_of(part, optional)
                if found != expected:
                    yield part.offset, f"expected type '{expected}' but found '{found}'"
                    break
