"""Decoding of built-in kinds: the words of Go's decoder, and what becomes of nulls and quantities."""

import copy
from typing import Any

import pytest

from steersman.apimachinery.schema import CompiledSchema

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
CORE = "io.k8s.api.core.v1"


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}


STRING, BOOLEAN = {"type": "string"}, {"type": "boolean"}
STRINGS = {"type": "array", "items": STRING}
STRING_MAP = {"type": "object", "additionalProperties": STRING}
QUANTITY = ref("io.k8s.apimachinery.pkg.api.resource.Quantity")


def struct(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


DEFINITIONS: dict[str, dict[str, Any]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": STRING,
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
    "io.k8s.apimachinery.pkg.runtime.RawExtension": {"type": "object"},
    f"{META}.Time": {"type": "string", "format": "date-time"},
    f"{META}.MicroTime": {"type": "string", "format": "date-time"},
    f"{META}.Duration": STRING,
    f"{META}.ObjectMeta": struct(
        name=STRING, labels=STRING_MAP, creationTimestamp=ref(f"{META}.Time"), finalizers=STRINGS
    ),
    f"{CORE}.Container": struct(
        name=STRING,
        args=STRINGS,
        ports=array(struct(containerPort={"type": "integer", "format": "int32"})),
        limits={"type": "object", "additionalProperties": QUANTITY},
        env=array(ref(f"{CORE}.EnvVar")),
    ),
    f"{CORE}.EnvVar": struct(name=STRING, value=STRING),
    f"{CORE}.PodSpec": struct(
        containers={
            **array(ref(f"{CORE}.Container")), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]
        },
        hostNetwork=BOOLEAN,
        seconds={"type": "integer", "format": "int64"},
        weight={"type": "number", "format": "double"},
        port=ref("io.k8s.apimachinery.pkg.util.intstr.IntOrString"),
        raw=ref("io.k8s.apimachinery.pkg.runtime.RawExtension"),
        data={"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
        renewed=ref(f"{META}.MicroTime"),
        period=ref(f"{META}.Duration"),
        strategy={**ref(f"{CORE}.EnvVar"), "default": {"name": "x"}},
    ),
}  # fmt: skip
POD = {
    **struct(
        apiVersion=STRING, kind=STRING, metadata=ref(f"{META}.ObjectMeta"), spec=ref(f"{CORE}.PodSpec"),
        status={**struct(phase=STRING), "required": ["phase"]},
    ),
    "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Pod"}],
}  # fmt: skip


def resolve(reference: str) -> dict[str, Any]:
    return DEFINITIONS[reference.removeprefix("#/definitions/")]


@pytest.fixture(scope="module", name="pod")
def compiled_pod() -> CompiledSchema:
    return CompiledSchema.compile(POD, resolve)


def mismatch(found: str, place: str, go_type: str) -> str:
    return f"json: cannot unmarshal {found} into Go struct field {place} of type {go_type}"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"spec": 5}, mismatch("number", "Pod.spec", "v1.PodSpec")),
    ({"spec": {"seconds": "x"}}, mismatch("string", "PodSpec.spec.seconds", "int64")),
    ({"spec": {"seconds": 1.5}}, mismatch("number 1.5", "PodSpec.spec.seconds", "int64")),
    ({"spec": {"hostNetwork": "y"}}, mismatch("string", "PodSpec.spec.hostNetwork", "bool")),
    ({"spec": {"weight": True}}, mismatch("bool", "PodSpec.spec.weight", "float64")),
    (
        {"spec": {"containers": {}}},
        mismatch("object", "PodSpec.spec.containers", "[]v1.Container"),
    ),
    (
        {"spec": {"containers": ["a"]}},
        mismatch("string", "PodSpec.spec.containers", "v1.Container"),
    ),
    (
        {"spec": {"containers": [{"env": [{"name": "A", "value": 1}]}]}},
        mismatch("number", "EnvVar.spec.containers.env.value", "string"),
    ),
    (
        {"spec": {"containers": [{"args": [1]}]}},
        mismatch("number", "Container.spec.containers.args", "string"),
    ),
    (
        {"metadata": {"labels": {"a": True}}},
        mismatch("bool", "ObjectMeta.metadata.labels", "string"),
    ),
    (
        {"metadata": {"labels": ["a"]}},
        mismatch("array", "ObjectMeta.metadata.labels", "map[string]string"),
    ),
    (
        {"spec": {"containers": [{"ports": [{"containerPort": 2**31}]}]}},
        mismatch("number 2147483648", "Container.spec.containers.ports.containerPort", "int32"),
    ),
    (
        {"metadata": {"creationTimestamp": "now"}},
        'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
    ),
    ({"metadata": {"creationTimestamp": 1}}, "json: cannot unmarshal number into Go value of type string"),
    (
        {"spec": {"renewed": "2024-01-01T00:00:00Z"}},
        'parsing time "2024-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ),
    ({"spec": {"period": "1 day"}}, 'time: invalid duration "1 day"'),
    ({"spec": {"port": 1.5}}, "json: cannot unmarshal number 1.5 into Go value of type int32"),
    ({"spec": {"data": {"k": "a!bc"}}}, "illegal base64 data at input byte 1"),
    ({"spec": {"data": {"k": 1}}}, mismatch("number", "PodSpec.spec.data", "[]uint8")),
    (
        {"spec": {"containers": [{"limits": {"cpu": "lots"}}]}},
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ),
    ({"spec": {"containers": [{"limits": {"cpu": "1Ki2"}}]}}, "unable to parse quantity's suffix"),
    ({"spec": {"containers": [{"limits": {"cpu": True}}]}}, "quantities must match the regular expression"),
]  # fmt: skip


@pytest.mark.parametrize(("obj", "message"), REFUSED)
def test_the_first_wrong_type_in_the_words_of_go(pod: CompiledSchema, obj: dict[str, Any], message: str) -> None:
    found = pod.go_type_errors(obj)

    assert found is not None
    assert found.startswith(message)


DECODED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"metadata": {"name": "a", "creationTimestamp": None}, "status": None}, {"metadata": {"name": "a"}}),
    (
        {"metadata": {"labels": {"a": None}, "finalizers": [None]}},
        {"metadata": {"labels": {"a": ""}, "finalizers": [""]}},
    ),
    ({"spec": {"containers": [None]}}, {"spec": {"containers": [{}]}}),
    (
        {"spec": {"containers": [{"limits": {"cpu": 1, "memory": 0.5, "x": "1024Mi", "y": None, "z": "1000m"}}]}},
        {"spec": {"containers": [{"limits": {"cpu": "1", "memory": "500m", "x": "1Gi", "y": "0", "z": "1"}}]}},
    ),
    ({"spec": {"port": "http"}}, {"spec": {"port": "http"}}),
    ({"spec": {"port": 80, "weight": 1}}, {"spec": {"port": 80, "weight": 1}}),
    ({"spec": {"raw": {"a": None, "b": [1, "x"]}}}, {"spec": {"raw": {"a": None, "b": [1, "x"]}}}),
    ({"spec": {"data": {"k": "", "l": "aGVs\nbG8="}}}, {"spec": {"data": {"k": "", "l": "aGVs\nbG8="}}}),
    ({"spec": {"renewed": "2024-01-01T00:00:00.000000Z", "period": "1h"}},) * 2,
    ({"spec": {"unknown": None}}, {"spec": {"unknown": None}}),
]  # fmt: skip


@pytest.mark.parametrize(("obj", "expected"), DECODED)
def test_what_is_decoded(pod: CompiledSchema, obj: dict[str, Any], expected: dict[str, Any]) -> None:
    decoded = copy.deepcopy(obj)

    assert pod.go_type_errors(decoded) is None
    assert decoded == expected
    assert pod.validate(decoded) == []


def test_unknown_fields_are_dropped_everywhere_but_in_raw_json(pod: CompiledSchema) -> None:
    obj = {"metadata": {"name": "a", "x": 1}, "spec": {"raw": {"a": 1}, "containers": [{"name": "c", "y": 1}]}, "z": 1}

    assert pod.prune(obj) == ["metadata.x", "spec.containers[0].y", "z"]
    assert obj == {"metadata": {"name": "a"}, "spec": {"raw": {"a": 1}, "containers": [{"name": "c"}]}}


def test_a_default_beside_a_reference(pod: CompiledSchema) -> None:
    obj: dict[str, Any] = {"spec": {}}
    pod.default(obj)

    assert obj == {"spec": {"strategy": {"name": "x"}}}
    assert pod.validate({"spec": {"strategy": {"name": 1}}})[0].field == "spec.strategy.name"


def test_list_types_and_status_of_built_in_kinds_are_not_validated(pod: CompiledSchema) -> None:
    assert pod.validate({"spec": {"containers": [{"name": "a"}, {"name": "a"}]}, "status": {}}) == []


def test_custom_resources_are_not_decoded_so() -> None:
    obj = {"spec": {"a": None}}

    assert CompiledSchema.compile({"type": "object"}).go_type_errors(obj) is None
    assert obj == {"spec": {"a": None}}
