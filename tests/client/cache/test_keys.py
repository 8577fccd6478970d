import pytest

from steersman.client.cache import (
    CachedObject,
    DeletedFinalStateUnknown,
    ObjectName,
    meta_namespace_key,
    object_name,
    split_key,
)


@pytest.mark.parametrize(("namespace", "name", "key"), [("ns", "n", "ns/n"), ("", "n", "n")])
def test_keys_are_put_together_and_taken_apart(namespace: str, name: str, key: str) -> None:
    assert object_name(namespace, name) == key
    assert str(ObjectName(namespace, name)) == key
    assert split_key(key) == ObjectName(namespace, name)
    content = {"metadata": {"name": name, "namespace": namespace}}
    assert meta_namespace_key(content) == key
    assert meta_namespace_key(CachedObject.from_dict(content)) == key


def test_a_key_has_two_parts_at_most() -> None:
    with pytest.raises(ValueError, match='unexpected key format: "a/b/c"'):
        split_key("a/b/c")


def test_a_tombstone_has_the_key_of_what_is_gone() -> None:
    assert meta_namespace_key(DeletedFinalStateUnknown("ns/n", None)) == "ns/n"


def test_what_has_no_metadata_has_no_key() -> None:
    with pytest.raises(ValueError, match="object has no meta"):
        meta_namespace_key({"kind": "Pod"})
