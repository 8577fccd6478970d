"""``serviceaccounts/token``: a token for a service account, for some time and for whom it names.

TokenRequest of authentication.k8s.io/v1 (KEP-1205; KEP-4193 for ids and nodes).
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from steersman.apimachinery.errors import (
    ApiError,
    FieldError,
    bad_request,
    conflict,
    field_invalid,
    internal_error,
    invalid,
    not_found,
)
from steersman.apimachinery.group_version import GroupKind, GroupResource, GroupVersion
from steersman.apimachinery.time import format_time
from steersman.apiserver.authentication.service_account.authenticator import TOKEN_BYTES
from steersman.apiserver.authentication.service_account.bound_objects import NODES, PODS, SECRETS
from steersman.apiserver.authentication.service_account.claims import user_name
from steersman.apiserver.authentication.service_account.issuer import TokenIssuer
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import ActionCall, Object

KIND = GroupKind("authentication.k8s.io", "TokenRequest")
DEFAULT_SECONDS, LEAST_SECONDS, MOST_SECONDS = 3600, 600, 1 << 32

INJECTED_SECONDS = 3607
"""What the ServiceAccount plugin has the kubelet ask for, and by what such requests are known."""
EXTENDED_SECONDS = 365 * 24 * 3600
"""How long those tokens hold for clients that do not read them anew."""

CREDENTIAL_MINOR, NODE_MINOR, UID_MINOR = 30, 31, 34
"""The minors from which on tokens have an id and tell the Pod's node, are bound to Nodes, and the uid is looked at."""


class Lifetimes(NamedTuple):
    """``most_seconds`` 0: no bound of the server's own. ``extend``: see EXTENDED_SECONDS."""

    most_seconds: int = 0
    extend: bool = True


class TokenRequests:
    """Answers the requests of one server, which emulates this Kubernetes ``minor``."""

    def __init__(self, issuer: TokenIssuer, objects: ObjectReader, minor: int, lifetimes: Lifetimes) -> None:
        self._issuer, self._objects, self._minor, self._lifetimes = issuer, objects, minor, lifetimes

    def prepare(self, body: Object, namespace: str, name: str) -> None:
        """Complete a request for the account of this name. Raises ApiError for one that cannot be."""
        metadata = body.setdefault("metadata", {})
        if metadata.get("name") and metadata["name"] != name:
            detail = "must match the service account name if specified"
            raise invalid(KIND, name, [field_invalid("metadata.name", metadata["name"], detail)])
        metadata |= {"name": name, "namespace": namespace, "creationTimestamp": _time(self._issuer.clock())}
        spec = body["spec"] = body.get("spec") or {}
        spec["audiences"] = list(spec.get("audiences") or self._issuer.audiences)
        spec.setdefault("expirationSeconds", DEFAULT_SECONDS)
        body.pop("status", None)
        if errors := _spec_errors(spec):
            raise invalid(KIND, "", errors)

    async def act(self, call: ActionCall) -> Object:
        """The completed request with its status. Raises ApiError."""
        account, spec, now = call.parent["metadata"], dict(call.body["spec"]), int(self._issuer.clock())
        metadata = self._of_account(call.body["metadata"], account)
        bound = await self._bound(call, spec.get("boundObjectRef"))
        if 0 < self._lifetimes.most_seconds < spec["expirationSeconds"]:
            spec["expirationSeconds"] = self._lifetimes.most_seconds
        token = await self._token(account, spec, bound, now)
        status = {"token": token, "expirationTimestamp": _time(now + spec["expirationSeconds"])}
        return {**call.body, "metadata": metadata, "spec": spec, "status": status}

    def _of_account(self, metadata: Mapping[str, Any], account: Mapping[str, Any]) -> Mapping[str, Any]:
        """The request's metadata. Raises ApiError where it means another account of the same name."""
        uid = metadata.get("uid")
        if self._minor < UID_MINOR:
            return metadata
        if uid and uid != account["uid"]:
            told = f"the UID in the token request ({uid}) does not match the UID of the service account"
            raise conflict(GroupResource(*KIND), account["name"], f"{told} ({account['uid']})")
        return {**metadata, "uid": account["uid"]}

    async def _bound(self, call: ActionCall, reference: Mapping[str, Any] | None) -> dict[str, Any]:
        """The claims about the object, by its kind in lower case.

        Raises ApiError where it is not there, is another one, or does not belong to the account.
        """
        if reference is None:
            return {}
        kind, name, uid = (reference.get(member) or "" for member in ("kind", "name", "uid"))
        version = _version(reference.get("apiVersion") or "")
        resource = _RESOURCES.get(kind) if not version.group else None
        if resource is None:
            raise bad_request(f"cannot bind token to object of type {version.group}/{version.version}, Kind={kind}")
        if resource == NODES and self._minor < NODE_MINOR:
            gate = '"ServiceAccountTokenNodeBinding" feature-gate is disabled'
            raise bad_request(f"cannot bind token to a Node object as the {gate}")
        entry = await self._objects.get(resource, "" if resource == NODES else call.namespace, name)
        if entry is None:
            raise not_found(resource, name)
        claims: dict[str, Any] = {kind.lower(): {"name": name, "uid": entry.metadata.uid}}
        if resource == PODS:
            claims |= await self._node_of(call, entry.parsed().get("spec") or {})
        if uid and uid != entry.metadata.uid:
            told = f"the UID in the bound object reference ({uid}) does not match the UID in record."
            explained = f"{told} The object might have been deleted and then recreated"
            raise conflict(GroupResource(version.group, kind), name, explained)
        return claims

    async def _node_of(self, call: ActionCall, spec: Mapping[str, Any]) -> dict[str, Any]:
        """The claim about the node that a Pod is on, whose uid is left out where there is no such Node."""
        account = call.parent["metadata"]["name"]
        if (spec.get("serviceAccountName") or "") != account:
            told = "to pod running with different serviceaccount name."
            raise bad_request(f'cannot bind token for serviceaccount "{account}" {told}')
        name = spec.get("nodeName")
        if not name or self._minor < CREDENTIAL_MINOR:
            return {}
        node = await self._objects.get(NODES, "", name)
        return {"node": {"name": name} if node is None else {"name": name, "uid": node.metadata.uid}}

    async def _token(
        self, account: Mapping[str, Any], spec: Mapping[str, Any], bound: Mapping[str, Any], now: int
    ) -> str:
        seconds, about = spec["expirationSeconds"], dict(bound)
        about["namespace"] = account["namespace"]
        about["serviceaccount"] = {"name": account["name"], "uid": account["uid"]}
        is_injected = "pod" in bound and seconds == INJECTED_SECONDS
        if self._lifetimes.extend and is_injected and set(spec["audiences"]) <= set(self._issuer.audiences):
            about["warnafter"] = now + seconds
            seconds = EXTENDED_SECONDS
        claims: dict[str, Any] = {
            "aud": spec["audiences"],
            "exp": now + seconds,
            "iat": now,
            "kubernetes.io": dict(sorted(about.items())),
            "nbf": now,
            "sub": user_name(account["namespace"], account["name"]),
        }
        if self._minor >= CREDENTIAL_MINOR:
            claims["jti"] = str(uuid.uuid4())
        try:
            token = await self._issuer.issue(claims)
        except (OSError, ValueError) as error:
            raise internal_error(f"failed to generate token: {error}") from None
        if len(token) > TOKEN_BYTES:
            raise _too_long(spec["audiences"])
        return token


_RESOURCES = {"Pod": PODS, "Node": NODES, "Secret": SECRETS}


def _spec_errors(spec: Mapping[str, Any]) -> Sequence[FieldError]:
    seconds, path = spec["expirationSeconds"], "spec.expirationSeconds"
    if seconds < LEAST_SECONDS:
        return [field_invalid(path, seconds, "may not specify a duration less than 10 minutes")]
    if seconds > MOST_SECONDS:
        return [field_invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")]
    return []


def _too_long(audiences: Sequence[str]) -> ApiError:
    detail = f"the token would be longer than {TOKEN_BYTES} bytes"
    return invalid(KIND, "", [field_invalid("spec.audiences", f"{len(audiences)} audiences", detail)])


def _version(api_version: str) -> GroupVersion:
    """Of what is no version of an API: none, and no group."""
    try:
        return GroupVersion.parse(api_version)
    except ValueError:
        return GroupVersion("", "")


def _time(seconds: float) -> str:
    return format_time(datetime.fromtimestamp(seconds, UTC))
