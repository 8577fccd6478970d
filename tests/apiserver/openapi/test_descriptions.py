import json
import sys
from pathlib import Path
from typing import Any

import pytest

from steersman.apiserver.openapi.descriptions import Descriptions

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "own": {"type": "string", "description": "ours"},
        "ports": {"type": "array", "items": {"type": "object", "properties": {"port": {"type": "integer"}}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "newer": {"type": "string"},
    },
}
DOCUMENTED: dict[str, Any] = {
    "description": "a kind",
    "properties": {
        "name": {"description": "its name", "type": ["string", "null"]},
        "own": {"description": "theirs"},
        "ports": {"description": "its ports", "items": {"properties": {"port": {"description": "a port"}}}},
        "labels": {"additionalProperties": {"description": "a label"}},
    },
}


def install(folder: Path, minor: int) -> None:
    definitions = folder / "kubernetes_validate" / "kubernetes-json-schema" / f"v1.{minor}.0-local"
    definitions.mkdir(parents=True)
    (folder / "kubernetes_validate" / "__init__.py").touch()
    (definitions / "_definitions.json").write_text(json.dumps({"$defs": {"a.b.Kind": DOCUMENTED}}))


@pytest.mark.parametrize(("minor", "installed"), [(37, 37), (30, 30), (7, 25)])
def test_fields_are_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minor: int, installed: int) -> None:
    install(tmp_path, installed)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "kubernetes_validate", raising=False)

    described = Descriptions(minor).describe("a.b.Kind", SCHEMA)

    fields = described["properties"]
    assert described["description"] == "a kind"
    assert fields["name"] == {"type": "string", "description": "its name"}
    assert fields["own"]["description"] == "ours"
    assert fields["ports"]["description"] == "its ports"
    assert fields["ports"]["items"]["properties"]["port"]["description"] == "a port"
    assert fields["labels"]["additionalProperties"]["description"] == "a label"
    assert fields["newer"] == {"type": "string"}
    assert "description" not in SCHEMA


def test_what_is_unknown_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, 37)
    monkeypatch.syspath_prepend(tmp_path)

    assert Descriptions(37).describe("com.example.v1.Database", SCHEMA) is SCHEMA


def test_a_minor_that_the_package_lacks_has_no_descriptions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, 36)
    monkeypatch.syspath_prepend(tmp_path)

    assert Descriptions(37).describe("a.b.Kind", SCHEMA) is SCHEMA
