import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.storage.watch_cache import Codec

CODEC = Codec("apps/v1", "Deployment")
VALUE = (
    b'{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"a":"b"}},"spec":{"replicas":3}}'
)
FINAL = (
    b'{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"resourceVersion":"42",'
    b'"name":"web","labels":{"a":"b"}},"spec":{"replicas":3}}'
)


def test_final_bytes_have_the_revision_as_first_member_of_metadata() -> None:
    assert CODEC.final(VALUE, 42) == FINAL


def test_a_deleted_object_carries_another_revision() -> None:
    assert CODEC.with_revision(FINAL, 1000) == FINAL.replace(b'"42"', b'"1000"')


def test_the_stored_value_lacks_the_revision() -> None:
    assert CODEC.stored(FINAL) == VALUE


def test_another_version_of_equal_shape_differs_in_the_opening_only() -> None:
    seen = CODEC.as_kind(FINAL, "extensions/v1beta1", "Deployment")

    assert seen == FINAL.replace(b"apps/v1", b"extensions/v1beta1")
    assert CODEC.as_kind(FINAL, "apps/v1", "Deployment") == FINAL


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b'{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web"}}', id="member order"),
        pytest.param(b'{ "apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"}}', id="whitespace"),
        pytest.param(b'{"apiVersion":"apps/v1beta1","kind":"Deployment","metadata":{"name":"web"}}', id="version"),
        pytest.param(
            b'{"kind":"Deployment","metadata":{"resourceVersion":"7","name":"web"}}', id="a revision that was stored"
        ),
    ],
)
def test_values_of_other_writers_are_encoded_anew(value: bytes) -> None:
    final = CODEC.final(value, 42)

    assert final == (b'{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"resourceVersion":"42","name":"web"}}')


@pytest.mark.parametrize(
    "value",
    [b'{"apiVersion":"apps/v1","kind":"Deployment","metadata":{},"spec":1}', b'{"kind":"Deployment","spec":1}'],
)
def test_empty_metadata_stays_well_formed(value: bytes) -> None:
    final = CODEC.final(value, 42)

    assert orjson.loads(final)["metadata"] == {"resourceVersion": "42"}
    assert orjson.loads(CODEC.with_revision(final, 43))["metadata"] == {"resourceVersion": "43"}
    assert orjson.loads(CODEC.stored(final)) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {},
        "spec": 1,
    }


@pytest.mark.parametrize("value", [b"", b"k8s\x00\n\x0c", b"[]", b"1", b'{"metadata":[]}', b'{"metadata":null}'])
def test_what_is_no_object_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError):
        CODEC.final(value, 42)


text = st.text(max_size=12)


@given(st.dictionaries(text, text, min_size=1), st.dictionaries(text, text), st.integers(1, 2**63 - 1))
def test_splicing_is_what_parsing_would_do(metadata: dict[str, str], spec: dict[str, str], revision: int) -> None:
    metadata.pop("resourceVersion", None)
    whole = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata or {"name": "x"}, "spec": spec}
    value = orjson.dumps(whole)

    final = CODEC.final(value, revision)

    whole["metadata"] = {**metadata, "resourceVersion": str(revision)} if metadata else {
        "name": "x", "resourceVersion": str(revision)
    }  # fmt: skip
    assert orjson.loads(final) == whole
    assert CODEC.stored(final) == value
    assert CODEC.with_revision(final, 7) == CODEC.final(value, 7)
