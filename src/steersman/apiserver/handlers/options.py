"""Query parameters of the verbs (API concepts; meta/v1 ListOptions, CreateOptions, PatchOptions, DeleteOptions)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

from msgspec import Struct

from steersman.apimachinery import field_selector, label_selector
from steersman.apimachinery.duration import parse_duration
from steersman.apimachinery.errors import (
    ApiError,
    FieldError,
    bad_request,
    field_forbidden,
    field_not_supported,
    field_required,
    invalid,
)
from steersman.apimachinery.field_selector import FieldSelector
from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.label_selector import Selector
from steersman.apimachinery.object_meta import validate_field_manager
from steersman.apiserver.registry.continuation import Continuation, decode_continue
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.shape import FIELD_VALIDATIONS
from steersman.apiserver.request_info import is_true

MAX_PARAMETERS = 64
REQUEST_SECONDS = 60.0
"""How long a write may take at most (kube-apiserver's --request-timeout)."""
DRY_RUN = "All"
"""The one stage that can be left out: storing."""
_MATCH = "resourceVersionMatch"


def parse_query(query: str) -> dict[str, str]:
    """The first value of each parameter; raises 400 when there are too many."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise bad_request(f"query cannot be read: {error}") from None
    return dict(reversed(pairs))


def flag(query: Mapping[str, str], name: str) -> bool:
    return name in query and is_true(query[name])


class ListOptions(Struct, frozen=True):
    """What a list or watch asks for. None is unset; ``match`` is Exact, NotOlderThan or empty."""

    labels: Selector
    fields: FieldSelector
    revision: int | None
    match: str
    limit: int
    continuation: Continuation | None
    timeout: int | None
    bookmarks: bool
    initial_events: bool | None


def list_options(query: Mapping[str, str], resource: Resource) -> ListOptions:
    """Raises 400 for selectors and numbers that cannot be read, 422 for combinations that mean nothing."""
    fields = field_selector.parse(query.get("fieldSelector", ""))
    field_selector.check_field_labels(fields, resource.selectable_fields)
    token = query.get("continue", "")
    options = ListOptions(
        labels=label_selector.parse(query.get("labelSelector", "")),
        fields=fields,
        revision=resource_version(query),
        match=query.get("resourceVersionMatch", ""),
        limit=_number(query, "limit") or 0,
        continuation=decode_continue(token) if token else None,
        timeout=_number(query, "timeoutSeconds"),
        bookmarks=flag(query, "allowWatchBookmarks"),
        initial_events=flag(query, "sendInitialEvents") if "sendInitialEvents" in query else None,
    )
    watching = "watch" in query and is_true(query["watch"])
    errors = (_watch_errors if watching else _list_errors)(options)
    if errors:
        raise invalid_options("ListOptions", errors)
    if options.continuation and options.revision:
        raise bad_request("specifying resource version is not allowed when using continue")
    return options


def _list_errors(options: ListOptions) -> list[FieldError]:
    errors: list[FieldError] = []
    match = options.match
    if match and options.revision is None:
        errors.append(field_forbidden(_MATCH, f"{_MATCH} is forbidden unless resourceVersion is provided"))
    if match and options.continuation is not None:
        errors.append(field_forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided"))
    if match not in ("", "Exact", "NotOlderThan"):
        errors.append(field_not_supported(_MATCH, match, ("Exact", "NotOlderThan", "")))
    if match == "Exact" and options.revision == 0:
        errors.append(field_forbidden(_MATCH, f'{_MATCH} "exact" is forbidden for resourceVersion "0"'))
    if options.initial_events is not None:
        errors.append(field_forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return errors


def _watch_errors(options: ListOptions) -> list[FieldError]:
    errors: list[FieldError] = []
    match = options.match
    if options.initial_events is not None and match != "NotOlderThan":
        detail = f"sendInitialEvents requires setting {_MATCH} to NotOlderThan"
        errors.append(field_forbidden(_MATCH, detail))
    if match and options.initial_events is None:
        detail = f"{_MATCH} is forbidden for watch unless sendInitialEvents is provided"
        errors.append(field_forbidden(_MATCH, detail))
    if match not in ("", "NotOlderThan"):
        errors.append(field_not_supported(_MATCH, match, ("NotOlderThan",)))
    if match and options.continuation is not None:
        errors.append(field_forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided"))
    return errors


def invalid_options(kind: str, errors: Sequence[FieldError]) -> ApiError:
    """422 for options of a request, such as ``ListOptions``."""
    return invalid(GroupKind("meta.k8s.io", kind), "", errors)


def resource_version(query: Mapping[str, str]) -> int | None:
    """The parameter resourceVersion; None is unset. Raises 400."""
    text = query.get("resourceVersion", "")
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 19:
        raise bad_request(
            f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    if not is_integer(text):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(0, int(text))


def is_integer(text: str) -> bool:
    """Whether ``text`` is a decimal number that 64 bits hold."""
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) <= 18


def deadline(query: Mapping[str, str]) -> float:
    """When the answer has to be there, on the running event loop's clock: the parameter ``timeout``, within bounds.

    Raises 400.
    """
    seconds = REQUEST_SECONDS
    if text := query.get("timeout", ""):
        try:
            asked = parse_duration(text)
        except ValueError:
            raise bad_request("invalid timeout specified in the request URL") from None
        seconds = min(asked, REQUEST_SECONDS) if asked > 0 else REQUEST_SECONDS
    return asyncio.get_running_loop().time() + seconds


class WriteQuery(NamedTuple):
    """``field_validation`` is Ignore, Warn or Strict (KEP-2885); ``force`` is only for apply."""

    dry_run: bool
    field_validation: str
    field_manager: str = ""
    force: bool = False


def write_query(query: Mapping[str, str], kind: str, *, applies: bool = False) -> WriteQuery:
    """The parameters of a write; ``kind`` is CreateOptions, UpdateOptions or PatchOptions. Raises 422.

    A patch that ``applies`` must say its field manager.
    """
    if not query and not applies:
        return _PLAIN
    errors: list[FieldError] = []
    manager = query.get("fieldManager", "")
    if applies and not manager:
        errors.append(field_required("fieldManager", "is required for apply patch"))
    dry_run = query.get("dryRun")
    if dry_run not in (None, DRY_RUN):
        errors.append(field_not_supported("dryRun", [dry_run], (DRY_RUN,)))
    validation = query.get("fieldValidation", "")
    if validation and validation not in FIELD_VALIDATIONS:
        errors.append(field_not_supported("fieldValidation", validation, ("", "Ignore", "Strict", "Warn")))
    if manager:
        errors += validate_field_manager(manager)
    if kind == "PatchOptions" and "force" in query and not applies:
        errors.append(field_forbidden("force", "may not be specified for non-apply patch"))
    if errors:
        raise invalid_options(kind, errors)
    return WriteQuery(dry_run is not None, validation or "Warn", manager, flag(query, "force"))


_PLAIN = WriteQuery(False, "Warn")
