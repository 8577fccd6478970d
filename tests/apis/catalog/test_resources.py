"""Names, scope, verbs and subresources of built-in resources, against ``kubectl api-resources`` and discovery."""

import pytest

from steersman.apis.catalog import BuiltinResource, Catalog, Subresource

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


def find(catalog: Catalog, group: str, plural: str) -> BuiltinResource:
    return next(found for found in catalog.resources() if (found.group, found.plural) == (group, plural))


def subresources(minor: int, group: str, plural: str) -> dict[str, Subresource]:
    return {found.name: found for found in find(Catalog(minor), group, plural).subresources}


@pytest.mark.parametrize(
    ("group", "plural", "kind", "namespaced", "short_names", "categories"),
    [
        ("", "pods", "Pod", True, ("po",), ("all",)),
        ("", "namespaces", "Namespace", False, ("ns",), ()),
        ("", "endpoints", "Endpoints", True, ("ep",), ()),
        ("", "componentstatuses", "ComponentStatus", False, ("cs",), ()),
        ("", "services", "Service", True, ("svc",), ("all",)),
        ("apps", "deployments", "Deployment", True, ("deploy",), ("all",)),
        ("apps", "controllerrevisions", "ControllerRevision", True, (), ()),
        ("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", False, ("crd", "crds"),
         ("api-extensions",)),
        ("autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ("hpa",), ("all",)),
        ("batch", "cronjobs", "CronJob", True, ("cj",), ("all",)),
        ("certificates.k8s.io", "certificatesigningrequests", "CertificateSigningRequest", False, ("csr",), ()),
        ("coordination.k8s.io", "leases", "Lease", True, (), ()),
        ("networking.k8s.io", "ingresses", "Ingress", True, ("ing",), ()),
        ("networking.k8s.io", "networkpolicies", "NetworkPolicy", True, ("netpol",), ()),
        ("policy", "poddisruptionbudgets", "PodDisruptionBudget", True, ("pdb",), ()),
        ("rbac.authorization.k8s.io", "clusterroles", "ClusterRole", False, (), ()),
        ("scheduling.k8s.io", "priorityclasses", "PriorityClass", False, ("pc",), ()),
        ("storage.k8s.io", "storageclasses", "StorageClass", False, ("sc",), ()),
    ],
)  # fmt: skip
def test_names_and_scope(
    group: str, plural: str, kind: str, namespaced: bool, short_names: tuple[str, ...], categories: tuple[str, ...]
) -> None:
    resource = find(Catalog(), group, plural)

    assert (resource.kind, resource.list_kind, resource.singular) == (kind, f"{kind}List", kind.lower())
    assert (resource.namespaced, resource.short_names, resource.categories) == (namespaced, short_names, categories)


@pytest.mark.parametrize(
    ("minor", "group", "plural", "verbs"),
    [
        (37, "", "configmaps", ALL_VERBS),
        (7, "", "configmaps", ALL_VERBS),
        (37, "", "namespaces", tuple(verb for verb in ALL_VERBS if verb != "deletecollection")),
        (22, "", "services", tuple(verb for verb in ALL_VERBS if verb != "deletecollection")),
        (23, "", "services", ALL_VERBS),
        (37, "", "bindings", ("create",)),
        (37, "", "componentstatuses", ("get", "list")),
        (37, "authorization.k8s.io", "subjectaccessreviews", ("create",)),
    ],
)
def test_verbs(minor: int, group: str, plural: str, verbs: tuple[str, ...]) -> None:
    assert find(Catalog(minor), group, plural).verbs == verbs


@pytest.mark.parametrize(
    ("minor", "group", "plural", "names"),
    [
        (7, "", "pods", {"attach", "binding", "eviction", "exec", "log", "portforward", "proxy", "status"}),
        (37, "", "pods", {"attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward",
                          "proxy", "resize", "status"}),
        (37, "", "namespaces", {"finalize", "status"}),
        (37, "", "serviceaccounts", {"token"}),
        (37, "apps", "deployments", {"scale", "status"}),
        (37, "apps", "daemonsets", {"status"}),
        (37, "certificates.k8s.io", "certificatesigningrequests", {"approval", "status"}),
        (37, "coordination.k8s.io", "leases", set()),
        (26, "networking.k8s.io", "networkpolicies", set()),
    ],
)  # fmt: skip
def test_subresources(minor: int, group: str, plural: str, names: set[str]) -> None:
    assert set(subresources(minor, group, plural)) == names


@pytest.mark.parametrize(
    ("minor", "group", "plural", "name", "body"),
    [
        (37, "apps", "deployments", "scale", "autoscaling/v1/Scale"),
        (37, "", "replicationcontrollers", "scale", "autoscaling/v1/Scale"),
        (37, "", "pods", "eviction", "policy/v1/Eviction"),
        (21, "", "pods", "eviction", "policy/v1beta1/Eviction"),
        (37, "", "serviceaccounts", "token", "authentication.k8s.io/v1/TokenRequest"),
        (37, "apps", "deployments", "status", "apps/v1/Deployment"),
        (37, "", "pods", "exec", "/v1/PodExecOptions"),
    ],
)
def test_the_body_of_a_subresource(minor: int, group: str, plural: str, name: str, body: str) -> None:
    found = subresources(minor, group, plural)[name]

    assert f"{found.group}/{found.version}/{found.kind}" == body
    assert found.definition.rpartition(".")[2] == ("" if name == "exec" else found.kind)
