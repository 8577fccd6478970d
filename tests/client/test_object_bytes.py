"""Objects' bytes: their type where it lacks, their name and namespace."""

from typing import Any

import orjson
import pytest

from steersman.client import ApiResource
from steersman.client.api_resource import DICTS
from steersman.client.object_bytes import read_head, with_type

DEPLOYMENTS = ApiResource("apps", "v1", "deployments", "Deployment", True, DICTS)
TYPE = {"apiVersion": "apps/v1", "kind": "Deployment"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{}", TYPE),
        (b' { "spec" : 1 } ', TYPE | {"spec": 1}),
        (b'{"kind":"Deployment","spec":1}', TYPE | {"spec": 1}),
        (b'{"apiVersion":"apps/v1beta1"}', {"apiVersion": "apps/v1beta1", "kind": "Deployment"}),
        (b'{"spec":{"kind":"x","apiVersion":"y"}}', TYPE | {"spec": {"kind": "x", "apiVersion": "y"}}),
    ],
)
def test_the_type_is_added_where_it_lacks(data: bytes, expected: dict[str, Any]) -> None:
    assert orjson.loads(with_type(data, DEPLOYMENTS)) == expected


def test_what_says_all_stays_as_it_is() -> None:
    data = b'{"kind":"Other","apiVersion":"v9"}'
    assert with_type(data, DEPLOYMENTS) is data


@pytest.mark.parametrize("data", [b"", b"[]", b'"a"', b"{", b'{"kind":1}'])
def test_what_is_no_object(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an object of the API"):
        with_type(data, DEPLOYMENTS)


def test_the_head() -> None:
    head = read_head(b'{"kind":"A","metadata":{"name":"n","namespace":"m","resourceVersion":"3","labels":{}}}')
    assert (head.kind, head.name, head.namespace, head.resource_version) == ("A", "n", "m", "3")
    empty = read_head(b'{"metadata":null}')
    assert (empty.kind, empty.name, empty.namespace, empty.resource_version) == (None, "", "", "")
    with pytest.raises(ValueError):
        read_head(b'{"metadata":{"name":1}}')
