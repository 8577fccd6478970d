"""What the memory store's log lets go of."""

from steersman.storage.feed import Row
from steersman.storage.memory import RevisionLog


def test_a_sweep_leaves_the_newest_row_of_each_live_key_and_nothing_of_deleted_ones() -> None:
    log = RevisionLog()
    rows: list[Row] = [
        (2, "/a", 2, 0, 0, b"1"),
        (3, "/gone", 3, 0, 0, b"1"),
        (4, "/again", 4, 0, 0, b"1"),
        (5, "/a", 2, 2, 0, b"2"),
        (6, "/gone", 0, 3, 1, b""),
        (7, "/again", 0, 4, 1, b""),
        (8, "/again", 8, 0, 0, b"2"),
    ]
    for row in rows:
        log.append(row)

    log.sweep(2, 8)

    assert log.keys("", None, 100) == ["/a", "/again"]
    assert [event.kv.mod_revision for event in log.replay("", 1, 8, 100, previous=False)] == [5, 8]
