"""The packages that are written: what is in them, and that it is always the same."""

from pathlib import PurePosixPath

import pytest
from tests.client.code_generator.crd_documents import as_yaml, crd

from steersman.client.code_generator.definition import parse_definitions
from steersman.client.code_generator.module import HEADER
from steersman.client.code_generator.package import generate

TWO = [{"name": name, "served": True, "storage": name == "v1"} for name in ("v1alpha1", "v1")]


def paths(*names: str) -> list[PurePosixPath]:
    return [PurePosixPath(name) for name in names]


def test_each_definition_is_a_package_with_a_module_for_each_version() -> None:
    definitions = parse_definitions(as_yaml(crd(versions=TWO), crd(plural="tables", kind="Table")))
    files = generate(definitions)
    assert list(files) == paths(
        "databases/__init__.py", "databases/v1.py", "databases/v1alpha1.py", "tables/__init__.py", "tables/v1.py"
    )
    assert all(text.startswith(f"{HEADER}\n") for text in files.values())
    exports = files[PurePosixPath("databases/__init__.py")]
    assert "from .v1 import Database, database_informer, database_lister, databases\n" in exports
    assert "Other versions: ``v1alpha1``." in exports


def test_a_package_around_them_tells_what_it_has() -> None:
    files = generate(parse_definitions(as_yaml(crd())), "clients")
    assert list(files) == paths("clients/__init__.py", "clients/databases/__init__.py", "clients/databases/v1.py")
    assert '"""Clients for databases.example.com."""' in files[PurePosixPath("clients/__init__.py")]


def test_plurals_of_two_groups_are_told_apart() -> None:
    other = crd(group="k8s.example.org")
    files = generate(parse_definitions(as_yaml(crd(), other)))
    assert {path.parent.name for path in files} == {"databases", "databases_k8s_example_org"}


def test_the_order_of_what_was_read_does_not_matter() -> None:
    there = parse_definitions(as_yaml(crd(), crd(plural="tables", kind="Table")))
    assert generate(there) == generate(reversed(there))


@pytest.mark.parametrize("name", ["a-b", "../up", "a.b", "class"])
def test_the_name_of_a_package_has_to_be_one(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a Python package"):
        generate(parse_definitions(as_yaml(crd())), name)
