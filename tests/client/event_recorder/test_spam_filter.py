from steersman.client.event_recorder import SpamFilter


def test_a_burst_passes_and_then_one_in_five_minutes() -> None:
    spam = SpamFilter()

    assert [spam.accepts("a", 1000.0) for _ in range(30)] == [True] * 25 + [False] * 5
    assert not spam.accepts("a", 1299.0)
    assert spam.accepts("a", 1300.1)
    assert not spam.accepts("a", 1300.2)
    assert [spam.accepts("a", 1e6) for _ in range(26)] == [True] * 25 + [False]


def test_each_key_has_its_own_burst() -> None:
    spam = SpamFilter(burst=1)

    assert spam.accepts("a", 0.0)
    assert spam.accepts("b", 0.0)
    assert not spam.accepts("a", 0.0)


def test_keys_that_were_not_used_for_long_are_forgotten() -> None:
    spam = SpamFilter(burst=1, max_entries=2)
    for key in ("a", "b", "a", "c"):
        spam.accepts(key, 0.0)

    assert not spam.accepts("a", 0.0)
    assert spam.accepts("b", 0.0)
