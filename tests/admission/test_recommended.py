import pytest

from steersman.admission import catalog, recommended
from steersman.admission.selection import AdmissionOptions, selected_names


def test_a_list_of_plugins_is_taken_as_it_is() -> None:
    assert recommended.resolve(["AlwaysDeny", "AlwaysAdmit"]) == ["AlwaysDeny", "AlwaysAdmit"]


@pytest.mark.parametrize("release", ["1.6", "1.7", "1.8"])
def test_the_chain_of_1_6_is_that_of_the_two_after_it(release: str) -> None:
    assert recommended.resolve([release]) == [
        "NamespaceLifecycle",
        "LimitRanger",
        "ServiceAccount",
        "PersistentVolumeLabel",
        "DefaultStorageClass",
        "ResourceQuota",
        "DefaultTolerationSeconds",
    ]


def test_the_chain_of_1_9_has_the_webhooks_where_they_were() -> None:
    assert recommended.resolve(["1.9"]) == [
        "NamespaceLifecycle",
        "LimitRanger",
        "ServiceAccount",
        "PersistentVolumeLabel",
        "DefaultStorageClass",
        "ValidatingAdmissionWebhook",
        "ResourceQuota",
        "DefaultTolerationSeconds",
        "MutatingAdmissionWebhook",
    ]


def test_default_is_the_chain_of_today() -> None:
    assert selected_names(AdmissionOptions(control=("default",))) == selected_names(AdmissionOptions())
    assert {*recommended.resolve(["default"])} == catalog.DEFAULT


def test_a_recommended_chain_does_not_stand_among_plugins() -> None:
    with pytest.raises(ValueError, match=r'plugin "1\.9" is unknown'):
        selected_names(AdmissionOptions(control=("1.9", "AlwaysDeny")))


@pytest.mark.parametrize(
    "options",
    [AdmissionOptions(control=("PVCProtection",)), AdmissionOptions(enable=("PVCProtection",))],
    ids=["control", "enable"],
)
def test_a_name_of_old_means_the_plugin_of_today(options: AdmissionOptions) -> None:
    assert "StorageObjectInUseProtection" in selected_names(options)


def test_a_name_of_old_beside_the_present_one_is_a_doubled_one() -> None:
    with pytest.raises(ValueError, match='"StorageObjectInUseProtection" stands twice'):
        selected_names(AdmissionOptions(control=("PVCProtection", "StorageObjectInUseProtection")))
