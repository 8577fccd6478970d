"""What a command says when something fails, in kubectl's words, and the exit code that goes with it."""

import logging
import sys
from collections.abc import Iterable
from dataclasses import replace

from steersman.apimachinery.errors import ApiError
from steersman.cli.error_line import error_line

_log = logging.getLogger(__name__)

REFUSED = 1
"""Exit code when the server refuses, or cannot be reached."""

USAGE = 2
"""Exit code when the command line, a file or a kubeconfig cannot be used."""


class UsageError(Exception):
    """The command cannot be carried out as it was typed. One line."""


class CommandError(Exception):
    """The command was understood, and cannot be done with what the server has. kubectl's words, without ``error:``."""


def in_file(error: ApiError, doing: str, source: str) -> ApiError:
    """The error with the file in its message: ``error when creating "web.yaml": …``."""
    return replace(error, message=f'error when {doing} "{source}": {error.message}') if source else error


def print_warning(code: int, agent: str, text: str) -> None:
    """A handler for the warnings of answers."""
    print(f"Warning: {text}", file=sys.stderr)


def describe_failure(error: Exception) -> tuple[str, int]:
    """What to print, and the exit code. Where a mistake in the program came from is in the log, at level debug."""
    from steersman.client.config import ConfigError, CredentialError
    from steersman.client.discovery.errors import AmbiguousResourceError, NoMatchError
    from steersman.client.transport import TransportError

    match error:
        case ApiError():
            return _of_server(error), REFUSED
        case CommandError() | NoMatchError() | AmbiguousResourceError():
            return f"error: {error}", REFUSED
        case TransportError():
            return f"Unable to connect to the server: {error_line(error)}", REFUSED
        case ConfigError() | CredentialError() | UsageError():
            return f"error: {error_line(error)}", USAGE
        case FileNotFoundError():
            return f'error: the path "{error.filename}" does not exist', USAGE
        case OSError() if error.strerror:
            return f"error: {error_line(error)}", USAGE
        case TimeoutError():
            return f"Unable to connect to the server: {error_line(error)}", REFUSED
        case ValueError():
            return f"error: {error_line(error)}", USAGE
    _log.debug("unexpected", exc_info=error)
    return f"error: unexpected {type(error).__name__}: {error_line(error)}", REFUSED


def _of_server(error: ApiError) -> str:
    if error.reason == "Invalid":
        return _invalid(error)
    if error.reason == "Unauthorized":
        return f"error: You must be logged in to the server ({error.message})"
    return f"Error from server ({error.reason}): {error.message}" if error.reason else f"Error from server: {error}"


def _invalid(error: ApiError) -> str:
    details = error.details or {}
    causes = [f"{cause.get('field', '')}: {cause.get('message', '')}" for cause in details.get("causes") or ()]
    head = "The request is invalid"
    if details.get("kind") or details.get("name"):
        head = f'The {details.get("kind", "")} "{details.get("name", "")}" is invalid'
    elif not causes and error.message:
        head = f"{head}: {error.message}"
    return _listed(head, causes)


def _listed(head: str, causes: Iterable[str]) -> str:
    different = list(dict.fromkeys(causes))
    if not different:
        return head
    return f"{head}: {different[0]}" if len(different) == 1 else "\n* ".join((f"{head}: ", *different))
