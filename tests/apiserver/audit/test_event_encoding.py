"""Audit events as JSON, field by field where no server is needed for it."""

from typing import Any

import orjson
import pytest
from tests.apiserver.audit.events import RECEIVED_AT, audited, event

from steersman.apiserver.admission.observed import SentReference
from steersman.apiserver.audit.event import Body, Event, Sender
from steersman.apiserver.audit.event_encoding import EventEncoder, EventTooLarge, Truncation
from steersman.apiserver.audit.policy import COMPLETE, RECEIVED, AuditConfig, Level
from steersman.apiserver.audit.source_addresses import source_addresses
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.handlers.negotiation import DECODERS

MANAGED = {"metadata": {"name": "a", "managedFields": [{"manager": "x"}]}}
BARE = {"metadata": {"name": "a"}}
JSON = b"application/json"


def encoded(one: Event, truncation: Truncation | None = None) -> dict[str, Any]:
    line = EventEncoder(DECODERS, truncation).encode(one)
    assert b"\n" not in line
    value: dict[str, Any] = orjson.loads(line)
    return value


def test_all_that_is_always_there() -> None:
    assert encoded(event()) == {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": "a",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/default/pods/a",
        "verb": "get",
        "user": {"username": "jane"},
        "sourceIPs": ["10.0.0.1"],
        "objectRef": {"resource": "pods", "namespace": "default", "name": "a", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": "2023-11-14T22:13:20.250000Z",
        "stageTimestamp": "2023-11-14T22:13:21.250000Z",
    }


def test_all_of_a_user() -> None:
    user = UserInfo("jane", "7", ("dev", "system:authenticated"), {"scopes": ("a", "b")})

    assert encoded(Event(audited(user=user, impersonated=UserInfo("bob")), COMPLETE, 1.0))["user"] == {
        "username": "jane",
        "uid": "7",
        "groups": ["dev", "system:authenticated"],
        "extra": {"scopes": ["a", "b"]},
    }


def test_what_comes_later_is_not_in_the_first_event() -> None:
    one = audited(impersonated=UserInfo("bob"), sent=SentReference("", "b", "u", "3"))
    one.annotations["a"] = "b"

    first, last = (encoded(Event(one, stage, 2.0)) for stage in (RECEIVED, COMPLETE))

    assert not {"impersonatedUser", "annotations", "responseStatus"} & first.keys()
    assert "uid" not in first["objectRef"]
    assert (last["impersonatedUser"], last["annotations"]) == ({"username": "bob"}, {"a": "b"})


@pytest.mark.parametrize(
    ("method", "path", "sent", "expected"),
    [
        ("POST", "/api/v1/nodes", SentReference("", "n"), {"resource": "nodes", "name": "n", "apiVersion": "v1"}),
        (
            "POST",
            "/apis/apps/v1/namespaces/ns/deployments",
            SentReference("other", "web", "u", "12"),
            {
                "resource": "deployments",
                "namespace": "ns",
                "name": "web",
                "uid": "u",
                "apiGroup": "apps",
                "apiVersion": "v1",
                "resourceVersion": "12",
            },
        ),
        (
            "PUT",
            "/apis/apps/v1/namespaces/ns/deployments/web/scale",
            SentReference("", "other"),
            {
                "resource": "deployments",
                "namespace": "ns",
                "name": "web",
                "apiGroup": "apps",
                "apiVersion": "v1",
                "subresource": "scale",
            },
        ),
        (
            "POST",
            "/api/v1/namespaces/ns/pods",
            SentReference(),
            {"resource": "pods", "namespace": "ns", "apiVersion": "v1"},
        ),
        ("GET", "/version", None, None),
    ],
)
def test_object_references(method: str, path: str, sent: SentReference | None, expected: dict[str, str] | None) -> None:
    assert encoded(Event(audited(path, method, sent=sent), COMPLETE, 1.0)).get("objectRef") == expected


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/api", "", "/api"),
        ("/api/v1/pods", "limit=5&x=%20", "/api/v1/pods?limit=5&x=%20"),
        ("/a b/ü", "", "/a%20b/%C3%BC"),
        ("/apis/rbac/v1/clusterroles/system:node", "", "/apis/rbac/v1/clusterroles/system:node"),
    ],
)
def test_the_uri(path: str, query: str, expected: str) -> None:
    assert encoded(Event(audited(path, query=query), COMPLETE, 1.0))["requestURI"] == expected


@pytest.mark.parametrize(
    ("agent", "expected"), [(b"", None), (b"kubectl/v1", "kubectl/v1"), (b"x" * 1025, "x" * 1024 + "...TRUNCATED")]
)
def test_the_user_agent(agent: bytes, expected: str | None) -> None:
    sender = Sender(agent, b"", b"", "")

    assert encoded(Event(audited(sender=sender), COMPLETE, 1.0)).get("userAgent") == expected


@pytest.mark.parametrize(
    ("forwarded", "real", "remote", "expected"),
    [
        (b"", b"", "1.1.1.1", ["1.1.1.1"]),
        (b"", b"", "1.1.1.1:80", ["1.1.1.1"]),
        (b"", b"", "[::1]:80", ["::1"]),
        (b"", b"", "::ffff:1.1.1.1", ["1.1.1.1"]),
        (b"", b"", "in-process", []),
        (b"", b"", "", []),
        (b"2.2.2.2, 3.3.3.3", b"", "1.1.1.1", ["2.2.2.2", "3.3.3.3", "1.1.1.1"]),
        (b"2.2.2.2, 1.1.1.1", b"", "1.1.1.1", ["2.2.2.2", "1.1.1.1"]),
        (b"unknown,2.2.2.2", b"", "1.1.1.1", ["2.2.2.2", "1.1.1.1"]),
        (b"2.2.2.2", b"3.3.3.3", "1.1.1.1", ["2.2.2.2", "3.3.3.3", "1.1.1.1"]),
        (b"2.2.2.2,4.4.4.4", b"2.2.2.2", "1.1.1.1", ["2.2.2.2", "4.4.4.4", "1.1.1.1"]),
        (b"", b"1.1.1.1", "1.1.1.1", ["1.1.1.1"]),
        (b"1.1.1.1:80", b"x", "9.9.9.9", ["9.9.9.9"]),
    ],
)
def test_source_addresses(forwarded: bytes, real: bytes, remote: str, expected: list[str]) -> None:
    assert source_addresses(Sender(b"", forwarded, real, remote)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, {"metadata": {}, "code": 422}),
        ({"status": "Failure", "message": "no"}, {"metadata": {}, "status": "Failure", "message": "no", "code": 422}),
        (
            Body(
                b'{"kind":"Status","metadata":{},"code":1,"message":"m","reason":"Invalid","details":{"name":"a"}}',
                JSON,
            ),
            {"metadata": {}, "message": "m", "reason": "Invalid", "details": {"name": "a"}, "code": 422},
        ),
        (Body([b'{"kind":"Po', b'd"}'], JSON), {"metadata": {}, "code": 422}),
        (Body(b"not json", JSON), {"metadata": {}, "code": 422}),
        (
            Body(b"status: Success\nkind: Status", b"application/yaml"),
            {"metadata": {}, "status": "Success", "code": 422},
        ),
    ],
)
def test_response_statuses(status: Any, expected: dict[str, Any]) -> None:
    assert encoded(Event(audited(), COMPLETE, 1.0, 422, status))["responseStatus"] == expected


@pytest.mark.parametrize(
    ("content_type", "data", "expected"),
    [
        (JSON, b'{"a":\n 1}', {"a": 1}),
        (b"", b'{"a": 1}', {"a": 1}),
        (b"application/yaml; charset=utf-8", b"a: 1", {"a": 1}),
        (b"application/apply-patch+yaml", b"a: 1", {"a": 1}),
        (b"application/json-patch+json", b'[{"op":"remove"}]', [{"op": "remove"}]),
        (JSON, b"{", None),
        (b"application/apply-patch+yaml", b"a: [", None),
    ],
)
def test_bodies_that_clients_send(content_type: bytes, data: bytes, expected: Any) -> None:
    one = event(request_object=Body(data, content_type))

    assert encoded(one).get("requestObject") == expected


@pytest.mark.parametrize(
    "data", [b'{"kind":"Pod"}', [b'{"kind":', b'"Pod"}'], b'{\n  "kind": "Pod"\n}\n'], ids=["one", "pieces", "pretty"]
)
def test_bodies_that_are_answered(data: Any) -> None:
    assert encoded(event(response_object=Body(data, JSON)))["responseObject"] == {"kind": "Pod"}


def test_an_answer_in_yaml_is_json_in_the_event() -> None:
    assert encoded(event(response_object=Body(b"kind: Pod\n", b"application/yaml")))["responseObject"] == {
        "kind": "Pod"
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (MANAGED, BARE),
        ({"items": [MANAGED, BARE, 1]}, {"items": [BARE, BARE, 1]}),
        ({"kind": "Table", "rows": [{"object": MANAGED}, {}]}, {"kind": "Table", "rows": [{"object": BARE}, {}]}),
        ({"metadata": 1}, {"metadata": 1}),
    ],
)
def test_managed_fields_are_left_out_where_they_shall_be(sent: Any, kept: Any) -> None:
    body = Body(orjson.dumps(sent), JSON)
    configs = [AuditConfig(Level.REQUEST_RESPONSE, frozenset(), omit) for omit in (True, False)]
    without, with_them = (
        encoded(Event(audited(config=config), COMPLETE, 1.0, 200, None, body, body)) for config in configs
    )

    assert (without["requestObject"], without["responseObject"]) == (kept, kept)
    assert (with_them["requestObject"], with_them["responseObject"]) == (sent, sent)


def test_a_patch_is_kept_as_it_was_sent() -> None:
    one = audited(config=AuditConfig(Level.REQUEST, frozenset(), True))
    body = Body(orjson.dumps(MANAGED), b"application/merge-patch+json", plain=True)

    assert encoded(Event(one, COMPLETE, 1.0, 200, None, body))["requestObject"] == MANAGED


def test_a_large_event_loses_its_objects() -> None:
    one = event(request_object=Body(orjson.dumps({"a": "x" * 2000}), JSON))
    one.audited.annotations["own"] = "kept"

    value = encoded(one, Truncation(True, 1000))

    assert "requestObject" not in value
    assert value["annotations"] == {"own": "kept", "audit.k8s.io/truncated": "true"}
    assert one.audited.annotations == {"own": "kept"}
    assert "requestObject" in encoded(one, Truncation(False, 1000))
    assert "requestObject" in encoded(one, Truncation(True, 3000))


def test_an_event_that_stays_too_large_is_lost() -> None:
    with pytest.raises(EventTooLarge):
        encoded(event(), Truncation(True, 100))


def test_a_legacy_line() -> None:
    one = audited("/api/v1/namespaces/ns/pods", query="watch=1", user=UserInfo("jane", groups=("a", "b")))
    encoder = EventEncoder(DECODERS)

    assert encoder.encode_legacy(Event(one, COMPLETE, 1.0, 200)).decode() == (
        '2023-11-14T22:13:20.250000Z AUDIT: id="1" stage="ResponseComplete" ip="10.0.0.1" method="list" '
        'user="jane" groups="\\"a\\",\\"b\\"" as="<self>" asgroups="<lookup>" user-agent="" namespace="ns" '
        'uri="/api/v1/namespaces/ns/pods?watch=1" response="200"'
    )
    other = audited("/version", impersonated=UserInfo("bob", groups=("c",)), user=None)
    line = encoder.encode_legacy(Event(other, COMPLETE, 1.0)).decode()
    assert 'user="<none>" groups="<none>" as="bob" asgroups="\\"c\\""' in line
    assert 'namespace="<none>" uri="/version" response="<deferred>"' in line


def test_times_follow_each_other_whatever_the_order() -> None:
    encoder = EventEncoder(DECODERS)
    stamps = [
        orjson.loads(encoder.encode(Event(audited(), COMPLETE, at)))["stageTimestamp"]
        for at in (RECEIVED_AT, RECEIVED_AT + 60, RECEIVED_AT, 0.000001)
    ]

    assert stamps == [
        "2023-11-14T22:13:20.250000Z",
        "2023-11-14T22:14:20.250000Z",
        "2023-11-14T22:13:20.250000Z",
        "1970-01-01T00:00:00.000001Z",
    ]
