"""Definitions from the field: those of the Gateway API, and its samples as instances."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from steersman.apiextensions.conversion import to_v1, to_v1beta1
from steersman.apiextensions.custom_resource import served_resources
from steersman.apiextensions.definition_strategy import DefinitionStrategy
from steersman.apiextensions.naming import TakenNames, settled_status

FOLDER = Path(__file__).parents[3] / "shared" / "crds" / "gateway-api"
NOW = "2026-01-01T00:00:00Z"
V1 = DefinitionStrategy(v1=True)

Object = dict[str, Any]

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the Gateway API's definitions are not beside the checkout")


def documents(folder: Path) -> list[Object]:
    paths = sorted(folder.rglob("*.yaml"))
    return [one for path in paths for one in yaml.load_all(path.read_text(), yaml.CSafeLoader) if one]


def established(crd: Object) -> Object:
    crd = deepcopy(crd)
    crd["metadata"]["uid"] = "1"
    V1.prepare_for_create(crd)
    return {**crd, "status": settled_status(crd, TakenNames.of([]), NOW)}


DEFINITIONS = [one for one in documents(FOLDER / "crds") if one["kind"] == "CustomResourceDefinition"]


@pytest.mark.parametrize("crd", DEFINITIONS, ids=lambda crd: str(crd["metadata"]["name"]))
class TestDefinition:
    def test_is_valid_new_and_unchanged(self, crd: Object) -> None:
        crd = established(crd)
        assert V1.validate(crd) == []
        relabelled = deepcopy(crd)
        relabelled["metadata"]["annotations"]["note"] = "x"
        assert V1.validate_update(relabelled, crd) == []

    def test_survives_the_way_through_v1beta1(self, crd: Object) -> None:
        assert to_v1(to_v1beta1(crd)) == crd

    def test_is_served_in_each_of_its_versions(self, crd: Object) -> None:
        resources = served_resources(established(crd))
        assert [one.version for one in resources] == [one["name"] for one in crd["spec"]["versions"] if one["served"]]
        for resource in resources:
            assert resource.definition.compiled.prune({"more": 1}) == ["more"]


def test_samples_are_valid_instances() -> None:
    served = {(one.api_version, one.kind): one for crd in DEFINITIONS for one in served_resources(established(crd))}
    samples = [one for one in documents(FOLDER / "samples") if (one["apiVersion"], one["kind"]) in served]
    assert len(samples) > 50
    for sample in samples:
        schema = served[sample["apiVersion"], sample["kind"]].definition.compiled
        before = deepcopy(sample)
        assert schema.prune(sample) == [], before
        assert sample == before
        schema.default(sample)
        assert [str(error) for error in schema.validate(sample)] == [], before
