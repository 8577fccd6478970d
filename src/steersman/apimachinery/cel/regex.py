"""Regular expressions: RE2's, so that none takes more than linear time."""

from collections.abc import Iterator
from typing import Any

import re2

from steersman.apimachinery.cel.errors import EvaluationError


def compile_regex(pattern: str) -> Any:
    """The compiled pattern. Raises EvaluationError."""
    options = re2.Options()
    options.log_errors = False
    # Nobody asks for groups, and without them matching is faster.
    options.never_capture = True
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise EvaluationError(f"error parsing regexp: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def find_matches(pattern: Any, text: str) -> Iterator[str]:
    """The texts that a compiled pattern matches, one after the other."""
    for match in pattern.finditer(text):
        yield match[0]
