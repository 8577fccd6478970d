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
    lines = list(_wrapped(_printable(text), WIDTH - len(indent)))
    if not lines:
        return []
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
