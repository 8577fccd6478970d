from pathlib import Path
from typing import Any

import pytest
from tests.admission.plugin_server import configured, refusal, serving

from steersman.admission.persistent_volume_label import PersistentVolumeLabel
from steersman.client import Client
from steersman.client.kinds import core_v1

PLUGIN = "PersistentVolumeLabel"
ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
BETA_ZONE, BETA_REGION = "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"
EBS: Any = {"awsElasticBlockStore": {"volumeID": "vol-1"}}


def known(directory: Path, *volumes: Any) -> Path:
    """A configuration with a file that lists ``volumes``: (source, identity, labels)."""
    listed = [f"- {{source: {source}, id: {identity}, labels: {labels}}}" for source, identity, labels in volumes]
    (directory / "volumes.yaml").write_text("\n".join(listed) + "\n")
    return configured(directory, PLUGIN, {"labeler": {"file": str(directory / "volumes.yaml")}})


def listed(identity: str = "vol-1", zone: str = "a", source: str = "awsElasticBlockStore") -> Any:
    return source, identity, f'{{"{ZONE}": {zone}, "{REGION}": west}}'


async def create(client: Client, source: Any, metadata: Any = None, **spec: Any) -> Any:
    volume: Any = {
        "metadata": {"name": "disk", **(metadata or {})},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], **source, **spec},
    }
    return await client.resource(core_v1.PERSISTENT_VOLUMES).create(volume)


def within(key: str, *values: str) -> Any:
    return {"key": key, "operator": "In", "values": list(values)}


def affinity(*terms: Any) -> Any:
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": list(term)} for term in terms]}}


async def test_a_volume_is_labelled_and_bound_to_where_it_is(tmp_path: Path) -> None:
    async with serving(PLUGIN, configuration=known(tmp_path, listed())) as client:
        created = await create(client, EBS, {"labels": {"mine": "too", ZONE: "wrong"}})

    assert created["metadata"].get("labels") == {"mine": "too", ZONE: "a", REGION: "west"}
    assert created["spec"].get("nodeAffinity") == affinity([within(ZONE, "a"), within(REGION, "west")])


async def test_a_volume_in_two_zones_runs_in_both(tmp_path: Path) -> None:
    async with serving(PLUGIN, configuration=known(tmp_path, listed(zone="b__a"))) as client:
        created = await create(client, EBS)

    assert (created["metadata"].get("labels") or {})[ZONE] == "b__a"
    assert created["spec"].get("nodeAffinity") == affinity([within(ZONE, "a", "b"), within(REGION, "west")])


async def test_each_term_of_the_volumes_own_affinity_gets_them(tmp_path: Path) -> None:
    own = affinity([within("disk", "x")], [within("disk", "y")])
    async with serving(PLUGIN, configuration=known(tmp_path, listed())) as client:
        created = await create(client, EBS, nodeAffinity=own)

    there = [within(ZONE, "a"), within(REGION, "west")]
    assert created["spec"].get("nodeAffinity") == affinity([within("disk", "x"), *there], [within("disk", "y"), *there])


async def test_an_affinity_that_speaks_of_places_is_left_alone(tmp_path: Path) -> None:
    own = affinity([within(ZONE, "c")])
    async with serving(PLUGIN, configuration=known(tmp_path, listed())) as client:
        created = await create(client, EBS, nodeAffinity=own)

    assert created["spec"].get("nodeAffinity") == own
    assert created["metadata"].get("labels") == {ZONE: "a", REGION: "west"}


@pytest.mark.parametrize(("zone", "region"), [(ZONE, REGION), (BETA_ZONE, BETA_REGION)])
async def test_a_volume_that_was_provisioned_is_taken_at_its_word(zone: str, region: str) -> None:
    metadata = {
        "annotations": {"pv.kubernetes.io/provisioned-by": "example.com/disk"},
        "labels": {zone: "z", region: "r"},
    }
    async with serving(PLUGIN) as client:
        created = await create(client, EBS, metadata)

    assert created["metadata"].get("labels") == {zone: "z", region: "r"}
    assert created["spec"].get("nodeAffinity") == affinity([within(zone, "z"), within(region, "r")])


@pytest.mark.parametrize(
    "source",
    [
        {"nfs": {"server": "a", "path": "/b"}},
        {"awsElasticBlockStore": {"volumeID": "placeholder-for-provisioning"}},
        {"csi": {"driver": "example.com", "volumeHandle": "x"}},
    ],
    ids=["of no place", "not made yet", "of a driver of its own"],
)
async def test_other_volumes_are_left_alone(source: Any) -> None:
    async with serving(PLUGIN) as client:
        created = await create(client, source)

    assert "labels" not in created["metadata"]
    assert "nodeAffinity" not in created["spec"]


async def test_a_volume_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    async with serving(PLUGIN, configuration=known(tmp_path, listed())) as client:
        refused = await refusal(create(client, {"gcePersistentDisk": {"pdName": "vol-1"}}))

    assert refused.message == (
        'persistentvolumes "disk" is forbidden: error querying GCE PD volume vol-1: it is not listed in volumes.yaml'
    )


async def test_without_a_labeler_such_a_volume_is_refused() -> None:
    async with serving(PLUGIN) as client:
        refused = await refusal(create(client, EBS))

    assert refused.message == (
        'persistentvolumes "disk" is forbidden: error querying AWS EBS volume vol-1: no labeler is configured'
    )


async def test_a_zone_that_is_none_is_refused(tmp_path: Path) -> None:
    async with serving(PLUGIN, configuration=known(tmp_path, listed(zone="a__"))) as client:
        refused = await refusal(create(client, EBS))

    assert refused.message == (
        'persistentvolumes "disk" is forbidden: failed to convert label string for Zone: a__ to a Set'
    )


async def test_the_file_is_read_anew(tmp_path: Path) -> None:
    async with serving(PLUGIN, configuration=known(tmp_path, listed("other"))) as client:
        await refusal(create(client, EBS))
        known(tmp_path, listed(zone="b"))

        created = await create(client, EBS)
        (tmp_path / "volumes.yaml").write_text("{}")
        refused = await refusal(create(client, EBS))

    assert (created["metadata"].get("labels") or {})[ZONE] == "b"
    assert "volumes.yaml: must be a list" in refused.message


async def test_another_labeler_can_be_given() -> None:
    class Cloud:
        async def labels(self, source: str, identity: str, volume: Any) -> dict[str, str]:
            return {ZONE: f"{source}-{identity}"}

    async with serving(extra=(PersistentVolumeLabel(Cloud()),)) as client:
        created = await create(client, EBS)

    assert created["metadata"].get("labels") == {ZONE: "awsElasticBlockStore-vol-1"}


@pytest.mark.parametrize(
    ("configuration", "text", "message"),
    [
        ({"labeler": "x"}, "", "must be of the form labeler"),
        ({"file": "x"}, "", "must be of the form labeler"),
        (None, "- 3", r"volumes.yaml: \[0\]: must have source, id and labels"),
        (None, "- {source: a, id: b, labels: {c: 3}}", r"volumes.yaml: \[0\]: must have source, id and labels"),
        (None, "{", "volumes.yaml: "),
        ({"labeler": {"file": "/nowhere/at/all"}}, "", "No such file or directory"),
    ],
)
async def test_a_configuration_that_is_wrong_is_refused(
    tmp_path: Path, configuration: Any, text: str, message: str
) -> None:
    (tmp_path / "volumes.yaml").write_text(text)
    configuration = configuration or {"labeler": {"file": str(tmp_path / "volumes.yaml")}}
    with pytest.raises(ValueError, match=message):
        async with serving(PLUGIN, configuration=configured(tmp_path, PLUGIN, configuration)):
            pass


async def test_a_volume_that_is_there_keeps_what_it_has(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with serving(store=store) as client:
        await create(client, EBS)
    async with serving(PLUGIN, configuration=known(tmp_path, listed()), store=store) as client:
        labelled = await client.resource(core_v1.PERSISTENT_VOLUMES).patch("disk", {"metadata": {"labels": {"a": "b"}}})

    assert labelled["metadata"].get("labels") == {"a": "b"}
    assert "nodeAffinity" not in labelled["spec"]
