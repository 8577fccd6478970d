from steersman.apiserver.random_ids import AT_ONCE, RandomIds


def test_random_ids_are_version_4_uuids() -> None:
    ids = RandomIds()
    made = [ids.next() for _ in range(AT_ONCE * 3)]

    assert len(set(made)) == len(made)
    for one in made:
        assert [len(part) for part in one.split("-")] == [8, 4, 4, 4, 12]
        assert (one[14], one[19] in "89ab") == ("4", True)
        assert int(one.replace("-", ""), 16) >= 0
