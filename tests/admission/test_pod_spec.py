from typing import Any

import pytest

from steersman.admission.pod_spec import containers, is_best_effort, pod_amounts, spec_of


def using(cpu: str, **more: Any) -> Any:
    return {"name": "x", "resources": {"requests": {"cpu": cpu}}, **more}


def sidecar(cpu: str) -> Any:
    return using(cpu, restartPolicy="Always")


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({"containers": [using("1"), using("500m")]}, "1500m"),
        ({"containers": [using("1")], "initContainers": [using("3"), using("2")]}, "3"),
        ({"containers": [using("1")], "initContainers": [sidecar("1"), using("2")]}, "3"),
        ({"containers": [using("5")], "initContainers": [using("2"), sidecar("1")]}, "6"),
        ({"containers": [using("1")], "initContainers": [sidecar("1"), sidecar("1")]}, "3"),
        ({"containers": [using("1")], "resources": {"requests": {"cpu": "8"}}}, "8"),
        ({"containers": [{"name": "x"}, None]}, None),
        ({}, None),
    ],
)
def test_what_a_pod_asks_for_as_a_whole(spec: Any, cpu: str | None) -> None:
    found = pod_amounts({"spec": spec}, "requests")

    assert {name: str(quantity) for name, quantity in found.items()} == ({"cpu": cpu} if cpu else {})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"containers": [{"name": "x"}]}, True),
        ({"containers": [{"name": "x", "resources": {"limits": {"example.com/gpu": "1"}}}]}, True),
        ({"containers": [using("0")]}, True),
        ({"containers": [using("1m")]}, False),
        ({"initContainers": [{"resources": {"limits": {"memory": "1"}}}]}, False),
        ({"resources": {"requests": {"memory": "1"}}}, False),
    ],
)
def test_a_pod_that_is_promised_nothing(spec: Any, expected: bool) -> None:
    assert is_best_effort({"spec": spec}) is expected


def test_containers_come_with_their_paths_and_without_nulls() -> None:
    spec = {"containers": [None, {"name": "b"}], "initContainers": [{"name": "a"}], "ephemeralContainers": None}

    assert [(path, one["name"]) for path, one in containers({"spec": spec})] == [
        ("spec.initContainers[0]", "a"),
        ("spec.containers[1]", "b"),
    ]


def test_a_pod_without_a_spec_gets_an_empty_one() -> None:
    pod: Any = {"spec": None}

    spec_of(pod)["priority"] = 3

    assert pod == {"spec": {"priority": 3}}
