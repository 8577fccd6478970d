"""Elements of merged lists: what identifies one, and in what order they come out."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from steersman.apimachinery.errors import ApiError, bad_request
from steersman.apimachinery.strategic_merge.directives import go_value, no_merge_key, wrong_type

Identity = Callable[[Any], Hashable]


def identity_by(merge_key: str) -> Identity:
    """What tells elements apart: their merge key, or with an empty ``merge_key`` they themselves, being scalars.

    The identity raises ApiError 400 for an element that has none.
    """
    if not merge_key:
        return _scalar

    def identity(element: Any) -> Hashable:
        if not isinstance(element, dict):
            raise wrong_type(dict, element)
        if merge_key not in element:
            raise no_merge_key(element, merge_key)
        return _scalar(element[merge_key])

    return identity


def _scalar(value: Any) -> Hashable:
    if isinstance(value, dict | list):
        raise bad_request(f"an object or list cannot identify an element of a merged list: {go_value(value)}")
    # True is not 1.
    return (value, isinstance(value, bool))


def check_elements(*lists: list[Any]) -> bool:
    """Whether the elements of the lists are objects; raises ApiError if they are lists or of several types."""
    types = {type(element) for one in lists for element in one}
    if list in types:
        message = "the server rejected our request due to an error in our request"
        cause = {"reason": "UnexpectedServerResponse", "message": "lists of lists are not supported"}
        raise ApiError(422, "Invalid", message, {"causes": [cause]})
    if len(types - {int, float}) + bool(types & {int, float}) > 1:
        raise bad_request(f"list element types are not identical: {go_value(list(lists))}")
    return dict in types


def _positions(elements: Iterable[Any], identity: Identity) -> dict[Hashable, int]:
    positions: dict[Hashable, int] = {}
    for index, element in enumerate(elements):
        positions.setdefault(identity(element), index)
    return positions


def in_order(merged: list[Any], wanted: list[Any], live: list[Any], identity: Identity) -> list[Any]:
    """``merged`` with the elements that are in ``wanted`` in its order, and the others in that of ``live``.

    Where the two kinds interleave, an element of the others comes before the first wanted one it precedes in ``live``.
    """
    wanted_at, live_at = _positions(wanted, identity), _positions(live, identity)
    named = [element for element in merged if identity(element) in wanted_at]
    named.sort(key=lambda element: wanted_at[identity(element)])
    others = [element for element in merged if identity(element) not in wanted_at]
    others.sort(key=lambda element: live_at.get(identity(element), len(live_at)))
    result: list[Any] = []
    waiting = iter(others)
    other = next(waiting, None)
    for element in named:
        place = live_at.get(identity(element), -1)
        while other is not None and live_at.get(identity(other), len(live)) < place:
            result.append(other)
            other = next(waiting, None)
        result.append(element)
    if other is not None:
        result += [other, *waiting]
    return result
