"""The typed mappings of built-in kinds: one for each resource, as the schemas have them."""

import importlib
import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest

import steersman.client.kinds
from steersman.apis.catalog import Catalog
from steersman.client.api_resource import ApiResource
from steersman.client.kinds import core_v1, networking_v1
from steersman.client.kinds.apiextensions_v1 import JSONSchemaProps
from steersman.client.kinds.apps_v1 import DEPLOYMENTS, DeploymentSpec
from steersman.client.kinds.core_v1 import CONFIG_MAPS, ConfigMap

SCRIPT = Path(__file__).parents[3] / "hack" / "build_kinds.py"


def modules() -> list[ModuleType]:
    names = [one.name for one in pkgutil.iter_modules(steersman.client.kinds.__path__)]
    return [importlib.import_module(f"steersman.client.kinds.{name}") for name in names]


def resources() -> dict[str, ApiResource[Any]]:
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": value
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, ApiResource)
    }


def test_the_committed_files_are_what_the_script_writes() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_each_resource_that_is_served_by_default_has_its_constant() -> None:
    wanted = {(one.group, one.version, one.plural, one.kind, one.namespaced) for one in Catalog().resources()}
    found = [(one.group, one.version, one.plural, one.kind, one.namespaced) for one in resources().values()]
    assert len(found) == len(set(found))
    assert set(found) == wanted


@pytest.mark.parametrize(
    "name",
    [
        "core_v1.CONFIG_MAPS",
        "core_v1.ENDPOINTS",
        "core_v1.COMPONENT_STATUSES",
        "networking_v1.NETWORK_POLICIES",
        "networking_v1.IP_ADDRESSES",
        "networking_v1.SERVICE_CIDRS",
        "storage_v1.CSI_STORAGE_CAPACITIES",
        "apiregistration_v1.API_SERVICES",
        "autoscaling_v2.HORIZONTAL_POD_AUTOSCALERS",
    ],
)
def test_constants_are_named_by_the_words_of_the_kind(name: str) -> None:
    assert name in resources()


def test_all_types_refer_to_types_that_are_there() -> None:
    for module in modules():
        for value in vars(module).values():
            if isinstance(value, type) and hasattr(value, "__required_keys__"):
                get_type_hints(value)


def test_required_keys_are_those_of_the_schema() -> None:
    assert DeploymentSpec.__required_keys__ == {"selector", "template"}
    assert "replicas" in DeploymentSpec.__optional_keys__
    assert ConfigMap.__required_keys__ == frozenset()


def test_names_that_python_cannot_say_are_keys_all_the_same() -> None:
    hints = get_type_hints(networking_v1.NetworkPolicyIngressRule)
    assert get_args(hints["from"]) == (networking_v1.NetworkPolicyPeer,)
    assert {"$ref", "not", "x-kubernetes-int-or-string"} <= set(get_type_hints(JSONSchemaProps))


def test_values_have_the_types_of_their_json() -> None:
    requests = get_type_hints(core_v1.ResourceRequirements)["requests"]
    assert requests == dict[str, str | int | float]
    assert get_type_hints(core_v1.ServicePort)["targetPort"] == int | str
    assert get_type_hints(core_v1.ObjectReference)["name"] is str


def test_objects_are_plain_dicts() -> None:
    config_map: ConfigMap = {"metadata": {"name": "a"}, "data": {"a": "b"}}
    body = CONFIG_MAPS.codec.encode(config_map)
    assert body == b'{"metadata":{"name":"a"},"data":{"a":"b"}}'
    assert CONFIG_MAPS.codec.decode(body) == config_map
    assert DEPLOYMENTS.path("default", "web") == "/apis/apps/v1/namespaces/default/deployments/web"
