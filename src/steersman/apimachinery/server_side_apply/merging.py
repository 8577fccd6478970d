"""An applied configuration put into the live object: nothing is removed, what both say is the configuration's."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from steersman.apimachinery.schema.node import MISSING
from steersman.apimachinery.server_side_apply.list_items import item_element, items_by_element
from steersman.apimachinery.server_side_apply.merge_schema import DEDUCED, ITEMS, MEMBERS, MergeSchema


def merge(schema: MergeSchema, live: Any, applied: Any) -> Any:
    """The merged value, which shares parts with both. Raises ValueError for an item of a list without its key."""
    if applied is MISSING:
        return live
    if applied is None and live and live is not MISSING and schema.parts(live):
        # An applied null says nothing of what others have put in.
        return live
    parts = schema.parts(applied)
    if not parts or parts != schema.parts(live):
        return applied
    if parts == MEMBERS:
        merged = dict(live)
        for name, value in applied.items():
            merged[name] = merge(schema.field(name) or DEDUCED, live.get(name, MISSING), value)
        return merged
    return _merge_items(schema, live, applied) if parts == ITEMS else applied


def _merge_items(schema: MergeSchema, live: list[Any], applied: list[Any]) -> list[Any]:
    """In the order of the configuration; items that only the live list has keep their place between the shared ones."""
    theirs = items_by_element(schema, live)
    ours = {element: items[0] for element, items in items_by_element(schema, applied).items()}
    merged = []
    for element, at in _order([item_element(schema, item) for item in live], list(ours)):
        if element not in ours:
            merged.append(live[at])
            continue
        twins = theirs.get(element, [])
        # Live items that cannot be told apart make way for the applied one.
        merged.append(merge(schema.items, twins[0] if len(twins) == 1 else MISSING, ours[element]))
    return merged


def _order(live: list[str], applied: list[str]) -> Iterator[tuple[str, int]]:
    """The steps of the merged list, each with its place in the live one, which counts only for what is live alone."""
    wanted, present = set(applied), set(live)
    shared = deque(element for element in applied if element in present)
    done: set[str] = set()
    left = right = 0
    while left < len(live) or right < len(applied):
        if left < len(live):
            element = live[left]
            if element not in wanted:
                yield element, left
                left += 1
                continue
            if element in done or element != shared[0]:
                # It has its place from the configuration, or gets it there.
                left += 1
                continue
        # Up to the shared item that the live list has come to.
        element = applied[right]
        yield element, -1
        done.add(element)
        right += 1
        if shared and element == shared[0]:
            shared.popleft()
