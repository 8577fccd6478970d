"""``--runtime-config``: precedence, and what can be turned on in which minor."""

import pytest

from steersman.apis.catalog import CRD_ONLY, Catalog, RuntimeConfig


def served(minor: int, text: str, profile: str = "kubernetes") -> set[str]:
    resources = Catalog(minor).resources(RuntimeConfig.parse(text), profile)
    return {f"{resource.group_version}/{resource.plural}" for resource in resources}


def versions(minor: int, text: str) -> set[str]:
    return {name.rpartition("/")[0] for name in served(minor, text)}


@pytest.mark.parametrize(
    ("minor", "text", "on", "off"),
    [
        (37, "", {"apps/v1/deployments"}, {"apps/v1beta1/deployments", "resource.k8s.io/v1beta1/deviceclasses"}),
        (37, "apps/v1beta1=true", {"apps/v1beta1/deployments", "apps/v1/deployments"}, {"apps/v1beta2/deployments"}),
        (37, "apps/v1beta1", {"apps/v1beta1/deployments"}, set()),
        (37, "settings.k8s.io/v1alpha1=true", {"settings.k8s.io/v1alpha1/podpresets"}, set()),
        (37, "apiextensions.k8s.io/v1beta1=true", {"apiextensions.k8s.io/v1beta1/customresourcedefinitions"}, set()),
        (37, "admissionregistration.k8s.io/v1alpha1=true",
         {"admissionregistration.k8s.io/v1alpha1/initializerconfigurations",
          "admissionregistration.k8s.io/v1alpha1/mutatingadmissionpolicies"}, set()),
        (37, "extensions/v1beta1=true", {"extensions/v1beta1/deployments", "extensions/v1beta1/ingresses"}, set()),
        (37, "extensions/v1beta1/ingresses=true", {"extensions/v1beta1/ingresses"}, {"extensions/v1beta1/deployments"}),
        (16, "extensions/v1beta1/daemonsets", {"extensions/v1beta1/daemonsets", "extensions/v1beta1/ingresses"},
         {"extensions/v1beta1/deployments"}),
        (37, "batch/v1/cronjobs=false", {"batch/v1/jobs"}, {"batch/v1/cronjobs"}),
        (37, "batch/v1=false,batch/v1/cronjobs=true", {"batch/v1/cronjobs"}, {"batch/v1/jobs"}),
        (37, "v1/pods=false", {"v1/services"}, {"v1/pods"}),
        (37, "api/v1/pods=false", {"v1/services"}, {"v1/pods"}),
        (37, "api/beta=true", {"resource.k8s.io/v1beta1/deviceclasses"}, {"apps/v1beta1/deployments"}),
        (37, "api/alpha=true", {"internal.apiserver.k8s.io/v1alpha1/storageversions"},
         {"settings.k8s.io/v1alpha1/podpresets", "resource.k8s.io/v1beta1/deviceclasses"}),
        (37, "api/all=true,api/alpha=false", {"resource.k8s.io/v1beta1/deviceclasses"},
         {"internal.apiserver.k8s.io/v1alpha1/storageversions"}),
        (20, "api/beta=false", {"apps/v1/deployments"}, {"policy/v1beta1/poddisruptionbudgets"}),
        (16, "api/all=true", {"apps/v1beta1/deployments", "extensions/v1beta1/daemonsets"}, set()),
        (9, "batch/v1=true", {"batch/v1/jobs"}, {"batch/v1/cronjobs"}),
        (9, "batch/v1/cronjobs=true", {"batch/v1/jobs", "batch/v1/cronjobs"}, set()),
        (9, "policy/v1=true", {"policy/v1/poddisruptionbudgets"}, set()),
    ],
)  # fmt: skip
def test_what_is_turned_on_and_off(minor: int, text: str, on: set[str], off: set[str]) -> None:
    found = served(minor, text)

    assert on <= found
    assert not off & found


@pytest.mark.parametrize("text", ["api/all=false,api/v1=true", "v1=true, api/all=false", "api/all=false,,v1"])
def test_only_what_is_named_stays_whatever_the_order(text: str) -> None:
    assert versions(37, text) == {"v1"}


def test_stable_versions_alone() -> None:
    assert versions(20, "api/all=false,api/ga=true") == {
        version for version in versions(20, "") if "beta" not in version
    }


def test_a_profile_is_not_overruled() -> None:
    assert not {name for name in served(37, "apps/v1beta1=true,v1=true", CRD_ONLY) if "pods" in name or "apps" in name}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("apps/v1beta9=true", "runtime-config: no minor version of Kubernetes has apps/v1beta9; close to it: apps/v1"),
        ("app/v1", "runtime-config: no minor version of Kubernetes has app/v1; close to it: apps/v1"),
        ("batch/v1/cronjob=true", "runtime-config: .* has batch/v1/cronjob; close to it: batch/v1/cronjobs"),
        ("zzz.example.com/v7", "runtime-config: no minor version of Kubernetes has zzz.example.com/v7$"),
        ("apps/v1=perhaps", "runtime-config: apps/v1=perhaps: the value must be true or false"),
        ("apps", "runtime-config: apps: write <group>/<version> or <group>/<version>/<resource>"),
        ("apps/v1/deployments/scale", "runtime-config: apps/v1/deployments/scale: write <group>/<version>"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}") as refused:
        RuntimeConfig.parse(text)

    assert "\n" not in str(refused.value)
