"""A filter in front of an event handler."""

import pytest
from tests.client.informer.scripted_server import config_map
from tests.client.informer.told import Told, value

from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import FilteringResourceEventHandler, ResourceEventHandlerFuncs

RED, RED2, BLUE = (
    CachedObject.from_dict(config_map("a", version, color)) for version, color in ((1, "red"), (2, "red"), (3, "blue"))
)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def only_red(told: Told) -> FilteringResourceEventHandler:
    return FilteringResourceEventHandler(lambda obj: value(obj) == "red", told)


def test_additions_are_filtered(told: Told, only_red: FilteringResourceEventHandler) -> None:
    only_red.on_add(RED, True)
    only_red.on_add(BLUE, True)
    assert told.events == [("add", "a", "red", True)]


@pytest.mark.parametrize(
    ("old", "new", "events"),
    [
        (RED, RED2, [("update", "a", "red", "red")]),
        (BLUE, RED, [("add", "a", "red", False)]),
        (RED, BLUE, [("delete", "a", "red")]),
        (BLUE, BLUE, []),
    ],
)
def test_an_update_over_the_border_is_an_addition_or_a_deletion(
    told: Told, only_red: FilteringResourceEventHandler, old: CachedObject, new: CachedObject, events: list[object]
) -> None:
    only_red.on_update(old, new)
    assert told.events == events


@pytest.mark.parametrize(
    ("gone", "events"),
    [
        (RED, [("delete", "a", "red")]),
        (BLUE, []),
        (DeletedFinalStateUnknown("default/a", RED), [("tombstone", "default/a", "red")]),
        (DeletedFinalStateUnknown("default/a", BLUE), []),
        (DeletedFinalStateUnknown("default/a", None), [("tombstone", "default/a", None)]),
    ],
)
def test_deletions_are_filtered_by_the_last_state(
    told: Told,
    only_red: FilteringResourceEventHandler,
    gone: CachedObject | DeletedFinalStateUnknown,
    events: list[object],
) -> None:
    only_red.on_delete(gone)
    assert told.events == events


def test_what_a_handler_has_no_function_for_is_ignored() -> None:
    handler = ResourceEventHandlerFuncs()
    assert handler.on_add(RED, True) is handler.on_update(RED, BLUE) is handler.on_delete(RED) is None
