"""Discovery documents of servers that are not ours: what may be missing, stale, or of another group."""

import pytest

from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind
from steersman.client.discovery.documents import read_aggregated, read_groups, read_resources


def test_stale_versions_and_lone_subresources() -> None:
    resource = {
        "resource": "widgets",
        "responseKind": {"group": "example.com", "version": "v1", "kind": "Widget"},
        "scope": "Namespaced",
        "verbs": ["get"],
        "subresources": [
            {"subresource": "scale", "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"}}
        ],
    }
    lone = {"resource": "gadgets", "scope": "Cluster", "subresources": [{"subresource": "proxy", "verbs": ["get"]}]}
    versions = [
        {"version": "v1", "freshness": "Current", "resources": [resource, lone]},
        {"version": "v1alpha1", "freshness": "Stale"},
    ]
    read = dict(read_aggregated({"items": [{"metadata": {"name": "example.com"}, "versions": versions}]}))
    assert read[GroupVersion("example.com", "v1alpha1")] is None
    (widgets,) = read[GroupVersion("example.com", "v1")] or ()
    assert (widgets.singular, widgets.short_names) == ("widget", ())
    assert widgets.subresources["scale"].kind == GroupVersionKind("autoscaling", "v1", "Scale")


def test_the_preferred_version_comes_first() -> None:
    versions = [{"groupVersion": f"a/{version}", "version": version} for version in ("v2alpha1", "v1", "v1beta1")]
    group = {"name": "a", "versions": versions, "preferredVersion": {"groupVersion": "a/v1", "version": "v1"}}
    assert [one.version for one in read_groups({"groups": [group]})] == ["v1", "v2alpha1", "v1beta1"]


def test_old_lists_have_no_singular_names() -> None:
    entry = {"name": "pods", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get"]}
    eviction = {
        "name": "pods/eviction",
        "namespaced": True,
        "kind": "Eviction",
        "group": "policy",
        "version": "v1beta1",
    }
    (pods,) = read_resources({"resources": [eviction, entry]}, GroupVersion("", "v1"))
    assert pods.singular == "pod"
    assert pods.subresources["eviction"].kind == GroupVersionKind("policy", "v1beta1", "Eviction")


@pytest.mark.parametrize("entry", [{}, {"name": "pods"}, {"name": 1, "kind": "Pod", "namespaced": True}])
def test_what_is_no_list_is_told(entry: dict[str, object]) -> None:
    with pytest.raises((KeyError, AttributeError)):
        read_resources({"resources": [entry]}, GroupVersion("", "v1"))
