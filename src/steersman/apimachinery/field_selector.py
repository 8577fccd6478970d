"""Field selectors: ``metadata.name=a,status.phase!=Running`` of list and watch requests.

Specified in "Field Selectors". Which fields a kind can be selected by, and their values, is the kind's to say.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from steersman.apimachinery.errors import bad_request

Fields = Mapping[str, str]

_TERM = re.compile(r"(?:[^\\,]|\\.|\\$)+", re.DOTALL)
_OPERATOR = re.compile("!=|==|=")
_SPECIAL = re.compile(r"[\\,=]")
_ESCAPE = re.compile(r"\\(.?)|[,=]", re.DOTALL)


class Requirement(NamedTuple):
    """One term: the field must (``=``) or must not (``!=``) have the value; a field without value has the empty one."""

    field: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.field}{self.operator}{escape(self.value)}"


class FieldSelector:
    """A compiled field selector; two that say the same are equal, so it can be a dictionary's key.

    ``matches(fields)`` tells whether an object with these values is selected; ``empty`` whether everything is.
    ``str()`` is the canonical form, which :func:`parse` reads back.
    """

    __slots__ = ("_text", "empty", "matches", "requirements")

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        by_text = {str(requirement): requirement for requirement in requirements}
        ordered = sorted(by_text.items())
        self.requirements: Final = tuple(requirement for _, requirement in ordered)
        self._text: Final = ",".join(text for text, _ in ordered)
        self.empty: Final = not ordered
        self.matches: Final[Callable[[Fields], bool]] = _compile(self.requirements)

    def required_value(self, field: str) -> str | None:
        """The one value that the selector demands of the field, if it does: a shortcut to a single object."""
        for requirement in self.requirements:
            if requirement.field == field and requirement.operator == "=":
                return requirement.value
        return None

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"FieldSelector({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSelector) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def _compile(requirements: tuple[Requirement, ...]) -> Callable[[Fields], bool]:
    if not requirements:
        return lambda fields: True
    terms = tuple((field, value, operator == "=") for field, operator, value in requirements)

    def matches(fields: Fields) -> bool:
        for field, value, wanted in terms:  # noqa: SIM110 - a generator for all() costs twice the time
            if (fields.get(field, "") == value) is not wanted:
                return False
        return True

    return matches


EVERYTHING: Final = FieldSelector(())


def parse(text: str) -> FieldSelector:
    r"""The selector of ``fieldSelector=``, such as ``a=b,c!=d,e==f``; in values ``\``, ``,`` and ``=`` are escaped.

    Raises ApiError 400 BadRequest in kube-apiserver's words (``invalid selector: 'a'; can't understand 'a'``).
    """
    return FieldSelector(_requirements(text)) if text else EVERYTHING


def _requirements(text: str) -> Iterator[Requirement]:
    # Sorted, so that of two bad terms the same one is named as kube-apiserver names.
    for term in sorted(_TERM.findall(text)):
        found = _OPERATOR.search(term)
        if found is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        operator = "!=" if found[0] == "!=" else "="
        yield Requirement(term[: found.start()], operator, unescape(term[found.end() :]))


def escape(value: str) -> str:
    """A value as it stands in a selector."""
    return _SPECIAL.sub(r"\\\g<0>", value)


def unescape(text: str) -> str:
    """The value that stands in a selector; raises ApiError 400 BadRequest if it is not escaped rightly."""
    return _ESCAPE.sub(_unescape_one, text)


def _unescape_one(found: re.Match[str]) -> str:
    escaped: str | None = found[1]
    if escaped is None:
        # kube-apiserver prints the character's code point.
        raise bad_request(f"invalid field selector: unescaped character in value: {ord(found[0])}")
    if escaped == "" or escaped not in "\\,=":
        raise bad_request(f"invalid field selector: invalid escape sequence: {found[0]}")
    return escaped


def check_field_labels(selector: FieldSelector, supported: Collection[str]) -> None:
    """Raise ApiError 400 BadRequest if the selector asks for a field that is not ``supported``."""
    for requirement in selector.requirements:
        if requirement.field not in supported:
            raise bad_request(f"field label not supported: {requirement.field}")
