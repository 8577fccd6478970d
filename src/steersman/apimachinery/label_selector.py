"""Label selectors: the string form of list and watch requests, and the object form of ``spec.selector``.

Both compile to one closure over an object's labels. Specified in "Labels and Selectors", section "Label selectors".
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from steersman.apimachinery.errors import FieldError, bad_request, field_invalid, render_value
from steersman.apimachinery.names import check_label_key, check_label_value

Labels = Mapping[str, str]
Matcher = Callable[[Labels], bool]

_TOKEN = re.compile(r"[ \t\r\n]*(==|!=|[=!(),<>]|[^=!(),<> \t\r\n]+)")
_SYMBOLS = frozenset(("==", "!=", "=", "!", "(", ")", ",", "<", ">"))
_END = ""
_INTEGER = re.compile("[+-]?[0-9]+")
_BINARY = {"in": "in", "notin": "notin", "=": "=", "==": "=", "!=": "!=", ">": "gt", "<": "lt"}
_OBJECT_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


class Requirement(NamedTuple):
    """One term: ``operator`` is ``=``, ``!=``, ``in``, ``notin``, ``exists``, ``!``, ``gt`` or ``lt``."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _TEXT[self.operator].format(self.key, ",".join(self.values))


_TEXT = {
    "=": "{0}={1}",
    "!=": "{0}!={1}",
    "in": "{0} in ({1})",
    "notin": "{0} notin ({1})",
    "exists": "{0}",
    "!": "!{0}",
    "gt": "{0}>{1}",
    "lt": "{0}<{1}",
}


class Selector:
    """A compiled label selector; two of the same meaning term by term are equal, so it can be a dictionary's key.

    ``matches(labels)`` tells whether an object with these labels is selected; ``empty`` whether everything is.
    ``str()`` is the canonical form, which :func:`parse` reads back.
    """

    __slots__ = ("_text", "empty", "matches", "requirements")

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        by_text = {str(requirement): requirement for requirement in requirements}
        ordered = sorted(by_text.items(), key=lambda item: (item[1].key, item[0]))
        self.requirements: Final = tuple(requirement for _, requirement in ordered)
        self._text: Final = ",".join(text for text, _ in ordered)
        self.empty: Final = not ordered
        self.matches: Final[Matcher] = _all([_compile(requirement) for requirement in self.requirements])

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Selector({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def _all(matchers: Sequence[Matcher]) -> Matcher:
    if not matchers:
        return lambda labels: True
    if len(matchers) == 1:
        return matchers[0]

    def matches(labels: Labels) -> bool:
        for matcher in matchers:  # noqa: SIM110 - a generator for all() costs twice the time
            if not matcher(labels):
                return False
        return True

    return matches


def _compile(requirement: Requirement) -> Matcher:
    key, operator, values = requirement
    if operator in ("gt", "lt"):
        return _compare(key, operator, int(values[0]))
    if operator in ("in", "notin") and len(values) > 1:
        chosen = frozenset(values)
        if operator == "in":
            return lambda labels: labels.get(key) in chosen
        return lambda labels: labels.get(key) not in chosen
    value = values[0] if values else ""
    return _SINGLE[operator](key, value)


# A label's value is never None, so an absent label equals no value.
_SINGLE: dict[str, Callable[[str, str], Matcher]] = {
    "=": lambda key, value: lambda labels: labels.get(key) == value,
    "in": lambda key, value: lambda labels: labels.get(key) == value,
    "!=": lambda key, value: lambda labels: labels.get(key) != value,
    "notin": lambda key, value: lambda labels: labels.get(key) != value,
    "exists": lambda key, value: lambda labels: key in labels,
    "!": lambda key, value: lambda labels: key not in labels,
}


def _compare(key: str, operator: str, bound: int) -> Matcher:
    greater = operator == "gt"

    def matches(labels: Labels) -> bool:
        value = labels.get(key)
        if value is None or not _is_int64(value):
            return False
        return int(value) > bound if greater else int(value) < bound

    return matches


def _is_int64(text: str) -> bool:
    # Twenty characters hold every 64 bit number; the bound keeps int() off long strings of digits.
    return len(text) <= 20 and _INTEGER.fullmatch(text) is not None and -(2**63) <= int(text) < 2**63


EVERYTHING: Final = Selector(())


def parse(text: str) -> Selector:
    """The selector of ``labelSelector=``, such as ``a=b,c!=d,e in (f,g),h notin (i),j,!k,x>1``; empty selects all.

    Raises ApiError 400 BadRequest in kube-apiserver's words: ``unable to parse requirement: …``.
    """
    if not text:
        return EVERYTHING
    try:
        return Selector(_Parser(text).requirements())
    except _SyntaxError as error:
        raise bad_request(str(error)) from None


class _SyntaxError(Exception):
    """What is wrong with a selector's text."""


class _Parser:
    """Reads requirements from tokens; ``in`` and ``notin`` are operators only where an operator stands."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = [*_TOKEN.findall(text), _END]
        self._at = 0

    def requirements(self) -> Iterator[Requirement]:
        found = self._peek()
        if found == _END:
            return
        if found in _SYMBOLS and found != "!":
            raise _SyntaxError(f"found '{found}', expected: !, identifier, or 'end of string'")
        while True:
            try:
                yield self._requirement()
            except _SyntaxError as error:
                raise _SyntaxError(f"unable to parse requirement: {error}") from None
            found = self._next()
            if found == _END:
                return
            if found != ",":
                raise _SyntaxError(f"found '{found}', expected: ',' or 'end of string'")
            found = self._peek()
            if found != "!" and not self._is_identifier(found):
                raise _SyntaxError(f"found '{found}', expected: identifier after ','")

    def _requirement(self) -> Requirement:
        found = self._next()
        absent = found == "!"
        key = self._next() if absent else found
        if not self._is_identifier(key):
            raise _SyntaxError(f"found '{key}', expected: identifier")
        if errors := check_label_key(key):
            # kube-apiserver has no field path here and prints Go's word for that.
            raise _SyntaxError(str(field_invalid("<nil>", key, "; ".join(errors))))
        if absent:
            return Requirement(key, "!")
        if self._peek() in (_END, ","):
            return Requirement(key, "exists")
        found = self._next()
        if found not in _BINARY:
            raise _SyntaxError(f"found '{found}', expected: in, notin, =, ==, !=, gt, lt")
        values = self._values() if found in ("in", "notin") else [self._exact_value()]
        return _checked(Requirement(key, _BINARY[found], tuple(sorted(set(values)))))

    def _exact_value(self) -> str:
        if self._peek() in (_END, ","):
            return ""
        found = self._next()
        if not self._is_identifier(found):
            raise _SyntaxError(f"found '{found}', expected: identifier")
        return found

    def _values(self) -> Iterator[str]:
        if (found := self._next()) != "(":
            raise _SyntaxError(f"found '{found}' expected: '('")
        expected = "',', ')' or identifier"
        while True:
            if self._is_identifier(self._peek()):
                yield self._next()
                expected = "',' or ')'"
            else:
                # Between two commas, or a comma and a parenthesis, stands the empty value.
                yield ""
            found = self._next()
            if found == ")":
                return
            if found != ",":
                raise _SyntaxError(f"found '{found}', expected: {expected}")
            expected = "',', or identifier"

    def _peek(self) -> str:
        return self._tokens[self._at]

    def _next(self) -> str:
        token = self._tokens[self._at]
        self._at += 1
        return token

    @staticmethod
    def _is_identifier(token: str) -> bool:
        return token != _END and token not in _SYMBOLS


def _checked(requirement: Requirement) -> Requirement:
    errors: list[FieldError] = []
    key, operator, values = requirement
    if key_errors := check_label_key(key):
        errors.append(field_invalid("key", key, "; ".join(key_errors)))
    if operator in ("in", "notin") and not values:
        errors.append(field_invalid("values", [], "for 'in', 'notin' operators, values set can't be empty"))
    if operator in ("exists", "!") and values:
        errors.append(field_invalid("values", values, "values set must be empty for exists and does not exist"))
    for index, value in enumerate(values):
        if operator in ("gt", "lt") and not _is_int64(value):
            detail = "for 'Gt', 'Lt' operators, the value must be an integer"
            errors.append(field_invalid(f"values[{index}]", value, detail))
        if value_errors := check_label_value(value):
            errors.append(field_invalid(f"values[{index}][{key}]", value, "; ".join(value_errors)))
    if errors:
        texts = [str(error) for error in errors]
        raise _SyntaxError(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
    return requirement


def from_label_selector(selector: Mapping[str, Any]) -> Selector:
    """Compile a ``LabelSelector`` object (``matchLabels``, ``matchExpressions``); an empty one selects everything.

    An absent one (None) selects nothing: that is the caller's to decide. Raises ApiError 400 BadRequest.
    """
    try:
        return Selector(_object_requirements(selector))
    except _SyntaxError as error:
        raise bad_request(str(error)) from None


def _object_requirements(selector: Mapping[str, Any]) -> Iterator[Requirement]:
    for key, value in (selector.get("matchLabels") or {}).items():
        yield _checked(Requirement(key, "=", (value,)))
    for expression in selector.get("matchExpressions") or ():
        operator = expression.get("operator") or ""
        if operator not in _OBJECT_OPERATORS:
            raise _SyntaxError(f"{render_value(operator)} is not a valid label selector operator")
        values = tuple(sorted(set(expression.get("values") or ())))
        yield _checked(Requirement(expression.get("key") or "", _OBJECT_OPERATORS[operator], values))
