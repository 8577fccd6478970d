"""What a request asks for, read from its method and URL (kube-apiserver's grammar)."""

import pytest

from steersman.apiserver.request_info import RequestInfo, request_info


@pytest.mark.parametrize(
    ("method", "path", "info"),
    [
        ("GET", "/api/v1/pods", ("list", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/namespaces/a/pods", ("list", "", "v1", "a", "pods", "", "")),
        ("GET", "/api/v1/namespaces/a/pods/p", ("get", "", "v1", "a", "pods", "", "p")),
        ("HEAD", "/api/v1/namespaces/a/pods/p", ("get", "", "v1", "a", "pods", "", "p")),
        ("POST", "/api/v1/namespaces/a/pods", ("create", "", "v1", "a", "pods", "", "")),
        ("PUT", "/api/v1/namespaces/a/pods/p", ("update", "", "v1", "a", "pods", "", "p")),
        ("PATCH", "/api/v1/namespaces/a/pods/p/status", ("patch", "", "v1", "a", "pods", "status", "p")),
        ("DELETE", "/api/v1/namespaces/a/pods/p", ("delete", "", "v1", "a", "pods", "", "p")),
        ("DELETE", "/api/v1/namespaces/a/pods", ("deletecollection", "", "v1", "a", "pods", "", "")),
        ("GET", "/api/v1/nodes/n/proxy/x/y", ("get", "", "v1", "", "nodes", "proxy", "n", "", "", "x/y")),
        ("GET", "/api/v1/namespaces/a/pods/p/status/x", ("get", "", "v1", "a", "pods", "status", "p", "", "", "x")),
        ("GET", "/api/v1/namespaces", ("list", "", "v1", "", "namespaces", "", "")),
        ("GET", "/api/v1/namespaces/a", ("get", "", "v1", "a", "namespaces", "", "a")),
        ("PUT", "/api/v1/namespaces/a/finalize", ("update", "", "v1", "a", "namespaces", "finalize", "a")),
        ("GET", "/api/v1/namespaces/a/status", ("get", "", "v1", "a", "namespaces", "status", "a")),
        ("GET", "/apis/apps/v1/deployments", ("list", "apps", "v1", "", "deployments", "", "")),
        ("GET", "/apis/apps/v1/namespaces/a/deployments/d/", ("get", "apps", "v1", "a", "deployments", "", "d")),
        ("GET", "/api/v1/pods?watch=1", ("watch", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/pods?watch", ("watch", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/pods?watch=false", ("list", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/namespaces/a/pods/p?watch=1", ("watch", "", "v1", "a", "pods", "", "p")),
        ("GET", "/api/v1/watch/pods", ("watch", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/watch/namespaces/a/pods/p", ("watch", "", "v1", "a", "pods", "", "p")),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name=p", ("list", "", "v1", "", "pods", "", "p")),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name=a/b", ("list", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name!=p", ("list", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/pods?fieldSelector=broken", ("list", "", "v1", "", "pods", "", "")),
        ("OPTIONS", "/api/v1/pods", ("options", "", "v1", "", "pods", "", "")),
    ],
)
def test_paths_of_resources(method: str, path: str, info: tuple[str, ...]) -> None:
    bare, _, text = path.partition("?")
    query = dict([text.partition("=")[::2]]) if text else {}

    verb, *rest = info

    found = request_info(method, bare, query)._replace(field_selector="")

    assert found == RequestInfo(verb, bare, True, *rest)


@pytest.mark.parametrize(
    ("method", "path", "selects"),
    [
        ("GET", "/api/v1/pods", True),
        ("DELETE", "/api/v1/namespaces/a/pods", True),
        ("GET", "/api/v1/watch/pods", True),
        ("GET", "/api/v1/namespaces/a/pods/p", False),
        ("POST", "/api/v1/namespaces/a/pods", False),
        ("GET", "/version", False),
    ],
)
def test_collections_are_selected_from(method: str, path: str, selects: bool) -> None:
    info = request_info(method, path, {"fieldSelector": "spec.nodeName=n", "labelSelector": "a in (b)"})

    assert (info.field_selector, info.label_selector) == (("spec.nodeName=n", "a in (b)") if selects else ("", ""))


@pytest.mark.parametrize(
    "path", ["/", "/version", "/api", "/api/v1", "/api/v1/", "/apis", "/apis/apps", "/apis/apps/v1"]
)
def test_other_paths(path: str) -> None:
    assert request_info("GET", path, {}) == RequestInfo("get", path)
