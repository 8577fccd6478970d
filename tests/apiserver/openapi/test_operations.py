from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind
from steersman.apiserver.openapi.operations import Operation, Path, paths_of
from steersman.apiserver.registry.resource import Resource


def no_name(kind: GroupVersionKind) -> str:
    return f"name.of.{kind.kind}"


def paths(resource: Resource) -> dict[str, Path]:
    return {path.path: path for path in paths_of(resource.group_version, [resource], no_name)}


def ids(path: Path) -> list[tuple[str, str]]:
    return [(operation.method, operation.id) for operation in path.operations]


def test_paths_and_names_are_those_of_kube_apiserver(deployments: Resource) -> None:
    root = "/apis/apps/v1/namespaces/{namespace}/deployments"

    assert {path: ids(found) for path, found in paths(deployments).items()} == {
        "/apis/apps/v1/": [("get", "getAppsV1APIResources")],
        "/apis/apps/v1/deployments": [("get", "listAppsV1DeploymentForAllNamespaces")],
        root: [
            ("get", "listAppsV1NamespacedDeployment"),
            ("post", "createAppsV1NamespacedDeployment"),
            ("delete", "deleteAppsV1CollectionNamespacedDeployment"),
        ],
        root + "/{name}": [
            ("get", "readAppsV1NamespacedDeployment"),
            ("put", "replaceAppsV1NamespacedDeployment"),
            ("patch", "patchAppsV1NamespacedDeployment"),
            ("delete", "deleteAppsV1NamespacedDeployment"),
        ],
        root + "/{name}/scale": [
            ("get", "readAppsV1NamespacedDeploymentScale"),
            ("put", "replaceAppsV1NamespacedDeploymentScale"),
            ("patch", "patchAppsV1NamespacedDeploymentScale"),
        ],
        root + "/{name}/status": [
            ("get", "readAppsV1NamespacedDeploymentStatus"),
            ("put", "replaceAppsV1NamespacedDeploymentStatus"),
            ("patch", "patchAppsV1NamespacedDeploymentStatus"),
        ],
    }


def test_cluster_scoped_kinds_have_one_collection(nodes: Resource) -> None:
    assert list(paths(nodes)) == ["/api/v1/", "/api/v1/nodes", "/api/v1/nodes/{name}"]
    assert ids(paths(nodes)["/api/v1/nodes"])[0] == ("get", "listCoreV1Node")


def test_what_is_not_stored_can_only_be_posted(token_reviews: Resource) -> None:
    found = paths(token_reviews)

    assert list(found) == ["/apis/authentication.k8s.io/v1/", "/apis/authentication.k8s.io/v1/tokenreviews"]
    assert ids(found["/apis/authentication.k8s.io/v1/tokenreviews"]) == [("post", "createAuthenticationV1TokenReview")]


def test_names_of_groups_with_dots(databases: Resource) -> None:
    operation = paths(databases)["/apis/example.com/v1/databases"].operations[0]

    assert (operation.id, operation.tag) == ("listExampleComV1DatabaseForAllNamespaces", "exampleCom_v1")


def patch_of(resource: Resource) -> Operation:
    found = paths(resource)[f"/apis/{resource.api_version}/namespaces/{{namespace}}/{resource.plural}/{{name}}"]
    return next(operation for operation in found.operations if operation.method == "patch")


def test_only_built_in_kinds_take_strategic_merge_patches(deployments: Resource, databases: Resource) -> None:
    strategic = "application/strategic-merge-patch+json"

    assert strategic in patch_of(deployments).consumes
    assert strategic not in patch_of(databases).consumes
    assert "application/merge-patch+json" in patch_of(databases).consumes


def test_a_subresource_takes_and_gives_its_own_kind(deployments: Resource) -> None:
    scale = paths(deployments)["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"].operations[1]

    assert scale.kind == GroupVersionKind("autoscaling", "v1", "Scale")
    assert scale.body == scale.result == "name.of.Scale"


def test_the_discovery_path_is_there_without_resources() -> None:
    (path,) = paths_of(GroupVersion("a.b", "v1"), [], no_name)

    assert (path.path, path.operations[0].id) == ("/apis/a.b/v1/", "getABV1APIResources")
