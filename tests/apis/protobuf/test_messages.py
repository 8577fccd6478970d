"""The data file: that it is whole, and that what the catalog knows can be read."""

import pytest

from steersman.apis.catalog.data_file import DataFile
from steersman.apis.protobuf.messages import DATA_FILE, Messages
from steersman.apis.protobuf.values import SCALARS

MESSAGES = Messages()
# Definitions of the catalog that no request body holds: answers only, or not sent as protobuf.
NEVER_SENT = {"meta/v1.Patch", "meta/v1.WatchEvent", "version.Info"}
# Packages whose messages are another's: autoscaling/v2alpha1 of 1.7 is v2beta1 of 1.8.
SAME_AS = {"autoscaling/v2alpha1": "autoscaling/v2beta1", "apiregistration/v1beta1": "apiregistration/v1"}
# Alpha fields that one or two minors had: what clients of 1.14 and 1.15 said of managed fields, a list's metadata
# by the name that 1.31 gave it, and the shape of a reference before 1.11.
UNKNOWN_FIELDS = {
    "meta/v1.ManagedFieldsEntry": {"fields"},
    "meta/v1.Fields": set[str](),
    "resource/v1alpha3.ResourceSliceList": {"listMeta"},
    "core/v1.NodeConfigSource": {"apiVersion", "kind"},
}


def message_name(package: str, definition: str) -> str:
    parts = package.split(".")
    kept = parts[-2:] if parts[-1].startswith("v") and parts[-1][1:2].isdigit() else parts[-1:]
    name = "/".join(kept)
    return f"{SAME_AS.get(name, name)}.{definition}"


def json_names(message: str) -> set[str]:
    found = {"apiVersion", "kind"} if MESSAGES.form(message) == "kind" else set()
    for line in MESSAGES[message].lines:
        _, name, type_name = line.split(" ")
        found |= json_names(type_name) if name == "." else {name.rstrip("?~")}
    return found


def test_the_file_is_small() -> None:
    assert DATA_FILE.stat().st_size < 50_000


def test_every_message_refers_only_to_messages_that_are_there() -> None:
    names = set(MESSAGES.names())

    for name in names:
        for line in MESSAGES[name].lines:
            assert line.split(" ")[2].removeprefix("map:").lstrip("*[]") in names | set(SCALARS), (name, line)


def test_every_definition_of_the_catalog_has_its_fields() -> None:
    file, names = DataFile(), set(MESSAGES.names())
    lacking: dict[str, set[str]] = {}
    for package in file.packages():
        block = file.block(package)
        for minor in range(file.index["first"], file.index["last"] + 1):
            for definition in block.names(minor):
                message = message_name(package, definition)
                if message not in names:
                    lacking.setdefault(message, set())
                elif MESSAGES.form(message) in ("", "kind"):
                    unknown = set(block.definition(definition, minor).get("properties", {})) - json_names(message)
                    if unknown:
                        lacking.setdefault(message, set()).update(unknown)

    assert {name: fields for name, fields in lacking.items() if name not in NEVER_SENT} == UNKNOWN_FIELDS


def test_every_served_kind_and_subresource_body_can_be_read() -> None:
    index = DataFile().index["resources"]
    kinds = {(f"{row[0]}/{row[1]}".lstrip("/"), row[3]) for row in index}
    kinds |= {(f"{sub[1]}/{sub[2]}".lstrip("/"), sub[3]) for row in index for sub in row[11] if sub[4]}

    assert not [
        (version, kind)
        for version, kind in sorted(kinds)
        if MESSAGES.form(f"{MESSAGES.packages.get(version)}.{kind}") != "kind"
    ]


# Go's types as they have been since the field is there: whether zero can be told from unset.
@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("apps/v1.DeploymentSpec", "1 replicas? *int32"),
        ("apps/v1.DeploymentSpec", "5 minReadySeconds? int32"),
        ("apps/v1.StatefulSetSpec", "8 revisionHistoryLimit? *int32"),
        ("batch/v1.JobSpec", "7 backoffLimit? *int32"),
        ("batch/v1.JobSpec", "1 parallelism? *int32"),
        ("batch/v1.JobSpec", "10 suspend? *bool"),
        ("core/v1.PodSpec", "4 terminationGracePeriodSeconds? *int64"),
        ("core/v1.PodSpec", "21 automountServiceAccountToken? *bool"),
        ("core/v1.PodSpec", "11 hostNetwork? bool"),
        ("core/v1.VolumeMount", "2 readOnly? bool"),
        ("core/v1.ConfigMapVolumeSource", "3 defaultMode? *int32"),
        ("core/v1.ConfigMapVolumeSource", "4 optional? *bool"),
        ("core/v1.Secret", "5 immutable? *bool"),
        ("meta/v1.ObjectMeta", "8 creationTimestamp~ meta/v1.Time"),
        ("meta/v1.DeleteOptions", "1 gracePeriodSeconds? *int64"),
    ],
)
def test_pointers(message: str, line: str) -> None:
    assert line in MESSAGES[message].lines
