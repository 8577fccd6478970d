"""What discovery tells of the actions of built-in kinds, in old and new minors."""

from typing import Any

from tests.apis.core_resources import ACTIONS, core

from steersman.apimachinery.group_version import GroupKind, GroupVersion
from steersman.apiserver.discovery.aggregated import api_group_discovery_list
from steersman.apiserver.discovery.resources import api_resource_list


def listed(minor: int) -> dict[str, Any]:
    """Entries of subresources that are actions, by name; without what is the same in all."""
    names = {name for names in ACTIONS.values() for name in names if name}
    entries = api_resource_list(GroupVersion("", "v1"), core(minor))["resources"]
    found = {one.pop("name"): one for one in entries}
    return {name: one for name, one in found.items() if name.partition("/")[2] in names or name == "bindings"}


EVERY = ["create", "delete", "get", "patch", "update"]
BOTH = ["create", "get"]


def test_discovery_has_the_kind_of_the_body() -> None:
    def entry(kind: str, verbs: list[str], *, namespaced: bool = True, **more: str) -> Any:
        return {"singularName": "", "namespaced": namespaced, "kind": kind, "verbs": verbs, **more}

    assert listed(37) == {
        "bindings": {"singularName": "binding", "namespaced": True, "kind": "Binding", "verbs": ["create"]},
        "nodes/proxy": entry("NodeProxyOptions", EVERY, namespaced=False),
        "pods/attach": entry("PodAttachOptions", BOTH),
        "pods/binding": entry("Binding", ["create"]),
        "pods/eviction": entry("Eviction", ["create"], group="policy", version="v1"),
        "pods/exec": entry("PodExecOptions", BOTH),
        "pods/log": entry("Pod", ["get"]),
        "pods/portforward": entry("PodPortForwardOptions", BOTH),
        "pods/proxy": entry("PodProxyOptions", EVERY),
        "serviceaccounts/token": entry("TokenRequest", ["create"], group="authentication.k8s.io", version="v1"),
        "services/proxy": entry("ServiceProxyOptions", EVERY),
    }


def test_old_minors_evict_in_a_beta_version_and_give_no_tokens() -> None:
    old = listed(9)

    assert (old["pods/eviction"]["group"], old["pods/eviction"]["version"]) == ("policy", "v1beta1")
    assert "serviceaccounts/token" not in old


def test_aggregated_discovery_has_them_too() -> None:
    document = api_group_discovery_list("v2", {"": {"v1": core(37)}})

    (version,) = document["items"][0]["versions"]
    found = {one["resource"]: one for one in version["resources"]}
    pods = {one["subresource"]: one["responseKind"] for one in found["pods"]["subresources"]}
    assert set(ACTIONS[GroupKind("", "Pod")]) <= set(pods)
    assert pods["eviction"] == {"group": "policy", "version": "v1", "kind": "Eviction"}
    assert pods["exec"] == {"group": "", "version": "", "kind": "PodExecOptions"}
    assert "subresources" not in found["bindings"]
