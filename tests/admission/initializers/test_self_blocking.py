from typing import Any

import pytest

from steersman.admission.initializers.configuration import ConfiguredInitializer, ServiceAccount
from steersman.admission.initializers.self_blocking import RUNS, own, refusal

BY_ACCOUNT = ConfiguredInitializer("a.example.com", service_account=ServiceAccount("system", "envoy"))
BY_NAME = ConfiguredInitializer("b.example.com")
OTHER = ConfiguredInitializer("c.example.com", service_account=ServiceAccount("system", "other"))
ALL = (BY_ACCOUNT, BY_NAME, OTHER)
AS_ENVOY = {"spec": {"serviceAccountName": "envoy"}}
RUNS_B = {"metadata": {"annotations": {RUNS: "x.example.com, b.example.com"}}}


def workload(template: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata, "spec": {"template": template}}


@pytest.mark.parametrize(
    ("obj", "found"),
    [
        (workload(AS_ENVOY), ("a.example.com",)),
        ({"metadata": {}, **AS_ENVOY}, ("a.example.com",)),
        ({"metadata": {}, "spec": {"jobTemplate": workload(AS_ENVOY)}}, ("a.example.com",)),
        (workload(RUNS_B), ("b.example.com",)),
        (workload({}, annotations={RUNS: "b.example.com"}), ("b.example.com",)),
        (workload({**AS_ENVOY, **RUNS_B}), ("a.example.com", "b.example.com")),
        (workload({"spec": {"serviceAccountName": "default"}}), ()),
        (workload({"spec": None, "metadata": {"annotations": None}}), ()),
        ({"metadata": {}, "data": {}}, ()),
        ({"metadata": {}, "spec": {"template": "text"}}, ()),
    ],
)
def test_a_workload_is_known_by_its_service_account_or_by_what_it_says(
    obj: dict[str, Any], found: tuple[str, ...]
) -> None:
    initializers, left_out = own(obj, "system", ALL)

    assert (tuple(one.name for one in initializers), left_out) == (found, False)


def test_a_service_account_of_this_name_elsewhere_is_another_one() -> None:
    assert own(workload(AS_ENVOY), "default", ALL) == ((), False)


def test_what_a_controller_made_of_it_is_not_held_by_it() -> None:
    owner = {"ownerReferences": [{"controller": True}]}

    assert own(workload(AS_ENVOY, **owner), "system", ALL) == ((BY_ACCOUNT,), True)


def test_what_anybody_can_write_spares_nothing() -> None:
    owner = {"ownerReferences": [{"controller": True}]}

    assert own(workload(RUNS_B, **owner), "system", ALL) == ((BY_NAME,), False)


def test_the_refusal_says_what_to_do() -> None:
    assert "set metadata.initializers.pending: []" in refusal((BY_NAME,))
