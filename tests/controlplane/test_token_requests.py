"""TokenRequest: for which account, for whom, for how long, and bound to what."""

from pathlib import Path
from typing import Any

import pytest
from tests.apiserver.api_client import Client, Reply, failure
from tests.apiserver.authorization.people import binding, can, eventually, person, role, rule
from tests.controlplane.account_tokens import (
    ACCOUNTS,
    ISSUER,
    NODES,
    PODS,
    SECRETS,
    Server,
    parts_of,
    pod,
    serving,
)

from steersman.admission.selection import AdmissionOptions
from steersman.controlplane import ControlPlane
from steersman.controlplane.authorization import AuthorizationOptions
from steersman.controlplane.service_account_options import ServiceAccountOptions

TOKEN = f"{ACCOUNTS}/robot/token"


def bound_to(kind: str, name: str = "web", **more: str) -> dict[str, Any]:
    return {"boundObjectRef": {"apiVersion": "v1", "kind": kind, "name": name, **more}}


async def uid_of(server: Server, path: str) -> str:
    uid: str = (await server.admin.get(path)).body["metadata"]["uid"]
    return uid


async def test_a_request_and_its_answer(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        sent = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {}, "status": {"token": "x"}}
        reply = await server.admin.create(TOKEN, sent)
        uid = await uid_of(server, f"{ACCOUNTS}/robot")
        public = (await server.admin.get("/openid/v1/jwks")).body

    answer = reply.body
    header, claims = parts_of(answer["status"]["token"])
    assert reply.status == 201
    assert (answer["kind"], answer["apiVersion"]) == ("TokenRequest", "authentication.k8s.io/v1")
    assert answer["spec"] == {"audiences": [ISSUER], "expirationSeconds": 3600}
    assert {"name": "robot", "namespace": "default", "uid": uid}.items() <= answer["metadata"].items()
    assert answer["status"].keys() == {"token", "expirationTimestamp"}
    assert header.keys() == {"alg", "kid"}
    assert header["alg"] == "ES256"
    assert header["kid"] in public
    begin = claims["iat"]
    assert claims.pop("jti")
    assert claims == {
        "iss": ISSUER,
        "sub": "system:serviceaccount:default:robot",
        "aud": [ISSUER],
        "exp": begin + 3600,
        "iat": begin,
        "nbf": begin,
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "robot", "uid": uid}},
    }


@pytest.mark.parametrize("kind", ["Pod", "Secret", "Node"])
async def test_what_a_token_says_of_the_object_it_is_bound_to(tmp_path: Path, kind: str) -> None:
    path = {"Pod": PODS, "Secret": SECRETS, "Node": NODES}[kind]
    async with serving(tmp_path) as server:
        made = await server.admin.made(path, pod(node="n1") if kind == "Pod" else {"metadata": {"name": "web"}})
        uid = made["metadata"]["uid"]
        claims = parts_of(await server.token(**bound_to(kind, uid=uid)))[1]["kubernetes.io"]

    # The node is there by name only, for there is no such Node.
    told = {"node": {"name": "n1"}} if kind == "Pod" else {}
    assert {key: claims[key] for key in claims if key not in ("namespace", "serviceaccount")} == {
        **told,
        kind.lower(): {"name": "web", "uid": uid},
    }


@pytest.mark.parametrize(
    ("spec", "refusal"),
    [
        (
            {"expirationSeconds": 599},
            (
                422,
                "Invalid",
                'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: '
                "may not specify a duration less than 10 minutes",
            ),
        ),
        (
            {"expirationSeconds": (1 << 32) + 1},
            (
                422,
                "Invalid",
                'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: '
                "may not specify a duration larger than 2^32 seconds",
            ),
        ),
        (bound_to("Pod", "none"), (404, "NotFound", 'pods "none" not found')),
        (bound_to("Secret", "none"), (404, "NotFound", 'secrets "none" not found')),
        (bound_to("Node", "none"), (404, "NotFound", 'nodes "none" not found')),
        (
            bound_to("Pod", "other"),
            (
                400,
                "BadRequest",
                'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
            ),
        ),
        (
            bound_to("Pod", uid="x"),
            (
                409,
                "Conflict",
                'Operation cannot be fulfilled on Pod "web": the UID in the bound object reference (x) does not match '
                "the UID in record. The object might have been deleted and then recreated",
            ),
        ),
        (bound_to("ConfigMap"), (400, "BadRequest", "cannot bind token to object of type /v1, Kind=ConfigMap")),
        (
            bound_to("Pod", apiVersion="apps/v1"),
            (400, "BadRequest", "cannot bind token to object of type apps/v1, Kind=Pod"),
        ),
    ],
)
async def test_what_is_refused(tmp_path: Path, spec: Any, refusal: tuple[int, str, str]) -> None:
    async with serving(tmp_path) as server:
        await server.admin.made(PODS, pod())
        await server.admin.made(PODS, pod("other", account="default"))

        assert failure(await server.admin.create(TOKEN, {"spec": spec})) == refusal


async def test_the_account_that_is_meant(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        missing = await server.admin.create(f"{ACCOUNTS}/none/token", {"spec": {}})
        named = await server.admin.create(TOKEN, {"metadata": {"name": "x"}, "spec": {}})
        other = await server.admin.create(TOKEN, {"metadata": {"uid": "x"}, "spec": {}})
        uid = await uid_of(server, f"{ACCOUNTS}/robot")

    assert failure(missing) == (404, "NotFound", 'serviceaccounts "none" not found')
    assert failure(named) == (
        422,
        "Invalid",
        'TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: Invalid value: "x": '
        "must match the service account name if specified",
    )
    assert failure(other) == (
        409,
        "Conflict",
        'Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "robot": the UID in the token request (x) '
        f"does not match the UID of the service account ({uid})",
    )


@pytest.mark.parametrize(("asked", "seconds"), [(3600, 3600), (90000, 7200)])
async def test_a_token_holds_for_the_servers_time_at_most(tmp_path: Path, asked: int, seconds: int) -> None:
    async with serving(tmp_path, most_token_seconds=7200) as server:
        answer = await server.admin.made(TOKEN, {"spec": {"expirationSeconds": asked}})

    claims = parts_of(answer["status"]["token"])[1]
    assert answer["spec"]["expirationSeconds"] == claims["exp"] - claims["iat"] == seconds


@pytest.mark.parametrize(
    ("extend", "spec", "seconds"),
    [
        (True, bound_to("Pod") | {"expirationSeconds": 3607}, 365 * 24 * 3600),
        (False, bound_to("Pod") | {"expirationSeconds": 3607}, 3607),
        (True, bound_to("Pod") | {"expirationSeconds": 3608}, 3608),
        (True, bound_to("Pod") | {"expirationSeconds": 3607, "audiences": ["vault"]}, 3607),
        (True, {"expirationSeconds": 3607}, 3607),
    ],
)
async def test_what_is_mounted_holds_longer(tmp_path: Path, extend: bool, spec: Any, seconds: int) -> None:
    """The answer says when to ask again all the same, and the token from when on it is stale."""
    async with serving(tmp_path, extend_tokens=extend) as server:
        await server.admin.made(PODS, pod())
        answer = await server.admin.made(TOKEN, {"spec": spec})

    claims = parts_of(answer["status"]["token"])[1]
    is_extended = seconds > 3608
    assert answer["spec"]["expirationSeconds"] == spec["expirationSeconds"]
    assert claims["exp"] - claims["iat"] == seconds
    assert claims["kubernetes.io"].get("warnafter") == (claims["iat"] + 3607 if is_extended else None)


async def test_a_token_that_nobody_could_present_is_not_issued(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        reply = await server.admin.create(TOKEN, {"spec": {"audiences": ["x" * 1000] * 13}})

    assert failure(reply)[:2] == (422, "Invalid")


@pytest.mark.parametrize(
    ("version", "claims", "binds_nodes"),
    [("1.29", set(), False), ("1.30", {"jti", "node"}, False), ("1.31", {"jti", "node"}, True)],
)
async def test_what_came_with_which_kubernetes(
    tmp_path: Path, version: str, claims: set[str], binds_nodes: bool
) -> None:
    async with serving(tmp_path, version) as server:
        await server.admin.made(PODS, pod(node="web"))
        await server.admin.made(NODES, {"metadata": {"name": "web"}})
        _, found = parts_of(await server.token(**bound_to("Pod")))
        bound = await server.admin.create(TOKEN, {"spec": bound_to("Node")})

    assert {"jti", "node"} & {*found, *found["kubernetes.io"]} == claims
    assert bound.status == (201 if binds_nodes else 400)


async def test_who_may_ask_for_tokens(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        jane = person(server.plane, "jane")
        refused = await jane.create(TOKEN, {"spec": {}})
        assert 'cannot create resource "serviceaccounts/token"' in refused.body["message"]

        path = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
        await server.admin.made(f"{path}/roles", role("t", rule("create", "serviceaccounts/token", names="robot")))
        await server.admin.made(f"{path}/rolebindings", binding("t", "t", "User:jane"))

        async def may() -> bool:
            return await can(jane, "POST", TOKEN, {"spec": {}})

        await eventually(may)
        assert (await jane.create(f"{ACCOUNTS}/default/token", {"spec": {}})).status == 403


async def test_a_node_gets_tokens_of_pods_that_it_runs() -> None:
    """The plugin NodeRestriction looks at requests of nodes, which the Node authorizer lets through."""
    modes = AuthorizationOptions(modes=("Node", "RBAC"))
    chain = AdmissionOptions(enable=("NodeRestriction",))
    async with ControlPlane(store="memory:", authorization=modes, admission=chain) as plane:
        admin, node = Client(plane.handler), person(plane, "system:node:n1", "system:nodes")
        await admin.made(ACCOUNTS, {"metadata": {"name": "robot"}})
        await admin.made(NODES, {"metadata": {"name": "n1"}})
        mine = await admin.made(PODS, pod(node="n1"))
        other = await admin.made(PODS, pod("other", node="n2"))

        async def asked(spec: Any) -> Reply:
            return await node.create(TOKEN, {"spec": spec})

        async def is_known() -> bool:
            return (await asked(bound_to("Pod", uid=mine["metadata"]["uid"]))).status == 201

        await eventually(is_known)
        refused = [
            (await asked(spec)).body["message"]
            for spec in ({}, bound_to("Pod"), bound_to("Pod", "other", uid=other["metadata"]["uid"]))
        ]

    begin = 'serviceaccounts "robot" is forbidden: node requested token '
    assert refused == [
        f"{begin}not bound to a pod",
        f"{begin}with a pod binding without a uid",
        f"{begin}bound to a pod scheduled on a different node",
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"issuers": ()}, "must have a name"),
        ({"issuers": ("https://a", "")}, "must have a name"),
        ({"issuers": (":x",)}, "contained a ':' but was not a valid URL"),
        ({"most_token_seconds": 3599}, "must be between 1 hour and 2^32 seconds"),
        ({"most_token_seconds": (1 << 32) + 1}, "must be between 1 hour and 2^32 seconds"),
        ({"keys_uri": "http://x"}, "requires https scheme"),
    ],
)
def test_options_that_cannot_be(options: Any, told: str) -> None:
    with pytest.raises(ValueError) as raised:
        ServiceAccountOptions(**options)
    assert told in str(raised.value)
