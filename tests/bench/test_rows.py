from bench.rows import rows
from bench.scale import FULL, SMOKE


def test_every_row_has_a_key_and_a_label_of_its_own() -> None:
    table = rows(FULL)

    assert len({row.key for row in table}) == len({row.label for row in table}) == len(table)


def test_a_rate_is_better_when_it_is_higher_and_nothing_else_is() -> None:
    assert all(row.more_is_better == row.label.endswith("/s") for row in rows(FULL))


def test_only_the_full_scale_is_compared_with_something() -> None:
    assert any(row.goal for row in rows(FULL))
    assert not any(row.goal or row.kubernetes for row in rows(SMOKE))
