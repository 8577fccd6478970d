"""Python source as a formatter leaves it: strings, docstrings, statements on one line or on several."""

import inspect
import textwrap
from collections.abc import Iterable, Iterator, Sequence

WIDTH = 120
INDENT = "    "


def quoted(text: str) -> str:
    """A string literal in double quotes, in single ones if that saves backslashes; only printable characters."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    pieces = (
        f"\\{one}" if one in (quote, "\\") else one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in text
    )
    return f"{quote}{''.join(pieces)}{quote}"


def tuple_of(texts: Sequence[str]) -> str:
    """A tuple literal of strings."""
    return f"({', '.join(map(quoted, texts))}{',' if len(texts) == 1 else ''})"


def docstring(text: str, indent: str = INDENT) -> list[str]:
    """The lines of a docstring; none for an empty text. Lines are wrapped where they can be."""
    printable = _printable(text)
    if not printable.strip():
        return []
    lines = list(_wrapped(printable, WIDTH - len(indent)))
    escaped = [line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for line in lines]
    if escaped[0].startswith('"'):
        escaped[0] = f" {escaped[0]}"
    if len(escaped) > 1:
        others = (f"{indent}{line}" if line else "" for line in escaped[1:])
        return [f'{indent}"""{escaped[0]}', *others, f'{indent}"""']
    end = " " if escaped[0].endswith('"') else ""
    one = f'{indent}"""{escaped[0]}{end}"""'
    return [one] if len(one) <= WIDTH else [f'{indent}"""{escaped[0]}', f'{indent}"""']


def call(begin: str, arguments: Sequence[str], end: str = ")", indent: str = "") -> list[str]:
    """``begin`` (which opens a bracket), the arguments and ``end``, on one line if it is not too long for that."""
    line = f"{indent}{begin}{', '.join(arguments)}{end}"
    if len(line) <= WIDTH:
        return [line]
    return [f"{indent}{begin}", *(f"{indent}{INDENT}{argument}," for argument in arguments), f"{indent}{end}"]


def annotated(name: str, annotation: str, value: str, indent: str) -> list[str]:
    """The lines of ``name: annotation = value``, or without the value if it is empty; the last one is not indented.

    A value that is a call is given up to its bracket, for :func:`call` to end.
    """
    end = f" = {value}" if value else ""
    line = f"{name}: {annotation}{end}"
    if len(indent) + len(line) <= WIDTH:
        return [line]
    generic, bracket, arguments = annotation.partition("[")
    if bracket and arguments.endswith("]"):
        return [f"{indent}{name}: {generic}[", f"{indent}{INDENT}{arguments[:-1]}", f"]{end}"]
    return [f"{indent}{name}: (", f"{indent}{INDENT}{annotation}", f"){end}"]


def _printable(text: str) -> str:
    spaced = text.expandtabs(4)
    return "".join(one if one.isprintable() or one == "\n" else " " for one in spaced)


def _wrapped(text: str, width: int) -> Iterator[str]:
    lines: Iterable[str] = inspect.cleandoc(text).splitlines()
    for line in lines:
        stripped = line.strip()
        if not stripped:
            yield ""
            continue
        margin = line[: len(line) - len(line.lstrip())]
        # Three less: the first line follows the opening quotes.
        yield from textwrap.wrap(
            stripped,
            width - 3,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
