"""Names: identifiers of Python for whatever a schema calls its fields."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.client.code_generator.python_name import (
    MAX_CLASS_NAME,
    Names,
    class_name,
    import_order,
    pascal_case,
    snake_case,
)


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("size", "size"),
        ("storageClassName", "storage_class_name"),
        ("clusterIPs", "cluster_ips"),
        ("HTTPRoute", "http_route"),
        ("podCIDR", "pod_cidr"),
        ("podIP4s", "pod_ip4_s"),
        ("ipv4Address", "ipv4_address"),
        ("k8s", "k8s"),
        ("fieldsV1", "fields_v1"),
        ("x-kubernetes-thing", "x_kubernetes_thing"),
        ("snake_case", "snake_case"),
        ("__private", "private"),
        ("from", "from_"),
        ("None", "none"),
        ("3scale", "field_3_scale"),
        ("$ref", "ref"),
        ("größe", "gr_e"),
        ("日本", "field"),
        ("", "field"),
    ],
)
def test_snake_case(name: str, python: str) -> None:
    assert snake_case(name) == python


@given(st.text())
def test_every_text_gives_an_identifier(text: str) -> None:
    name = snake_case(text)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert not name.startswith("_")
    assert ("A" + pascal_case(text)).isidentifier()


def test_names_of_a_scope_differ() -> None:
    names = Names(["taken"])
    assert [names.take(one) for one in ("taken", "taken", "free", "free", "taken_", "None")] == [
        "taken_",
        "taken_2",
        "free",
        "free_",
        "taken_3",
        "None_",
    ]
    assert [names.take("Kind", suffix="") for _ in range(3)] == ["Kind", "Kind2", "Kind3"]


def test_classes_are_named_after_their_path_of_which_the_middle_is_left_out_if_it_is_long() -> None:
    assert class_name("Database", ("spec", "backups", "", "storage-class")) == "DatabaseSpecBackupsStorageClass"
    long = class_name("Database", tuple(["segment"] * 20))
    assert long == "Database" + "Segment" * 7
    assert len(long) <= MAX_CLASS_NAME


def test_names_are_imported_constants_first_then_classes_then_functions_and_numbers_by_value() -> None:
    names = ["vms", "VMSpec2", "VMSpec10", "VM", "Vmx", "vm_lister", "VMSpec"]
    assert sorted(names, key=import_order) == ["VM", "VMSpec", "VMSpec2", "VMSpec10", "Vmx", "vm_lister", "vms"]
