"""What tests look at in an AdmissionExplanation."""

from typing import Any, NamedTuple

from steersman.client import Client
from steersman.client.explaining import explaining
from steersman.client.kinds import apps_v1, core_v1
from steersman.client.resource_client import ResourceClient

Explanation = dict[str, Any]

_SILENT = ("type", "name", "phase", "durationMicroseconds", "reinvoked")


class Said(NamedTuple):
    """A step that has something to say: what it says is everything but who it is, and how long it took."""

    type: str
    name: str
    phase: str
    said: dict[str, Any]


def said(explanation: Explanation) -> list[Said]:
    """The steps of plugins that have something to say, their own steps left out."""
    return [_said(one) for one in explanation["steps"] if one.keys() - set(_SILENT)]


def _said(step: dict[str, Any]) -> Said:
    told = {name: value for name, value in step.items() if name not in (*_SILENT, "steps")}
    return Said(step["type"], step["name"], step["phase"], told)


def inner(explanation: Explanation, plugin: str) -> list[Said]:
    """All steps within a plugin's, in their order, those of its second round last."""
    return [_said(one) for step in explanation["steps"] if step["name"] == plugin for one in step.get("steps", ())]


def patches(explanation: Explanation) -> list[Any]:
    """The operations of all plugins one after the other."""
    return [operation for step in explanation["steps"] for operation in step.get("patch", ())]


def maps(client: Client) -> ResourceClient[Any]:
    """ConfigMaps, whose writes are explained."""
    return explaining(client.resource(core_v1.CONFIG_MAPS))


def pods(client: Client) -> ResourceClient[Any]:
    return explaining(client.resource(core_v1.PODS))


def deployments(client: Client) -> ResourceClient[Any]:
    return explaining(client.resource(apps_v1.DEPLOYMENTS))


def config_map(name: str = "x", **data: str) -> Any:
    return {"metadata": {"name": name}, "data": data}
