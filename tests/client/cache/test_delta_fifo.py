from collections.abc import Callable

import pytest

from steersman.client.cache import (
    CachedObject,
    DeletedFinalStateUnknown,
    Delta,
    DeltaFIFO,
    Deltas,
    DeltaType,
    Indexer,
)

ADDED, UPDATED, DELETED, REPLACED, SYNC = DeltaType


def obj(name: str, version: int = 1) -> CachedObject:
    return CachedObject.from_dict({"metadata": {"name": name, "resourceVersion": str(version)}})


def known(*names: str) -> Indexer:
    indexer = Indexer()
    indexer.replace(obj(name) for name in names)
    return indexer


def drain(fifo: DeltaFIFO) -> list[Deltas]:
    return [*iter(fifo.pop_ready, None)]


def test_the_changes_of_an_object_come_together_oldest_first() -> None:
    fifo = DeltaFIFO()
    fifo.add(obj("a", 1))
    fifo.add(obj("b", 2))
    fifo.update(obj("a", 3))
    fifo.delete(obj("a", 4))
    first, second = drain(fifo)
    assert first == [(ADDED, obj("a", 1)), (UPDATED, obj("a", 3)), (DELETED, obj("a", 4))]
    assert (first.key, first.oldest.type, first.newest.type) == ("a", ADDED, DELETED)
    assert second == [(ADDED, obj("b", 2))]


def test_an_object_that_comes_again_queues_at_the_end() -> None:
    fifo = DeltaFIFO()
    fifo.add(obj("a"))
    fifo.add(obj("b"))
    fifo.pop_ready()
    fifo.update(obj("a", 2))
    assert fifo.list_keys() == ["b", "a"]
    assert len(fifo) == 2


def test_there_is_nothing_to_pop_when_nothing_waits() -> None:
    fifo = DeltaFIFO()
    assert fifo.pop_ready() is None
    assert fifo.pop(lambda deltas, initial: pytest.fail("nothing is there to process")) is None


def test_what_waits_can_be_looked_at_without_taking_it() -> None:
    fifo = DeltaFIFO()
    fifo.add(obj("a"))
    looked_at = fifo.get_by_key("a")
    assert looked_at == [(ADDED, obj("a"))]
    looked_at.clear()
    assert fifo.get_by_key("a") == [(ADDED, obj("a"))]
    assert fifo.get_by_key("b") is None


@pytest.mark.parametrize("known_objects", [None, known("other")], ids=["no-known-objects", "known-objects"])
def test_the_deletion_of_what_nobody_knows_is_no_news(known_objects: Indexer | None) -> None:
    fifo = DeltaFIFO(known_objects)
    fifo.delete(obj("a"))
    assert drain(fifo) == []
    assert fifo.has_synced


def test_the_deletion_of_what_is_known_is_told() -> None:
    fifo = DeltaFIFO(known("a"))
    fifo.delete(obj("a", 2))
    assert drain(fifo) == [[(DELETED, obj("a", 2))]]


FINAL, TOMBSTONE = obj("a", 5), DeletedFinalStateUnknown("a", obj("a", 1))


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        (FINAL, obj("a", 6), FINAL),
        (FINAL, TOMBSTONE, FINAL),
        (TOMBSTONE, FINAL, FINAL),
        (TOMBSTONE, TOMBSTONE, TOMBSTONE),
    ],
    ids=["first-of-two", "before-tombstone", "after-tombstone", "tombstones"],
)
def test_two_deletions_in_a_row_are_one_that_knows_the_final_state(
    one: CachedObject | DeletedFinalStateUnknown,
    other: CachedObject | DeletedFinalStateUnknown,
    kept: CachedObject | DeletedFinalStateUnknown,
) -> None:
    fifo = DeltaFIFO(known("a"))
    fifo.delete(one)
    fifo.delete(other)
    assert drain(fifo) == [[Delta(DELETED, kept)]]


def test_deletions_with_something_between_them_stay_two() -> None:
    fifo = DeltaFIFO(known("a"))
    fifo.delete(obj("a", 2))
    fifo.add(obj("a", 3))
    fifo.delete(obj("a", 4))
    assert drain(fifo) == [[(DELETED, obj("a", 2)), (ADDED, obj("a", 3)), (DELETED, obj("a", 4))]]


def test_a_replace_tells_of_all_that_is_listed_and_buries_the_rest() -> None:
    fifo = DeltaFIFO(known("stored", "gone", "changed-then-gone"))
    fifo.update(obj("changed-then-gone", 2))
    fifo.add(obj("queued-then-gone", 3))
    fifo.replace([obj("stored", 1), obj("new", 4)], "9")
    assert {deltas.key: list(deltas) for deltas in drain(fifo)} == {
        "stored": [(REPLACED, obj("stored", 1))],
        "new": [(REPLACED, obj("new", 4))],
        "gone": [(DELETED, ("gone", obj("gone", 1)))],
        "changed-then-gone": [
            (UPDATED, obj("changed-then-gone", 2)),
            (DELETED, ("changed-then-gone", obj("changed-then-gone", 2))),
        ],
        "queued-then-gone": [
            (ADDED, obj("queued-then-gone", 3)),
            (DELETED, ("queued-then-gone", obj("queued-then-gone", 3))),
        ],
    }


def test_a_second_replace_does_not_bury_a_tombstone_in_another() -> None:
    fifo = DeltaFIFO(known("a"))
    fifo.replace([])
    fifo.replace([])
    assert drain(fifo) == [[(DELETED, DeletedFinalStateUnknown("a", obj("a")))]]


def test_a_replace_keeps_the_final_state_that_was_seen() -> None:
    fifo = DeltaFIFO(known("a"))
    fifo.delete(obj("a", 2))
    fifo.replace([])
    assert drain(fifo) == [[(DELETED, obj("a", 2))]]


def test_a_resync_hands_out_what_is_known_but_not_what_waits() -> None:
    fifo = DeltaFIFO(known("a", "b"))
    fifo.update(obj("a", 2))
    fifo.resync()
    assert drain(fifo) == [[(UPDATED, obj("a", 2))], [(SYNC, obj("b", 1))]]


def test_without_known_objects_a_resync_does_nothing() -> None:
    fifo = DeltaFIFO()
    fifo.resync()
    assert len(fifo) == 0


def test_it_has_synced_when_the_first_list_has_been_taken_out() -> None:
    fifo = DeltaFIFO(known("gone"))
    assert not fifo.has_synced
    fifo.replace([obj("a"), obj("b")])
    fifo.add(obj("later"))
    synced = []
    while fifo.pop_ready():
        synced.append(fifo.has_synced)
    assert synced == [False, False, True, True]
    fifo.replace([obj("a")])
    assert fifo.has_synced


def test_an_empty_first_list_is_synced_at_once() -> None:
    fifo = DeltaFIFO()
    fifo.replace([])
    assert fifo.has_synced


def test_an_object_listed_twice_is_waited_for_once() -> None:
    fifo = DeltaFIFO()
    fifo.replace([obj("a", 1), obj("a", 2)])
    assert fifo.pop_ready() == [(REPLACED, obj("a", 1)), (REPLACED, obj("a", 2))]
    assert fifo.has_synced


@pytest.mark.parametrize("change", [DeltaFIFO.add, DeltaFIFO.update, DeltaFIFO.delete])
def test_a_single_change_before_any_list_is_synced(change: Callable[[DeltaFIFO, CachedObject], None]) -> None:
    fifo = DeltaFIFO()
    change(fifo, obj("a"))
    assert fifo.has_synced


def test_processing_is_told_what_is_of_the_initial_list() -> None:
    fifo, told = DeltaFIFO(), []
    fifo.replace([obj("a"), obj("b")])
    fifo.add(obj("c"))
    while fifo.pop(lambda deltas, initial: told.append((deltas.key, initial))):
        pass
    assert told == [("a", True), ("b", True), ("c", False)]


def test_what_processing_raises_goes_to_the_caller_and_the_changes_are_gone() -> None:
    def fail(deltas: Deltas, initial: bool) -> None:
        raise RuntimeError(deltas.key)

    fifo = DeltaFIFO()
    fifo.replace([obj("a")])
    with pytest.raises(RuntimeError, match="a"):
        fifo.pop(fail)
    assert len(fifo) == 0
    assert fifo.has_synced


def test_the_transformer_sees_each_object_once_and_no_tombstones() -> None:
    seen = []

    def stamp(one: CachedObject) -> CachedObject:
        seen.append(one.key)
        content = one.deep_copy()
        content["stamped"] = True
        return CachedObject.from_dict(content)

    fifo = DeltaFIFO(known("resynced", "gone"), stamp)
    fifo.add(obj("a"))
    fifo.update(obj("b"))
    fifo.resync()
    fifo.replace([obj("a"), obj("b"), obj("resynced")])
    fifo.delete(obj("b"))
    assert seen == ["a", "b", "a", "b", "resynced", "b"]
    stamped = {
        deltas.key: [delta.object.get("stamped") for delta in deltas if isinstance(delta.object, CachedObject)]
        for deltas in drain(fifo)
    }
    assert stamped == {"a": [True, True], "b": [True, True, True], "resynced": [None, True], "gone": [None]}


def test_a_transformer_that_raises_leaves_the_queue_as_it_was() -> None:
    def refuse_b(one: CachedObject) -> CachedObject:
        if one.name == "b":
            raise RuntimeError("refused")
        return one

    fifo = DeltaFIFO(known("gone"), refuse_b)
    with pytest.raises(RuntimeError, match="refused"):
        fifo.replace([obj("a"), obj("b")])
    assert len(fifo) == 0
    assert not fifo.has_synced


def test_what_waits_is_handed_out_after_closing() -> None:
    fifo = DeltaFIFO()
    fifo.add(obj("a"))
    before = fifo.closed
    fifo.close()
    assert (before, fifo.closed) == (False, True)
    assert len(drain(fifo)) == 1
