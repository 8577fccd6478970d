"""Custom resources as pydantic classes: what they keep, what they send, and what they refuse."""

import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from steersman.client.api_model import ApiModel, IntOrString, Quantity, json_name
from steersman.client.custom_resource import CustomResource
from steersman.client.kinds.core_v1 import PodTemplateSpec
from steersman.client.object_meta import ObjectMeta


class Backup(ApiModel):
    schedule: str
    keep: int | None = None


class DatabaseSpec(ApiModel):
    size: int
    storage_class_name: str = ""
    from_: str = ""
    port: IntOrString | None = None
    memory: Quantity | None = None
    tags: list[str] = Field(default_factory=list)
    zones: list[str] = Field(default_factory=lambda: ["a"])
    backups: list[Backup] = Field(default_factory=list)
    template: PodTemplateSpec | None = None


class Database(CustomResource, group="example.com", version="v1", plural="databases", short_names=("db",)):
    spec: DatabaseSpec
    status: dict[str, Any] | None = None


FROM_SERVER: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Database",
    "metadata": {
        "name": "orders",
        "namespace": "shop",
        "creationTimestamp": "2026-01-31T12:00:00Z",
        "labels": {"app": "orders"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "1", "more": True}],
        "managedFields": [{"manager": "me", "time": "2026-01-31T12:00:00Z", "fieldsV1": {"f:spec": {".": {}}}}],
        "newField": {"of": ["the", "server"]},
    },
    "spec": {
        "size": 3,
        "storageClassName": "fast",
        "from": "here",
        "port": "80",
        "memory": "1Gi",
        "backups": [{"schedule": "daily", "keep": None, "zone": 1}],
        "template": {"spec": {"containers": [{"name": "db", "unheard": 1}]}},
        "replicas": 12345678901234567890,
    },
    "status": {"ready": True},
    "other": [None],
}


def decode(content: dict[str, Any] | bytes) -> Database:
    return Database.api_resource.codec.decode(content if isinstance(content, bytes) else json.dumps(content).encode())


def sent(database: Database) -> Any:
    return json.loads(Database.api_resource.codec.encode(database))


def minimal(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Database", "metadata": {}, "spec": {"size": 1, **spec}}


class TestTheWayThere:
    def test_what_the_server_sent_goes_back_as_it_came(self) -> None:
        assert sent(decode(FROM_SERVER)) == FROM_SERVER

    def test_a_change_leaves_the_rest(self) -> None:
        database = decode(FROM_SERVER)
        database.spec.size = 5
        assert sent(database) == {**FROM_SERVER, "spec": {**FROM_SERVER["spec"], "size": 5}}

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_unknown_fields_are_kept_whatever_they_hold(self, value: Any) -> None:
        content = minimal(unknown=value) | {"unknown": value}
        assert sent(decode(content)) == content

    def test_a_field_of_the_server_that_has_a_python_name_is_a_field_of_its_own(self) -> None:
        database = decode(minimal(storage_class_name="x", port=1))
        assert (database.spec.storage_class_name, database.spec.port) == ("", 1)
        assert sent(database)["spec"]["storage_class_name"] == "x"

    def test_what_was_not_set_is_not_sent(self) -> None:
        database = Database(metadata=ObjectMeta(name="a"), spec=DatabaseSpec(size=1))
        assert sent(database) == minimal() | {"metadata": {"name": "a"}}

    def test_none_that_was_set_is_null(self) -> None:
        database = Database(spec=DatabaseSpec(size=1, port=None))
        database.status = None
        assert sent(database) == {
            "apiVersion": "example.com/v1",
            "kind": "Database",
            "spec": {"size": 1, "port": None},
            "status": None,
        }

    def test_defaults_that_were_changed_in_place_are_sent(self) -> None:
        database = Database(spec=DatabaseSpec(size=1))
        database.metadata.labels["app"] = "x"
        database.spec.tags.append("new")
        database.spec.zones.clear()
        after = sent(database)
        assert after["metadata"] == {"labels": {"app": "x"}}
        assert after["spec"] == {"size": 1, "tags": ["new"], "zones": []}

    def test_a_deleted_field_is_not_sent_any_more(self) -> None:
        database = decode(minimal(storageClassName="fast", tags=["a"]))
        del database.spec.storage_class_name
        del database.spec.tags
        assert (database.spec.storage_class_name, database.spec.tags) == ("", [])
        assert sent(database) == minimal()
        with pytest.raises(AttributeError, match=r"DatabaseSpec\.size is required"):
            del database.spec.size

    def test_undeclared_fields_can_be_read_and_set(self) -> None:
        database = decode(minimal(replicas=2))
        assert database.spec.model_extra == {"replicas": 2}
        database.spec.model_extra["replicas"] = 3
        assert sent(database) == minimal(replicas=3)


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (minimal(size="big"), "Database: spec.size: Input should be a valid integer, unable to parse"),
            (minimal(port=[]), "Database: spec.port: Input should be an integer or a string"),
            (minimal(memory={}), "Database: spec.memory: Input should be a string or a number"),
            (minimal(backups=[{"schedule": 1}]), "Database: spec.backups[0].schedule: Input should be a valid string"),
            (minimal() | {"metadata": {"labels": {"a/b": 1}}}, "Database: metadata.labels[a/b]: Input should be a val"),
            ({"spec": {}, "metadata": 1}, "Database: metadata: Input should be an object; spec.size: Field required"),
            (minimal() | {"kind": "Table"}, "Database: kind is Table, not Database"),
            (minimal() | {"apiVersion": "v1"}, "Database: apiVersion is v1, not example.com/v1"),
            (b"[]", "Database: Input should be an object"),
            (b'{"spec"', "Database: Invalid JSON: "),
        ],
    )
    def test_what_does_not_fit_is_told_on_one_line_with_its_path(self, content: Any, message: str) -> None:
        with pytest.raises(ValueError) as error:
            decode(content)
        assert str(error.value).startswith(message)
        assert "\n" not in str(error.value)

    def test_no_more_than_five_faults_are_told(self) -> None:
        with pytest.raises(ValueError, match=r"tags\[4\]: Input should be a valid string; and 15 more$"):
            decode(minimal(tags=[1] * 20))

    def test_a_field_that_does_not_exist_cannot_be_set(self) -> None:
        database = decode(minimal())
        with pytest.raises(AttributeError, match="DatabaseSpec has no field 'storageClassName'"):
            database.spec.storageClassName = "fast"  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("keywords", "message"),
        [
            ({"version": "v1"}, "class Thing: it has no group; it has no plural"),
            ({"short_names": ("t",)}, "class Thing: group, version and plural are needed to say what resource it is"),
            ({"plurals": "things"}, "class Thing: group, version and plural are needed"),
            ({"scope": "Cluster"}, "class Thing: group, version and plural are needed"),
            (
                {"group": "example.com", "version": "v1", "plural": "things", "scope": "cluster", "shrt": 1},
                "class Thing: shrt is not a keyword of it; scope is 'cluster', not 'Namespaced' or 'Cluster'",
            ),
            (
                {"group": "example.com", "version": "v1", "plural": "things", "short_names": "th"},
                "class Thing: short_names is 'th', not a sequence of names",
            ),
            ({"group": "example", "version": "v1", "plural": "things"}, "class Thing: group 'example': it should be a"),
            ({"group": "a.b", "version": "V1", "plural": "things"}, "class Thing: version 'V1': a DNS-1035 label must"),
            ({"group": "a.b", "version": 1, "plural": "things"}, "class Thing: version 1: it is not a string"),
            (
                {"group": "a.b", "version": "v1", "plural": "things", "kind": 1},
                "class Thing: kind 1: it is not a string",
            ),
        ],
    )
    def test_wrong_keywords_of_a_class_are_one_clear_error(self, keywords: dict[str, Any], message: str) -> None:
        with pytest.raises(TypeError) as error:
            types.new_class("Thing", (CustomResource,), keywords)
        assert str(error.value).startswith(message)

    def test_a_part_that_would_lose_fields_is_refused_when_its_class_is_defined(self) -> None:
        class Lossy(BaseModel):
            size: int

        with pytest.raises(TypeError, match=r"Holder\.parts: Lossy would lose fields that it does not know"):

            class Holder(ApiModel):
                parts: dict[str, Lossy | None]


class TestResource:
    def test_the_class_says_what_resource_it_is(self) -> None:
        resource = Database.api_resource
        assert (resource.group, resource.version, resource.plural) == ("example.com", "v1", "databases")
        assert (resource.kind, resource.namespaced) == ("Database", True)
        assert Database.resource_names.singular == "database"
        assert Database.resource_names.short_names == ("db",)

    def test_all_of_it_can_be_said(self) -> None:
        class Cluster(
            CustomResource,
            group="example.com",
            version="v1beta1",
            plural="clusterdatabases",
            kind="ClusterDatabase",
            singular="cdb",
            scope="Cluster",
            categories=["all"],
        ):
            pass

        assert (Cluster.api_resource.kind, Cluster.api_resource.namespaced) == ("ClusterDatabase", False)
        assert (Cluster.resource_names.singular, Cluster.resource_names.categories) == ("cdb", ("all",))
        assert Cluster().kind == "ClusterDatabase"

    def test_a_class_derived_without_keywords_is_of_the_same_resource(self) -> None:
        class Handy(Database):
            @property
            def big(self) -> bool:
                return self.spec.size > 2

        decoded = Handy.api_resource.codec.decode(orjson.dumps(minimal(size=3)))
        assert isinstance(decoded, Handy)
        assert decoded.big
        assert Handy.api_resource.group_version_resource == Database.api_resource.group_version_resource

    def test_a_class_without_a_resource_can_be_derived_from(self) -> None:
        class WithOwner(CustomResource):
            owner: str = ""

        class Thing(WithOwner, group="example.com", version="v1", plural="things"):
            pass

        assert Thing(owner="me").kind == "Thing"
        assert not hasattr(WithOwner, "api_resource")

    @pytest.mark.parametrize(
        ("python", "outside"),
        [("size", "size"), ("storage_class_name", "storageClassName"), ("from_", "from"), ("pod_ips", "podIps")],
    )
    def test_names_are_those_of_json_outside(self, python: str, outside: str) -> None:
        assert json_name(python) == outside


SAMPLE = """
from steersman.client.client import Client
from steersman.client.custom_resource import ApiModel, CustomResource, ObjectMeta
from steersman.client.kinds.core_v1 import CONFIG_MAPS, ConfigMap, PodTemplateSpec


class DatabaseSpec(ApiModel):
    size: int
    storage_class_name: str = ""
    template: PodTemplateSpec | None = None


class Database(
    CustomResource, group="example.com", version="v1", plural="databases", scope="Namespaced", short_names=("db",)
):
    spec: DatabaseSpec


async def grow(client: Client) -> int:
    databases = client.resource(Database)
    database = await databases.create(Database(metadata=ObjectMeta(name="a"), spec=DatabaseSpec(size=1)))
    database.spec.size += 1
    database = await databases.update(database)
    config_map: ConfigMap = {"metadata": {"name": "a"}, "data": {"size": str(database.spec.size)}}
    created = await client.resource(CONFIG_MAPS).create(config_map)
    return len(created["data"])
"""

WRONG = """
from steersman.client.custom_resource import ApiModel, CustomResource
from steersman.client.kinds.apps_v1 import Deployment


class Spec(ApiModel):
    size: int


Spec(sise=1)
Spec(size="x")
Spec(size=1).sise = 2
Deployment(spec={"replicas": "x"})
"""


def test_code_that_uses_it_passes_a_strict_type_checker_and_mistakes_do_not(tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(SAMPLE)
    (tmp_path / "wrong.py").write_text(WRONG)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    lines = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert not [line for line in lines if "right.py" in line], done.stdout + done.stderr
    assert {int(line.split(":")[1]) for line in lines} == {10, 11, 12, 13}, done.stdout + done.stderr


def test_serving_does_not_load_pydantic() -> None:
    code = "import sys, steersman.cli.serve; raise SystemExit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
