"""Bodies as Go's clients send them, and what each would have been in JSON."""

from typing import Any

import pytest
from tests.apis.protobuf.message_strategy import body, sized, tagged, varint

from steersman.apimachinery.errors import ApiError
from steersman.apis.protobuf import decode_protobuf
from steersman.apis.protobuf.decoder import MAX_LEVELS, MAX_PARTS

# What kubectl 1.37.1 posted for each of these commands.
CAPTURED = [
    pytest.param(
        "6b3873000a0f0a02763112094e616d657370616365121c0a140a047465616d12001a0022002a0032003800420012001a020a001a00220"
        "0",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}, "spec": {}, "status": {}},
        id="create namespace team",
    ),
    pytest.param(
        "6b3873000a150a07617070732f7631120a4465706c6f796d656e7412be010a1f0a0377656212001a0022002a003200380042005a0a0a0"
        "36170701203776562128c010800120c0a0a0a0361707012037765621a720a1c0a0012001a0022002a003200380042005a0a0a03617070"
        "1203776562125212340a056e67696e78120a6e67696e783a312e32372a00320b0a00100018903f22002a0042006a00720080010088010"
        "0900100a201001a00320042004a0052005800600068008201008a01009a0100c2010022020a00280038001a0c08001000180020002800"
        "38001a002200",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {
                        "containers": [
                            {
                                "name": "nginx",
                                "image": "nginx:1.27",
                                "ports": [{"containerPort": 8080}],
                                "resources": {},
                            }
                        ]
                    },
                },
                "strategy": {},
            },
            "status": {},
        },
        id="create deployment web --image=nginx:1.27 --replicas=0 --port=8080",
    ),
    pytest.param(
        "6b3873000a200a09706f6c6963792f76311213506f6444697372757074696f6e427564676574123a0a110a017012001a0022002a00320"
        "03800420012190a09080110001a03353025120c0a0a0a0361707012037765621a0a0800180020002800300"
        "01a002200",
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "p"},
            "spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"}}},
            "status": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
        },
        id="create pdb p --selector=app=web --min-available=50%",
    ),
]


def text(number: int, value: str) -> bytes:
    return tagged(number, 2, sized(value.encode()))


def part(number: int, *pieces: bytes) -> bytes:
    return tagged(number, 2, sized(b"".join(pieces)))


def number(field: int, value: int) -> bytes:
    return tagged(field, 0, varint(value))


def decode(api_version: str, kind: str, *pieces: bytes) -> dict[str, Any]:
    return decode_protobuf(body(api_version, kind, b"".join(pieces)))


@pytest.mark.parametrize(("sent", "expected"), CAPTURED)
def test_what_kubectl_sends_is_what_its_json_says(sent: str, expected: dict[str, Any]) -> None:
    assert decode_protobuf(bytes.fromhex(sent)) == expected


def test_api_version_and_kind_come_first() -> None:
    assert list(decode("v1", "ConfigMap", part(1, text(1, "a"))))[:3] == ["apiVersion", "kind", "metadata"]


# Zero that Go always sends for a plain field, against zero that it sends for a pointer because it was set.
@pytest.mark.parametrize(
    ("raw", "path", "expected"),
    [
        pytest.param(part(2, number(1, 0)), "replicas", 0, id="replicas"),
        pytest.param(part(2, number(5, 0)), "minReadySeconds", None, id="minReadySeconds"),
        pytest.param(part(2, number(6, 0)), "revisionHistoryLimit", 0, id="revisionHistoryLimit"),
        pytest.param(part(2, number(7, 0)), "paused", None, id="paused"),
        pytest.param(part(2, number(9, 0)), "progressDeadlineSeconds", 0, id="progressDeadlineSeconds"),
    ],
)
def test_a_zero_stays_only_where_it_says_something(raw: bytes, path: str, expected: int | None) -> None:
    assert decode("apps/v1", "Deployment", raw)["spec"].get(path) == expected


def test_what_was_not_sent_is_in_json_where_go_writes_it_always() -> None:
    assert decode("v1", "Pod") == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {},
        "spec": {"containers": None},
        "status": {},
    }


def test_an_unset_target_port_is_left_to_defaulting() -> None:
    port = part(1, number(3, 80), part(4, number(1, 0), number(2, 0), text(3, "")))

    assert decode("v1", "Service", part(2, port))["spec"]["ports"] == [{"port": 80}]


@pytest.mark.parametrize("api_version", ["v1", "apps/v1", "policy/v1", "meta.k8s.io/v1", "example.com/v1alpha1"])
def test_delete_options_come_in_the_name_of_any_group(api_version: str) -> None:
    raw = number(1, 0), part(2, text(1, "some-uid")), text(4, "Foreground"), text(5, "All")

    assert decode(api_version, "DeleteOptions", *raw) == {
        "apiVersion": api_version,
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "preconditions": {"uid": "some-uid"},
        "propagationPolicy": "Foreground",
        "dryRun": ["All"],
    }


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("autoscaling/v1", "Scale"),
        ("authentication.k8s.io/v1", "TokenRequest"),
        ("policy/v1", "Eviction"),
        ("v1", "Binding"),
        ("apiregistration.k8s.io/v1beta1", "APIService"),
        ("autoscaling/v2alpha1", "HorizontalPodAutoscaler"),
        ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
    ],
)
def test_other_kinds_of_bodies(api_version: str, kind: str) -> None:
    assert decode(api_version, kind, part(1, text(1, "a")))["metadata"] == {"name": "a"}


def test_embedded_messages_and_maps_and_bytes() -> None:
    key = part(3, part(3, part(1, text(1, "s")), text(2, "k"), number(3, 0)))
    container = part(2, text(1, "c"), part(7, text(1, "E"), key))
    volume = part(1, text(1, "v"), part(2, part(19, part(1, text(1, "c")), number(3, 0))))

    spec = decode("v1", "Pod", part(2, volume, container))["spec"]

    assert spec["volumes"] == [{"name": "v", "configMap": {"name": "c", "defaultMode": 0}}]
    assert spec["containers"][0]["env"] == [
        {"name": "E", "valueFrom": {"configMapKeyRef": {"name": "s", "key": "k", "optional": False}}}
    ]
    entry = part(2, text(1, "a"), tagged(2, 2, sized(b"\xff\x00"))), part(2, text(1, "none"))
    assert decode("v1", "Secret", *entry)["data"] == {"a": "/wA=", "none": ""}


def test_lists_of_numbers_may_be_packed() -> None:
    groups = number(4, 1), part(4, varint(2), varint(70000))

    assert decode("v1", "Pod", part(2, part(14, *groups)))["spec"]["securityContext"] == {
        "supplementalGroups": [1, 2, 70000]
    }


def test_a_message_sent_in_parts_is_put_together_and_the_last_scalar_counts() -> None:
    parts = part(2, number(1, 3), number(7, 1)), part(2, number(7, 0), number(5, 4))

    spec = decode("apps/v1", "Deployment", *parts)["spec"]

    assert (spec["replicas"], spec["minReadySeconds"], "paused" in spec) == (3, 4, False)


def test_a_list_that_was_null_in_the_first_part_takes_what_the_second_has() -> None:
    parts = part(2, text(3, "Never")), part(2, part(2, text(1, "c")))

    assert decode("v1", "Pod", *parts)["spec"]["containers"] == [{"name": "c", "resources": {}}]


def test_unknown_fields_are_stepped_over() -> None:
    group = varint(900 << 3 | 3) + number(1, 5) + varint(901 << 3 | 3) + varint(901 << 3 | 4) + varint(900 << 3 | 4)
    unknown = number(902, 7), text(903, "x"), tagged(904, 1, bytes(8)), tagged(905, 5, bytes(4)), group

    assert decode("v1", "Namespace", *unknown, part(1, text(1, "a"), *unknown))["metadata"] == {"name": "a"}


def test_schemas_of_custom_resources() -> None:
    string = text(5, "string")
    properties = part(29, text(1, "a"), part(2, string, tagged(9, 1, bytes.fromhex("0000000000001440"))))
    schema = part(
        1,
        text(5, "object"),
        properties,
        part(8, tagged(1, 2, sized(b'{"a":[1,null]}'))),
        part(30, number(1, 1)),
        part(24, part(1, string)),
        part(32, text(1, "d"), part(2, text(2, "p"))),
        part(32, text(1, "e"), part(2, part(1, string))),
        part(33, number(1, 0), part(2, string)),
    )
    version = part(7, text(1, "v1"), number(2, 1), number(3, 0), part(4, schema))

    spec = decode("apiextensions.k8s.io/v1", "CustomResourceDefinition", part(2, version))["spec"]

    assert spec["versions"] == [
        {
            "name": "v1",
            "served": True,
            "storage": False,
            "schema": {
                "openAPIV3Schema": {
                    "type": "object",
                    "properties": {"a": {"type": "string", "maximum": 5}},
                    "default": {"a": [1, None]},
                    "additionalProperties": True,
                    "items": {"type": "string"},
                    "dependencies": {"d": ["p"], "e": {"type": "string"}},
                    "additionalItems": {"type": "string"},
                }
            },
        }
    ]


def test_times() -> None:
    def lease(renew: bytes) -> Any:
        return decode("coordination.k8s.io/v1", "Lease", part(2, part(4, renew)))["spec"]["renewTime"]

    assert lease(number(1, 1700000000) + number(2, 123456789)) == "2023-11-14T22:13:20.123456Z"
    assert lease(number(1, -1)) == "1969-12-31T23:59:59.000000Z"
    assert lease(b"") is None
    deleted = decode("v1", "Pod", part(1, part(8, number(1, 5), number(2, 9)), part(9, number(1, 6))))["metadata"]
    assert deleted == {"creationTimestamp": "1970-01-01T00:00:05Z", "deletionTimestamp": "1970-01-01T00:00:06Z"}


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"", "does not appear to be a protobuf message, expected prefix [107 56 115 0]"),
        (b'{"kind":"Pod"}', "does not appear to be a protobuf message"),
        (b"k8s\0", "has no kind"),
        (body("", "Pod", b""), "has no apiVersion"),
        (body("v1", "Deployment", b""), 'no kind "Deployment" is registered for version "v1"'),
        (body("v1", "PodSpec", b""), 'no kind "PodSpec"'),
        (body("example.com/v1", "Pod", b""), 'no kind "Pod" is registered for version "example.com/v1"'),
        (body("v1", "Pod", b"")[:-1], "unexpected EOF"),
        (body("v1", "Pod", b"\x0a\x05"), "unexpected EOF"),
        (body("v1", "Pod", b"\x0a"), "unexpected EOF"),
        (body("v1", "Pod", b"\x0a\x03\x0a\x05a") + b"bbbbbbbb", "unexpected EOF"),
        (body("apps/v1", "Deployment", part(2, b"\x28\x80") + b"\x1a\x00"), "unexpected EOF"),
        (body("v1", "Pod", b"\x08\x01"), "wrong wireType = 0 for field metadata"),
        (body("v1", "Pod", b"\x00\x01"), "illegal tag 0"),
        (body("v1", "Pod", b"\xf6\x3f"), "illegal wireType 6"),
        (body("v1", "Pod", b"\xf4\x3f"), "wiretype end group for non-group"),
        (body("v1", "Pod", b"\xf3\x3f" * 200), "nest deeper"),
        (body("v1", "Pod", b"\xff" * 11), "integer overflow"),
        (body("v1", "Pod", part(1, tagged(1, 2, sized(b"\xff")))), "not valid UTF-8"),
        (body("v1", "Pod", part(1, part(8, number(1, 2**62)))), "beyond the year 9999"),
        (body("v1", "Service", part(2, part(1, part(4, number(1, 7))))), "impossible IntOrString.Type"),
        (body("apps/v1", "ControllerRevision", part(2, text(1, "{"))), "json parse error"),
    ],
)
def test_what_cannot_be_read_is_a_bad_request(sent: bytes, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        decode_protobuf(sent)

    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")
    assert message in caught.value.message


def nested_schema(levels: int) -> bytes:
    schema = b""
    for _ in range(levels):
        schema = part(28, schema)
    return body("apiextensions.k8s.io/v1", "CustomResourceDefinition", part(2, part(7, part(4, part(1, schema)))))


def test_messages_nest_only_so_deep() -> None:
    decode_protobuf(nested_schema(MAX_LEVELS - 10))

    with pytest.raises(ApiError, match="nests too deep"):
        decode_protobuf(nested_schema(MAX_LEVELS))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\x12\x00" * (MAX_PARTS // 12), id="messages with messages in them that are not sent"),
        pytest.param(part(1, b"\xf8\x3f\x01" * MAX_PARTS), id="unknown fields"),
        pytest.param(b"\x12\x00" * 2 + part(2, part(2, part(14, part(4, bytes(MAX_PARTS))))), id="packed numbers"),
    ],
)
def test_small_bodies_cannot_become_large_objects(raw: bytes) -> None:
    with pytest.raises(ApiError, match="too many parts"):
        decode_protobuf(body("v1", "PodList", raw))
