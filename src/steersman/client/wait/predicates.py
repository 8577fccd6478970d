"""What an object can be waited for to be: conditions, JSONPath, presence and absence, in the terms of ``kubectl wait``.

Conditions and values are compared as kubectl does: types and statuses of conditions without regard to case, and values
at a path as text. A condition that was observed on an older generation than the object's does not count.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.jsonpath import JSONPath

Content = Mapping[str, Any]
"""An object as JSON has it."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Met by an object for which ``check`` is true; may raise ValueError for one of which that cannot be said.

    ``wanted`` and ``describe`` are for people: what is waited for, and how an object stands to it.
    """

    wanted: str
    check: Callable[[Content], bool]
    describe: Callable[[Content], str]


@dataclass(frozen=True, slots=True)
class Absence:
    """Met when the objects that were there at the start are gone; others of the same name are not those."""

    wanted: str = "deletion"


def exists() -> Presence:
    """Met by any object: waits until it has been created."""
    return Presence("creation", lambda content: True, summary)


def deleted() -> Absence:
    """Met when the object is gone, or was not there in the first place."""
    return Absence()


def condition(type: str, status: str = "True") -> Presence:
    """Met by an object whose ``status.conditions`` has ``type`` with ``status``."""

    def check(content: Content) -> bool:
        found = _find(content, type)
        return found is not None and _same(found.get("status"), status) and not _outdated(found, content)

    def describe(content: Content) -> str:
        found = _find(content, type)
        if found is None:
            return f"no condition {type}; {summary(content)}"
        outdated = ", observed on an older generation" if _outdated(found, content) else ""
        return _render(found) + outdated

    return Presence(f"condition {type}={status}", check, describe)


def jsonpath(expression: str, value: str | int | float | bool | None = None) -> Presence:
    """Met by an object that has ``value`` at the path, or anything at all if None: ``{.status.phase}``, ``Running``.

    Waiting ends with ValueError if the path leads to several values, or to an object or list where a value is wanted.
    Raises ValueError for a path that is wrong.
    """
    path = JSONPath.compile(expression)
    wanted = None if value is None else _text(value)

    def check(content: Content) -> bool:
        found = path.find(content)
        if len(found) > 1:
            raise ValueError(f"given jsonpath expression matches more than one value: {expression}")
        if not found or wanted is None:
            return bool(found)
        if isinstance(found[0], dict | list):
            raise ValueError(f"jsonpath leads to a nested object or list which is not supported: {expression}")
        return _text(found[0]) == wanted

    def describe(content: Content) -> str:
        found = path.find(content)
        return f"{expression} is {_text(found[0])}" if found else f"{expression} is not there; {summary(content)}"

    shown = expression if wanted is None else f"{expression}={wanted}"
    return Presence(f"jsonpath {shown}", check, describe)


def parse(text: str) -> Presence | Absence:
    """What ``kubectl wait --for`` takes: ``create``, ``delete``, ``condition=Ready[=False]``, ``jsonpath={.a}[=1]``.

    Raises ValueError for anything else.
    """
    word, equals, rest = text.partition("=")
    read = _FORMS.get((word.lower(), bool(equals)))
    if read is None:
        raise ValueError(f'unrecognized condition: "{text}"')
    return read(rest)


def _parse_condition(text: str) -> Presence:
    type, equals, status = text.partition("=")
    return condition(type, status if equals else "True")


def _parse_jsonpath(text: str) -> Presence:
    parts = [part.replace("\0", "==") for part in text.replace("==", "\0").split("=")]
    if len(parts) > 2:
        raise ValueError("jsonpath wait format must be jsonpath='{.status.readyReplicas}'=3 or without =3")
    if len(parts) == 1:
        return jsonpath(parts[0])
    value = parts[1].strip("'\"")
    if not value:
        raise ValueError(
            "jsonpath wait has to have a value after equal sign, like jsonpath='{.status.readyReplicas}'=3"
        )
    return jsonpath(parts[0], value)


_FORMS: Mapping[tuple[str, bool], Callable[[str], Presence | Absence]] = {
    ("create", False): lambda rest: exists(),
    ("delete", False): lambda rest: deleted(),
    ("condition", True): _parse_condition,
    ("jsonpath", True): _parse_jsonpath,
}


def summary(content: Content) -> str:
    """What an object says of itself: its conditions, else its phase."""
    conditions = _conditions(content)
    if conditions:
        return ", ".join(map(_render, conditions))
    status = content.get("status")
    phase = status.get("phase") if isinstance(status, Mapping) else None
    return f"phase {phase}" if phase else "no conditions"


def _conditions(content: Content) -> list[Mapping[str, Any]]:
    status = content.get("status")
    conditions = status.get("conditions") if isinstance(status, Mapping) else None
    return [one for one in conditions if isinstance(one, Mapping)] if isinstance(conditions, list) else []


def _find(content: Content, type: str) -> Mapping[str, Any] | None:
    return next((one for one in _conditions(content) if _same(one.get("type"), type) and "status" in one), None)


def _same(found: Any, wanted: str) -> bool:
    return isinstance(found, str) and found.casefold() == wanted.casefold()


def _outdated(condition: Mapping[str, Any], content: Content) -> bool:
    generation = content["metadata"].get("generation")
    observed = condition.get("observedGeneration", content["status"].get("observedGeneration"))
    return type(generation) is int and type(observed) is int and observed < generation


def _render(condition: Mapping[str, Any]) -> str:
    """``Ready=False (MinimumReplicasUnavailable: 1 of 3 are there)``."""
    reasons = ": ".join(str(condition[part]) for part in ("reason", "message") if condition.get(part))
    return f"{condition.get('type')}={condition.get('status')}" + (f" ({reasons})" if reasons else "")


def _text(value: Any) -> str:
    """A value as Go prints it."""
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value).strip()
