"""The syntax of kubectl's JSONPath: from text to steps.

An expression is a path, a tuple of steps; an operand of a filter may be a literal too.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

MAX_LENGTH = 4096
MAX_NESTING = 8
"""Filters within filters."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Every value of an object or an array: ``.*``."""


@dataclass(frozen=True, slots=True)
class Recursive:
    """The value and all objects and arrays within it, at any depth: ``..``."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Elements of an array, as a Python slice has them."""

    start: int | None
    end: int | None
    step: int | None


@dataclass(frozen=True, slots=True)
class Union:
    paths: tuple["Path", ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Elements of an array for which the comparison holds, or, without a right side, the left one selects something."""

    left: "Expression"
    operator: str
    right: "Expression | None"


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | bool | int | float


Step = Field | Wildcard | Recursive | Slice | Union | Filter
Path = tuple[Step, ...]
Expression = Path | Literal

_SPACE = re.compile(r"[ \t]*")
_NAME = re.compile(r"(?:\\.|[^\\ \t\r\n.,\[\]$@{}])*", re.DOTALL)
_NAME_IN_FILTER = re.compile(r"(?:\\.|[^\\ \t\r\n.,\[\]$@{}=!<>()])*", re.DOTALL)
_WORD_START = re.compile(r"\w")
_SLICE = re.compile(r"(-?[0-9]*)(?:(:)(-?[0-9]*))?(?::(-?[0-9]*))?[ \t]*(?=[\],])")
_KEY = re.compile(r"'([^']*)'")
_STRING = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?|[-+]?\.[0-9]+")
_BOOLEAN = re.compile(r"(true|false)\b")
_OPERATOR = re.compile("==|!=|<=|>=|<|>")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "/": "/"}
# An index needs no more digits; keeps int() off long ones.
_INDEX_DIGITS = 18


def parse(text: str) -> Path:
    """The steps of an expression; raise ValueError that names the position of what is wrong."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"the JSONPath is longer than {MAX_LENGTH} characters")
    start, end = 0, len(text)
    if text.startswith("{") and text.endswith("}") and end > 1:
        start, end = 1, end - 1
    return _Parser(text, start, end).whole()


class _Parser:
    def __init__(self, text: str, start: int, end: int, nesting: int = 0) -> None:
        self._text, self._at, self._end, self._nesting = text, start, end, nesting

    def whole(self) -> Path:
        path = self._path(in_filter=False)
        if self._at < self._end:
            self._fail(f"unrecognized character {self._text[self._at]!r}")
        return path

    def _path(self, in_filter: bool) -> Path:
        steps: list[Step] = []
        while True:
            self._match(_SPACE)
            if self._take("@") or self._take("$"):
                continue
            if self._take("..."):
                # Two dots to descend, and the one of a name.
                self._at -= 1
                self._descend(steps)
            elif self._take(".."):
                self._descend(steps)
                if self._looking_at(_WORD_START):
                    steps.append(self._name(in_filter))
            elif self._take("."):
                steps.append(self._name(in_filter))
            elif self._take("[?("):
                steps.append(self._filter())
            elif self._take("["):
                steps += self._brackets()
            else:
                return tuple(steps)

    def _descend(self, steps: list[Step]) -> None:
        if steps and isinstance(steps[-1], Recursive):
            self._fail("invalid multiple recursive descent")
        steps.append(Recursive())

    def _name(self, in_filter: bool) -> Step:
        found = self._match(_NAME_IN_FILTER if in_filter else _NAME)
        text = found[0] if found else ""
        return Wildcard() if text == "*" else Field(_ESCAPE.sub(r"\1", text))

    def _brackets(self) -> list[Step]:
        paths = [self._bracket()]
        while self._take(","):
            paths.append(self._bracket())
        if not self._take("]"):
            self._fail("unterminated array")
        return list(paths[0]) if len(paths) == 1 else [Union(tuple(paths))]

    def _bracket(self) -> Path:
        self._match(_SPACE)
        if key := self._match(_KEY):
            path = _Parser(self._text, key.start(1), key.end(1), self._nesting).key()
            self._match(_SPACE)
            return path
        if self._take("*"):
            self._match(_SPACE)
            return (Slice(None, None, None),)
        found = self._match(_SLICE)
        if found is None:
            self._fail("invalid array index")
        first, colon, end, step = found.groups()
        if any(len(part or "") > _INDEX_DIGITS or part == "-" for part in (first, end, step)):
            self._fail("array index is not a number")
        if step and int(step) <= 0:
            self._fail("step must be > 0")
        if colon:
            return (Slice(_integer(first), _integer(end), _integer(step)),)
        index = _integer(first) or 0
        return (Slice(index, None if index == -1 else index + 1, None),)

    def key(self) -> Path:
        """The path in ``['…']``: names with dots between them."""
        steps = [self._name(in_filter=False)]
        while self._take("."):
            steps.append(self._name(in_filter=False))
        if self._at < self._end:
            self._fail(f"unrecognized character {self._text[self._at]!r}")
        return tuple(steps)

    def _filter(self) -> Filter:
        if self._nesting >= MAX_NESTING:
            self._fail(f"more than {MAX_NESTING} filters within each other")
        self._nesting += 1
        left = self._operand()
        self._match(_SPACE)
        operator = self._match(_OPERATOR)
        right = self._operand() if operator else None
        self._match(_SPACE)
        if not self._take(")"):
            self._fail("unterminated filter")
        if not self._take("]"):
            self._fail("unclosed array expect ]")
        self._nesting -= 1
        return Filter(left, operator[0] if operator else "", right)

    def _operand(self) -> Expression:
        self._match(_SPACE)
        if found := self._match(_STRING):
            return Literal(self._unescape(found[0][1:-1], found.start() + 1))
        if found := self._match(_BOOLEAN):
            return Literal(found[0] == "true")
        if not self._looking_at(_NUMBER):
            start = self._at
            path = self._path(in_filter=True)
            if self._at == start:
                self._fail("expected a path or a value")
            return path
        found = self._match(_NUMBER)
        text = found[0] if found else ""
        return Literal(float(text) if "." in text else int(text))

    def _unescape(self, text: str, start: int) -> str:
        def replace(found: re.Match[str]) -> str:
            if found[1] not in _ESCAPES:
                self._at = start + found.start()
                self._fail(f"invalid escape {found[0]}")
            return _ESCAPES[found[1]]

        return _ESCAPE.sub(replace, text)

    def _take(self, text: str) -> bool:
        if self._text.startswith(text, self._at, self._end):
            self._at += len(text)
            return True
        return False

    def _looking_at(self, pattern: re.Pattern[str]) -> bool:
        return pattern.match(self._text, self._at, self._end) is not None

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at, self._end)
        if found:
            self._at = found.end()
        return found

    def _fail(self, why: str) -> NoReturn:
        raise ValueError(f"invalid JSONPath {self._text!r} at position {self._at}: {why}")


def _integer(text: str | None) -> int | None:
    return int(text) if text else None
