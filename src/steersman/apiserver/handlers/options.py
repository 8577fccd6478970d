"""Query parameters of the verbs (API concepts; meta/v1 ListOptions, CreateOptions, PatchOptions, DeleteOptions)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from steersman.apimachinery import field_selector, label_selector
from steersman.apimachinery.errors import bad_request
from steersman.apimachinery.field_selector import FieldSelector
from steersman.apimachinery.label_selector import Selector
from steersman.apiserver.registry.continuation import Continuation, decode_continue
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.shape import FIELD_VALIDATIONS
from steersman.apiserver.request_info import is_true

MAX_PARAMETERS = 64


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


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What a list or watch asks for. ``revision`` None is unset; ``match`` is Exact, NotOlderThan or empty."""

    labels: Selector
    fields: FieldSelector
    revision: int | None
    match: str
    limit: int
    continuation: Continuation | None
    timeout: int | None
    bookmarks: bool
    initial_events: bool


def list_options(query: Mapping[str, str], resource: Resource) -> ListOptions:
    """Raises 400 for selectors and numbers that cannot be read, or combinations that mean nothing."""
    fields = field_selector.parse(query.get("fieldSelector", ""))
    field_selector.check_field_labels(fields, resource.selectable_fields)
    token = query.get("continue", "")
    options = ListOptions(
        labels=label_selector.parse(query.get("labelSelector", "")),
        fields=fields,
        revision=_revision(query.get("resourceVersion", "")),
        match=query.get("resourceVersionMatch", ""),
        limit=_number(query, "limit") or 0,
        continuation=decode_continue(token) if token else None,
        timeout=_number(query, "timeoutSeconds"),
        bookmarks=flag(query, "allowWatchBookmarks"),
        initial_events=flag(query, "sendInitialEvents"),
    )
    _check_match(options, "watch" in query and is_true(query["watch"]))
    return options


def _check_match(options: ListOptions, watching: bool) -> None:
    if options.match not in ("", "Exact", "NotOlderThan"):
        raise bad_request(
            f'resourceVersionMatch: Unsupported value: "{options.match}": supported values: "Exact", "NotOlderThan"'
        )
    if options.match and options.revision is None and not watching:
        raise bad_request(
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        )
    if options.match == "Exact" and not options.revision:
        raise bad_request(
            'resourceVersionMatch: Forbidden: resourceVersionMatch "Exact" is forbidden for resourceVersion "0"'
        )
    if options.continuation and options.revision:
        raise bad_request("specifying resource version is not allowed when using continue")


def _revision(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 19:
        raise bad_request(f'resourceVersion: Invalid value: "{text}": must be a non-negative integer')
    return int(text)


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 18:
        raise bad_request(f'{name}: Invalid value: "{text}": must be an integer')
    return max(0, int(text))


def dry_run(query: Mapping[str, str]) -> bool:
    """Raises 400 for anything but absent or ``All``."""
    asked = query.get("dryRun", "")
    if asked not in ("", "All"):
        raise bad_request(f'dryRun: Unsupported value: "{asked}": supported values: "All"')
    return asked == "All"


def field_validation(query: Mapping[str, str]) -> str:
    """Ignore, Warn (also when unset) or Strict; raises 400 otherwise (KEP-2885)."""
    asked = query.get("fieldValidation", "") or "Warn"
    if asked not in FIELD_VALIDATIONS:
        raise bad_request(
            f'fieldValidation: Unsupported value: "{asked}": supported values: "Ignore", "Strict", "Warn"'
        )
    return asked
