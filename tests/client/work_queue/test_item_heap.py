from weakref import WeakSet

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.client.work_queue.item_heap import ItemHeap

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abcdef"), st.integers(0, 5)),
        st.tuples(st.just("discard"), st.sampled_from("abcdef"), st.just(0)),
        st.tuples(st.sampled_from(["pop", "look"]), st.just(""), st.just(0)),
    ),
    max_size=300,
)


class Rank(float):
    """A rank of which one can see whether anything still holds it."""


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_items_come_by_rank_and_then_in_the_order_in_which_they_were_put(steps: list[tuple[str, str, int]]) -> None:
    heap: ItemHeap[str] = ItemHeap()
    expected: list[tuple[str, float]] = []
    for action, item, rank in steps:
        in_order = sorted(expected, key=lambda entry: entry[1])
        if action == "look":
            assert heap.first_rank() == (in_order[0][1] if in_order else None)
        elif action == "pop":
            if in_order:
                assert heap.pop() == in_order[0]
                expected.remove(in_order[0])
        else:
            expected = [entry for entry in expected if entry[0] != item]
            if action == "put":
                heap.put(item, rank)
                expected.append((item, rank))
            else:
                heap.discard(item)
        assert {item: heap.rank(item) for item in heap.entries} == dict(expected)


def test_nothing_can_be_taken_out_of_an_empty_heap() -> None:
    heap: ItemHeap[str] = ItemHeap()
    heap.put("a", 1)
    heap.discard("a")

    with pytest.raises(IndexError):
        heap.pop()


def test_items_that_move_often_leave_little_behind_and_keep_their_order() -> None:
    heap: ItemHeap[int] = ItemHeap()
    alive: WeakSet[Rank] = WeakSet()
    for move in range(10_000):
        rank = Rank(move * 7919 % 10_000)
        alive.add(rank)
        heap.put(move % 50, rank)
        assert len(alive) <= 2 * 50 + 65

    ranks = [heap.pop()[1] for _ in range(50)]

    assert ranks == sorted(ranks)
