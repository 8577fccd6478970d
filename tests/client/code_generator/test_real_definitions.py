"""Generated from real definitions: the code passes type checkers and linters, and real objects survive it."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from tests.client.code_generator.crd_documents import as_yaml, crd
from tests.client.code_generator.generated import imported, write
from tests.client.code_generator.test_module import AWKWARD

from steersman.client.code_generator.definition import Definition, parse_definitions
from steersman.client.code_generator.package import generate

FOLDER = Path(__file__).parents[4] / "shared" / "crds" / "gateway-api"

needs_gateway_api = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the Gateway API's definitions are not beside the checkout"
)

PART = {"type": "object", "properties": {"x": {"type": "string"}}}
LONG_NAMES = {
    f"requiredDuringSchedulingIgnoredDuringExecution{number}{'x' * count}": schema
    for count in range(20)
    for number, schema in enumerate(
        [
            PART,
            {**PART, "nullable": True},
            {"type": "array", "items": PART},
            {"type": "object", "additionalProperties": {"type": "array", "items": PART}},
            {"type": "string", "enum": ["A", "B"]},
        ]
    )
}

SYNTHETIC = as_yaml(
    crd(
        {
            "description": 'One line that ends with a "quote"',
            "properties": {
                "spec": {
                    "type": "object",
                    "required": ["from", "size", *list(LONG_NAMES)[:40]],
                    "properties": {
                        **{name: {"type": "string", "description": f"The field {name}."} for name in AWKWARD},
                        "size": {"x-kubernetes-int-or-string": True},
                        "at": {"type": "string", "format": "date-time", "nullable": True},
                        "mode": {"type": "string", "enum": ["Fast", "Safe", "it's", 'a "b"']},
                        "level": {"type": "integer", "enum": list(range(40))},
                        **LONG_NAMES,
                        "settings": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                    },
                }
            },
        },
    )
)


def gateway_definitions() -> list[Definition]:
    return [one for path in sorted((FOLDER / "crds").glob("*.yaml")) for one in parse_definitions(path.read_bytes())]


def run(folder: Path, *command: str) -> str:
    """What a module says of the folder, run as a program; empty if it finds nothing."""
    done = subprocess.run(
        [sys.executable, "-m", *command, "."], cwd=folder, capture_output=True, text=True, timeout=110
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clients of all definitions there are, in the packages ``gateway`` and ``synthetic``."""
    folder = tmp_path_factory.mktemp("clients")
    write(folder, parse_definitions(SYNTHETIC), "synthetic")
    write(folder, gateway_definitions() if FOLDER.is_dir() else [], "gateway")
    return folder


def test_it_passes_a_strict_type_checker(folder: Path) -> None:
    assert run(folder, "mypy", "--strict", "--config-file=") == ""


def test_it_passes_a_linter_and_is_formatted(folder: Path) -> None:
    assert run(folder, "ruff", "check", "--isolated", "--no-cache") == ""
    assert run(folder, "ruff", "format", "--isolated", "--no-cache", "--line-length=120", "--check") == ""


@needs_gateway_api
def test_it_is_the_same_each_time() -> None:
    there = gateway_definitions()
    assert generate(there, "a") == generate(reversed(there), "a")


@pytest.fixture
def gateway(folder: Path) -> Iterator[ModuleType]:
    with imported(folder, "gateway") as package:
        yield package


def samples() -> list[dict[str, Any]]:
    paths = sorted((FOLDER / "samples").rglob("*.yaml"))
    objects = [one for path in paths for one in yaml.load_all(path.read_text(), yaml.CSafeLoader) if one]
    return [one for one in objects if one["apiVersion"].startswith("gateway.networking.k8s.io/")]


@needs_gateway_api
def test_samples_survive_the_way_through_the_classes(gateway: ModuleType) -> None:
    definitions = {one.kind: one for one in gateway_definitions()}
    seen = 0
    for sample in samples():
        definition = definitions.get(sample["kind"])
        version = sample["apiVersion"].partition("/")[2]
        if definition is None or version not in [one.name for one in definition.versions]:
            continue
        module = importlib.import_module(f"{gateway.__name__}.{definition.plural}.{version}")
        codec = getattr(module, definition.kind).api_resource.codec
        decoded = codec.decode(json.dumps(sample).encode())
        assert json.loads(codec.encode(decoded)) == sample
        seen += 1
    assert seen > 50


@needs_gateway_api
def test_fields_are_read_by_their_python_names(folder: Path) -> None:
    with imported(folder, "gateway.httproutes") as module:
        route = module.HTTPRoute(
            metadata={"name": "web"},
            spec={"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
        )
        assert route.spec.parent_refs[0].name == "gw"
        assert route.spec.rules[0].backend_refs[0].port == 80
        assert json.loads(module.HTTPRoute.api_resource.codec.encode(route)) == {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "web"},
            "spec": {"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
        }
        with pytest.raises(ValueError, match=r"spec\.rules\[0\]\.backendRefs\[0\]\.port: Input should be a valid int"):
            module.HTTPRoute.api_resource.codec.decode(
                b'{"spec":{"rules":[{"backendRefs":[{"name":"a","port":"x"}]}]}}'
            )
