"""Audit events of real requests, over HTTP, from the log that they are written to."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.admission.webhook.webhook_server import allow, patch, webhook_server
from tests.controlplane.audit.audited_server import (
    CONFIG_MAPS,
    PODS,
    AuditedServer,
    audited_server,
    config_map,
    eventually,
)

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
ADMIN = {"username": "admin", "uid": "1", "groups": ["system:masters", "system:authenticated"]}
ALLOWED = {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[AuditedServer]:
    """Secrets are audited with their metadata, all else with all that there is."""
    rules = "- {level: Metadata, resources: [{group: '', resources: [secrets]}]}\n- level: RequestResponse\n"
    async with audited_server(tmp_path, rules) as one:
        yield one


def without(event: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in fields}


async def test_a_get_field_by_field(server: AuditedServer) -> None:
    await server.call("POST", CONFIG_MAPS, config_map("a"))
    reply = await server.call("GET", f"{CONFIG_MAPS}/a?pretty=1", X_Forwarded_For="2.2.2.2")

    first, last = server.events(reply.headers["audit-id"])

    common = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "RequestResponse",
        "auditID": reply.headers["audit-id"],
        "requestURI": f"{CONFIG_MAPS}/a?pretty=1",
        "verb": "get",
        "user": ADMIN,
        "sourceIPs": ["2.2.2.2", "127.0.0.1"],
        "userAgent": "test/1",
        "objectRef": {"resource": "configmaps", "namespace": "default", "name": "a", "apiVersion": "v1"},
    }
    times = ("requestReceivedTimestamp", "stageTimestamp")
    assert without(first, *times) == {**common, "stage": "RequestReceived"}
    assert without(last, *times) == {
        **common,
        "stage": "ResponseComplete",
        "responseStatus": {"metadata": {}, "code": 200},
        "responseObject": reply.body,
        "annotations": ALLOWED,
    }
    assert all(STAMP.fullmatch(event[name]) for event in (first, last) for name in times)
    assert first["requestReceivedTimestamp"] == first["stageTimestamp"] == last["requestReceivedTimestamp"]
    assert last["stageTimestamp"] >= last["requestReceivedTimestamp"]


async def test_the_client_may_name_its_request(server: AuditedServer) -> None:
    reply = await server.call("GET", "/version", Audit_ID="mine")

    assert reply.headers["audit-id"] == "mine"
    assert [event["stage"] for event in server.events("mine")] == ["RequestReceived", "ResponseComplete"]


async def test_a_list(server: AuditedServer) -> None:
    await server.call("POST", CONFIG_MAPS, config_map("a"))
    last = await server.last("GET", f"{CONFIG_MAPS}?fieldSelector=metadata.name%3Da")

    assert last["verb"] == "list"
    assert last["objectRef"] == {
        "resource": "configmaps", "namespace": "default", "name": "a", "apiVersion": "v1"
    }  # fmt: skip
    assert [item["metadata"]["name"] for item in last["responseObject"]["items"]] == ["a"]


async def test_a_watch_begins_and_ends(server: AuditedServer) -> None:
    async with server.watch(CONFIG_MAPS) as answer:
        audit_id = answer.headers["Audit-Id"]
        begun = server.events(audit_id)
    ended = await eventually(server, audit_id, 3)

    assert [event["stage"] for event in begun] == ["RequestReceived", "ResponseStarted"]
    assert [event["stage"] for event in ended[2:]] == ["ResponseComplete"]
    assert {event["verb"] for event in ended} == {"watch"}
    for event in ended[1:]:
        assert event["responseStatus"] == {"metadata": {}, "code": 200}
        assert "responseObject" not in event


WRITES: list[tuple[str, str, Any, dict[str, str], str]] = [
    ("POST", CONFIG_MAPS, config_map("b", data={"k": "v"}), {}, "create"),
    ("PUT", f"{CONFIG_MAPS}/a", config_map("a", data={"k": "v"}), {}, "update"),
    (
        "PATCH",
        f"{CONFIG_MAPS}/a",
        {"data": {"k": "v"}},
        {"Content_Type": "application/merge-patch+json"},
        "patch",
    ),
    (
        "PATCH",
        f"{CONFIG_MAPS}/a",
        [{"op": "add", "path": "/data", "value": {"k": "v"}}],
        {"Content_Type": "application/json-patch+json"},
        "patch",
    ),
    ("DELETE", f"{CONFIG_MAPS}/a", {"kind": "DeleteOptions", "propagationPolicy": "Background"}, {}, "delete"),
    ("DELETE", CONFIG_MAPS, {"kind": "DeleteOptions"}, {}, "deletecollection"),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "verb"), WRITES, ids=[write[4] for write in WRITES])
async def test_writes_with_their_bodies(
    server: AuditedServer, method: str, path: str, body: Any, headers: dict[str, str], verb: str
) -> None:
    await server.call("POST", CONFIG_MAPS, config_map("a"))
    reply = await server.call(method, path, body, **headers)

    last = server.events(reply.headers["audit-id"])[-1]

    assert reply.status < 300, reply.body
    assert (last["verb"], last["responseStatus"]["code"]) == (verb, reply.status)
    assert (last["requestObject"], last["responseObject"]) == (body, reply.body)


async def test_bodies_in_yaml_are_json_in_the_event(server: AuditedServer) -> None:
    yaml = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n"
    created = await server.last("POST", CONFIG_MAPS, yaml, Content_Type="application/yaml", Accept="application/yaml")
    yaml, path = yaml.replace(b"a}", b"z}"), f"{CONFIG_MAPS}/z?fieldManager=m"
    applied = await server.last("PATCH", path, yaml, Content_Type="application/apply-patch+yaml")

    assert created["requestObject"] == config_map("a", data={"k": "v"})
    assert created["responseObject"]["metadata"]["name"] == created["objectRef"]["name"] == "a"
    assert applied["requestObject"] == config_map("z", data={"k": "v"})
    assert applied["responseStatus"]["code"] == 201
    assert applied["responseObject"]["metadata"]["managedFields"]


async def test_metadata_has_no_bodies(server: AuditedServer) -> None:
    path, secret = "/api/v1/namespaces/default/secrets", {"metadata": {"name": "s"}, "stringData": {"p": "geheim"}}
    reply = await server.call("POST", path, secret)
    last = server.events(reply.headers["audit-id"])[-1]
    deleted = await server.last("DELETE", f"{path}/s")

    assert last["objectRef"]["name"] == "s"
    assert not {"requestObject", "responseObject"} & last.keys()
    assert b"geheim" not in server.log.read_bytes()
    assert deleted["responseStatus"]["status"] == "Success"
    assert deleted["responseStatus"]["details"]["name"] == "s"


async def test_neither_tokens_nor_other_header_fields_are_told(server: AuditedServer) -> None:
    await server.call("GET", "/api", X_Secret="geheim")
    await server.call("GET", "/api", token="wrong-token")

    assert not re.search(rb"geheim|admin-token|wrong-token|[Aa]uthorization:", server.log.read_bytes())


async def test_an_update_tells_what_it_was_made_of(server: AuditedServer) -> None:
    made = (await server.call("POST", CONFIG_MAPS, config_map("a"))).body["metadata"]

    last = await server.last("PUT", f"{CONFIG_MAPS}/a", config_map("a") | {"metadata": made})

    assert (last["objectRef"]["uid"], last["objectRef"]["resourceVersion"]) == (made["uid"], made["resourceVersion"])


async def test_a_name_that_the_server_makes_is_in_the_answer_only(server: AuditedServer) -> None:
    last = await server.last("POST", CONFIG_MAPS, {"metadata": {"generateName": "a-"}})

    assert "name" not in last["objectRef"]
    assert last["responseObject"]["metadata"]["name"].startswith("a-")


async def test_subresources(server: AuditedServer) -> None:
    last = await server.last("GET", "/api/v1/namespaces/default/status")

    assert last["objectRef"] == {
        "resource": "namespaces", "namespace": "default", "name": "default", "apiVersion": "v1", "subresource": "status"
    }  # fmt: skip


@pytest.mark.parametrize(("path", "kept"), [("/api", True), ("/apis/apps/v1", True), ("/version", False)])
async def test_paths_that_are_no_resources(server: AuditedServer, path: str, kept: bool) -> None:
    last = await server.last("GET", path)

    assert (last["verb"], last["responseStatus"]["code"]) == ("get", 200)
    assert "objectRef" not in last
    assert ("responseObject" in last) is kept


async def test_failed_authentication(server: AuditedServer) -> None:
    reply = await server.call("GET", CONFIG_MAPS, token="wrong")
    [only] = server.events(reply.headers["audit-id"])

    assert reply.status == 401
    assert (only["stage"], only["user"], only["verb"]) == ("ResponseStarted", {}, "list")
    assert only["responseStatus"] == {
        "metadata": {},
        "status": "Failure",
        "message": "Authentication failed, attempted: bearer",
        "reason": "Unauthorized",
        "code": 401,
    }
    assert "annotations" not in only


async def test_what_is_forbidden(server: AuditedServer) -> None:
    last = await server.last("POST", CONFIG_MAPS, config_map("a"), token="jane-token")

    assert last["user"]["username"] == "jane"
    assert last["annotations"] == {"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": ""}
    assert (last["responseStatus"]["code"], last["responseStatus"]["reason"]) == (403, "Forbidden")
    assert 'User "jane" cannot create resource "configmaps"' in last["responseStatus"]["message"]
    assert "requestObject" not in last
    assert "name" not in last["objectRef"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_bodies_that_were_not_looked_at_are_not_told(server: AuditedServer, method: str) -> None:
    headers = {"Content_Type": "application/merge-patch+json"}
    last = await server.last(method, f"{CONFIG_MAPS}/a", {"data": None}, token="jane-token", **headers)

    assert last["responseStatus"]["code"] == 403
    assert "requestObject" not in last


async def test_why_it_is_allowed(server: AuditedServer) -> None:
    last = await server.last("GET", "/version", token="jane-token")

    assert last["annotations"] == {
        "authorization.k8s.io/decision": "allow",
        "authorization.k8s.io/reason": 'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole '
        '"system:discovery" to Group "system:authenticated"',
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "reason"),
    [
        ("GET", f"{CONFIG_MAPS}/none", None, 404, "NotFound"),
        ("GET", "/apis/none/v1/things", None, 404, "NotFound"),
        ("GET", "/none", None, 404, "NotFound"),
        ("POST", CONFIG_MAPS, config_map("A B"), 422, "Invalid"),
        ("POST", f"{CONFIG_MAPS}/a", {}, 405, "MethodNotAllowed"),
        ("POST", CONFIG_MAPS, b"{", 400, "BadRequest"),
        ("GET", f"{CONFIG_MAPS}?limit=x", None, 400, "BadRequest"),
    ],
)
async def test_failures(server: AuditedServer, method: str, path: str, body: Any, code: int, reason: str) -> None:
    reply = await server.call(method, path, body)
    last = server.events(reply.headers["audit-id"])[-1]

    assert last["stage"] == "ResponseComplete"
    assert (last["responseStatus"]["code"], last["responseStatus"]["reason"]) == (code, reason)
    assert last["responseStatus"]["message"] == reply.body["message"]
    assert last["responseObject"] == reply.body
    assert ("requestObject" in last) is (code == 422)


async def test_impersonation(server: AuditedServer) -> None:
    last = await server.last("GET", "/version", Impersonate_User="bob", Impersonate_Group="dev")
    refused = await server.last("GET", "/version", token="jane-token", Impersonate_User="admin")

    assert last["user"] == ADMIN
    assert last["impersonatedUser"] == {"username": "bob", "groups": ["dev", "system:authenticated"]}
    assert last["annotations"]["authorization.k8s.io/decision"] == "allow"
    assert refused["user"]["username"] == "jane"
    assert refused["responseStatus"]["code"] == 403
    assert "impersonatedUser" not in refused


async def test_tables_are_kept_as_they_were_answered(server: AuditedServer) -> None:
    await server.call("POST", CONFIG_MAPS, config_map("a"))
    last = await server.last("GET", CONFIG_MAPS, Accept="application/json;as=Table;g=meta.k8s.io;v=v1")

    assert last["responseObject"]["kind"] == "Table"


async def test_reviews_are_kept_where_the_policy_says_so(server: AuditedServer) -> None:
    review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    last = await server.last("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)

    assert last["requestObject"] == review
    assert last["responseObject"]["status"]["allowed"]


async def test_what_the_chain_has_to_say(server: AuditedServer) -> None:
    labels = {f"pod-security.kubernetes.io/{mode}": "baseline" for mode in ("enforce", "audit")}
    await server.call("POST", "/api/v1/namespaces", {"metadata": {"name": "safe", "labels": labels}})
    pod = {"metadata": {"name": "p"}, "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "i"}]}}
    refused = await server.last("POST", "/api/v1/namespaces/safe/pods?dryRun=All", pod)

    told = refused["annotations"]
    assert refused["responseStatus"]["code"] == 403
    assert told["pod-security.kubernetes.io/enforce-policy"] == "baseline:latest"
    assert told["pod-security.kubernetes.io/audit-violations"].startswith('would violate PodSecurity "baseline:latest"')
    assert told["authorization.k8s.io/decision"] == "allow"


async def test_the_counters(server: AuditedServer) -> None:
    page = (await server.call("GET", "/metrics")).body
    totals = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("apiserver_audit"))

    assert int(totals['apiserver_audit_level_total{level="RequestResponse"}']) == 1
    assert int(totals['apiserver_audit_level_total{level="None"}']) > 1
    assert (totals["apiserver_audit_event_total{}"], totals["apiserver_audit_requests_rejected_total{}"]) == ("1", "0")


LEVELS = [("Metadata", False, False), ("Request", True, False), ("RequestResponse", True, True)]


@pytest.mark.parametrize(("level", "asked", "answered"), LEVELS)
async def test_levels(tmp_path: Path, level: str, asked: bool, answered: bool) -> None:
    async with audited_server(tmp_path, f"- {{level: {level}, omitStages: [RequestReceived]}}\n") as server:
        reply = await server.call("POST", CONFIG_MAPS, config_map("a"))
        [only] = server.events(reply.headers["audit-id"])

    assert only["level"] == level
    assert ("requestObject" in only, "responseObject" in only) == (asked, answered)


async def test_managed_fields_are_left_out(tmp_path: Path) -> None:
    managed = [{"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {}}]
    async with audited_server(tmp_path, "- level: RequestResponse\n", head="omitManagedFields: true\n") as server:
        body = config_map("a") | {"metadata": {"name": "a", "managedFields": managed}}
        created = await server.last("POST", CONFIG_MAPS, body)
        applied = await server.last(
            "PATCH", f"{CONFIG_MAPS}/b?fieldManager=m", config_map("b"), Content_Type="application/apply-patch+yaml"
        )

    assert created["requestObject"] == config_map("a")
    assert applied["responseStatus"]["code"] == 201
    assert "managedFields" not in applied["responseObject"]["metadata"]


async def test_the_policy_is_asked_about_who_sent_the_request(tmp_path: Path) -> None:
    async with audited_server(tmp_path, "- {level: Metadata, users: [bob]}\n") as server:
        reply = await server.call("GET", PODS, Impersonate_User="bob")

        assert server.events(reply.headers["audit-id"]) == []


async def told_of(server: AuditedServer, key: str) -> dict[str, str]:
    """The annotations of a create, once the chain has taken up what says ``key``."""
    async with asyncio.timeout(10):
        while True:
            last = await server.last("POST", f"{CONFIG_MAPS}?dryRun=All", config_map("a"))
            annotations: dict[str, str] = last["annotations"]
            if key in annotations:
                return annotations


async def test_what_webhooks_have_to_say(server: AuditedServer) -> None:
    registrations = "/apis/admissionregistration.k8s.io/v1"
    async with webhook_server() as hooks:
        hooks.on("/a", lambda request: allow(request, auditAnnotations={"why": "checked"}))
        hooks.on("/b", lambda request: patch(request, {"op": "add", "path": "/data", "value": {"k": "v"}}))
        for plural, path in (("validatingwebhookconfigurations", "/a"), ("mutatingwebhookconfigurations", "/b")):
            body = {"metadata": {"name": "hook"}, "webhooks": [hooks.webhook(path)]}
            assert (await server.call("POST", f"{registrations}/{plural}", body)).status == 201
        told = await told_of(server, "a.example.com/why")
        told |= await told_of(server, "mutation.webhook.admission.k8s.io/round_0_index_0")

    assert told["a.example.com/why"] == "checked"
    assert orjson.loads(told["mutation.webhook.admission.k8s.io/round_0_index_0"]) == {
        "configuration": "hook", "webhook": "b.example.com", "mutated": True
    }  # fmt: skip


async def test_what_policies_have_to_say(server: AuditedServer) -> None:
    registrations = "/apis/admissionregistration.k8s.io/v1"
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]
    spec = {
        "matchConstraints": {"resourceRules": rules},
        "auditAnnotations": [{"key": "named", "valueExpression": "'name ' + object.metadata.name"}],
    }
    binding = {"policyName": "p.example.com", "validationActions": ["Audit"]}
    for plural, name, content in (
        ("validatingadmissionpolicies", "p.example.com", spec),
        ("validatingadmissionpolicybindings", "b.example.com", binding),
    ):
        reply = await server.call("POST", f"{registrations}/{plural}", {"metadata": {"name": name}, "spec": content})
        assert reply.status == 201, reply.body

    assert (await told_of(server, "p.example.com/named"))["p.example.com/named"] == "name a"
