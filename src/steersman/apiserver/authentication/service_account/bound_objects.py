"""The objects that a token lives with: the account, and the Pod, Secret or Node that it is bound to."""

import hmac
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.time import parse_time
from steersman.apiserver.authentication.bearer import InvalidToken
from steersman.apiserver.authentication.service_account.claims import Binding, Claims, Reference
from steersman.storage.watch_cache import Entry

SERVICE_ACCOUNTS, SECRETS, PODS, NODES = (
    GroupResource("", plural) for plural in ("serviceaccounts", "secrets", "pods", "nodes")
)
DELETED_LEEWAY_SECONDS = 60.0
"""How long a token holds after its object was marked for deletion, as kube-apiserver has it."""
INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since"
"""A label: the token in the Secret holds no more."""

_INVALIDATED = "service account token has been invalidated"

Find = Callable[[GroupResource, str, str], Entry | None]
"""What is stored now under a namespace ("" for none) and name."""


class BoundObject(NamedTuple):
    """An object that has to be there, with this uid; the words are those that kube-apiserver refuses with."""

    resource: GroupResource
    namespace: str
    reference: Reference
    gone: str
    deleted: str
    other: str

    def check(self, find: Find, now: float) -> None:
        """Raises InvalidToken where the object is gone, is going, or is another one of the same name."""
        entry = find(self.resource, self.namespace, self.reference.name)
        if entry is None:
            raise InvalidToken(self.gone)
        metadata = entry.metadata
        if metadata.uid != self.reference.uid:
            raise InvalidToken(self.other.format(metadata.uid, self.reference.uid))
        going = metadata.deletion_timestamp
        if going is not None and _seconds(going) < now - DELETED_LEEWAY_SECONDS:
            raise InvalidToken(self.deleted)


class StoredToken:
    """A token that holds as long as it stands in its Secret; compared when the Secret changes."""

    __slots__ = ("_account", "_name", "_namespace", "_revision", "_token", "resource")

    def __init__(self, namespace: str, name: str, account: str, token: bytes) -> None:
        self.resource = SECRETS
        self._namespace, self._name, self._account, self._token = namespace, name, account, token
        self._revision = 0

    def check(self, find: Find, now: float) -> None:
        """Raises InvalidToken where it stands there no more."""
        entry = find(self.resource, self._namespace, self._name)
        if entry is None or entry.metadata.deletion_timestamp is not None:
            raise InvalidToken("Token has been invalidated")
        if entry.revision == self._revision:
            return
        stored = (entry.parsed().get("data") or {}).get("token") or ""
        if not hmac.compare_digest(stored.encode(), b64encode(self._token)):
            raise InvalidToken("Token does not match server's copy")
        if INVALID_SINCE in entry.labels:
            self._refuse_marked()
        self._revision = entry.revision

    def _refuse_marked(self) -> NoReturn:
        place, account = f"{self._namespace}/{self._name}", f"{self._namespace}/{self._account}"
        raise InvalidToken(
            f"the token in secret {place} for service account {account} has been marked invalid. "
            "Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the "
            f"'{INVALID_SINCE}' label from the secret to temporarily allow use of this token"
        )


Living = BoundObject | StoredToken


def bound_objects(binding: Binding) -> list[Living]:
    """The account first. Of a Pod's node the token only tells: it does not end with it."""
    found: list[Living] = [_account(binding.namespace, binding.serviceaccount)]
    if binding.secret is not None:
        found.append(_bound(SECRETS, binding.namespace, binding.secret, "secret", "secret"))
    if binding.pod is not None:
        found.append(_bound(PODS, binding.namespace, binding.pod, "pod", "pod"))
    elif binding.node is not None:
        found.append(_bound(NODES, "", binding.node, "node", "node"))
    return found


def objects_of_legacy(claims: Claims, token: bytes) -> list[Living]:
    """Those of a token that stands in a Secret."""
    account = Reference(claims.account_name, claims.account_uid)
    stored = StoredToken(claims.namespace, claims.secret_name, claims.account_name, token)
    return [stored, _account(claims.namespace, account)]


def _account(namespace: str, reference: Reference) -> BoundObject:
    return BoundObject(
        SERVICE_ACCOUNTS,
        namespace,
        reference,
        f'serviceaccount "{reference.name}" not found',
        f"service account {namespace}/{reference.name} has been deleted",
        "service account UID ({}) does not match claim ({})",
    )


def _bound(resource: GroupResource, namespace: str, reference: Reference, spoken: str, claim: str) -> BoundObject:
    other = f"{spoken} UID ({{}}) does not match service account {claim} ref claim ({{}})"
    return BoundObject(resource, namespace, reference, _INVALIDATED, _INVALIDATED, other)


def _seconds(timestamp: str) -> float:
    return parse_time(timestamp).timestamp()
