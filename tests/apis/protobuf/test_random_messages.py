"""Over random messages of every kind, and over random bytes."""

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.apis.protobuf.message_strategy import body, contents

from steersman.apimachinery.errors import ApiError
from steersman.apis.protobuf import decode_protobuf
from steersman.apis.protobuf.messages import Messages

MESSAGES = Messages()
KINDS = [
    (group_version, name.partition(".")[2])
    for group_version, package in MESSAGES.packages.items()
    for name in MESSAGES.names()
    if name.startswith(f"{package}.") and MESSAGES.form(name) == "kind" and not name.endswith("List")
]


@st.composite
def sent_objects(draw: Any) -> tuple[bytes, dict[str, Any]]:
    group_version, kind = draw(st.sampled_from(KINDS))
    raw, json = draw(contents(MESSAGES, f"{MESSAGES.packages[group_version]}.{kind}"))
    return body(group_version, kind, raw), {"apiVersion": group_version, "kind": kind} | json


@settings(max_examples=40, deadline=None)
@given(sent_objects())
def test_an_object_is_what_its_json_says(sent: tuple[bytes, dict[str, Any]]) -> None:
    encoded, json = sent

    assert decode_protobuf(encoded) == json


@settings(max_examples=40, deadline=None)
@given(sent_objects(), st.data())
def test_damaged_bodies_are_read_or_refused(sent: tuple[bytes, dict[str, Any]], data: st.DataObject) -> None:
    damaged = bytearray(sent[0])
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(4, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    with suppress(ApiError):
        decode_protobuf(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(kind: tuple[str, str], raw: bytes) -> None:
    with suppress(ApiError):
        decode_protobuf(body(*kind, raw))
    with suppress(ApiError):
        decode_protobuf(b"k8s\0" + raw)
