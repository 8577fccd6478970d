"""Writing the status alone."""

from typing import Any

import pytest

from steersman.apis.status import read_status, write_status


def parent() -> dict[str, Any]:
    return {
        "metadata": {"name": "it", "uid": "u1", "resourceVersion": "5", "labels": {"a": "b"}},
        "spec": {"x": 1},
        "status": {"old": True},
    }


def test_the_status_is_read_with_the_whole_object() -> None:
    assert read_status(parent()) == parent()


def test_only_the_status_is_taken() -> None:
    body = {"metadata": {"name": "it", "labels": {"c": "d"}}, "spec": {"x": 2}, "status": {"new": True}}
    assert write_status(parent(), body) == {**parent(), "status": {"new": True}}


@pytest.mark.parametrize("metadata", [None, {}, {"uid": None}, {"resourceVersion": ""}])
def test_a_body_without_guards_keeps_those_of_the_object(metadata: Any) -> None:
    written = write_status(parent(), {"metadata": metadata, "status": {}})
    assert written["metadata"] == parent()["metadata"]


def test_guards_of_the_body_count() -> None:
    written = write_status(parent(), {"metadata": {"uid": "u2", "resourceVersion": "4", "name": "x"}, "status": {}})
    assert written["metadata"] == {**parent()["metadata"], "uid": "u2", "resourceVersion": "4"}


def test_a_body_without_status_removes_it() -> None:
    assert "status" not in write_status(parent(), {"metadata": {}})
    assert "status" not in write_status({"metadata": {}}, {})
