"""The objects that a token lives with: the account, and the Pod, Secret or Node that it is bound to."""

import hmac
from abc import ABC, abstractmethod
from base64 import b64encode

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


class LiveObject(ABC):
    """An object that has to be there. ``revision`` is the one at which it was found good, 0 where it was not."""

    __slots__ = ("name", "namespace", "resource", "revision")

    def __init__(self, resource: GroupResource, namespace: str, name: str) -> None:
        self.resource, self.namespace, self.name, self.revision = resource, namespace, name, 0

    def check(self, entry: Entry | None, now: float) -> None:
        """``entry`` is what is stored now. Raises InvalidToken where a token does not hold with it."""
        self.revision = 0
        self.look_at(entry, now)
        if entry is not None and entry.metadata.deletion_timestamp is None:
            self.revision = entry.revision

    @abstractmethod
    def look_at(self, entry: Entry | None, now: float) -> None:
        """What a kind of token asks of its object; raises InvalidToken."""


class BoundObject(LiveObject):
    """An object of this uid; the words are those that kube-apiserver refuses with."""

    __slots__ = ("_deleted", "_gone", "_other", "_uid")

    def __init__(
        self, resource: GroupResource, namespace: str, reference: Reference, *, gone: str, deleted: str, other: str
    ) -> None:
        super().__init__(resource, namespace, reference.name)
        self._uid, self._gone, self._deleted, self._other = reference.uid, gone, deleted, other

    def look_at(self, entry: Entry | None, now: float) -> None:
        if entry is None:
            raise InvalidToken(self._gone)
        metadata = entry.metadata
        if metadata.uid != self._uid:
            raise InvalidToken(self._other.format(metadata.uid, self._uid))
        going = metadata.deletion_timestamp
        if going is not None and parse_time(going).timestamp() < now - DELETED_LEEWAY_SECONDS:
            raise InvalidToken(self._deleted)


class StoredToken(LiveObject):
    """The Secret in which a token stands, which holds as long as it does."""

    __slots__ = ("_account", "_token")

    def __init__(self, namespace: str, name: str, account: str, token: bytes) -> None:
        super().__init__(SECRETS, namespace, name)
        self._account, self._token = account, b64encode(token)

    def look_at(self, entry: Entry | None, now: float) -> None:
        if entry is None or entry.metadata.deletion_timestamp is not None:
            raise InvalidToken("Token has been invalidated")
        stored = (entry.parsed().get("data") or {}).get("token") or ""
        if not hmac.compare_digest(stored.encode(), self._token):
            raise InvalidToken("Token does not match server's copy")
        if INVALID_SINCE in entry.labels:
            raise InvalidToken(self._marked())

    def _marked(self) -> str:
        place, account = f"{self.namespace}/{self.name}", f"{self.namespace}/{self._account}"
        return (
            f"the token in secret {place} for service account {account} has been marked invalid. "
            "Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the "
            f"'{INVALID_SINCE}' label from the secret to temporarily allow use of this token"
        )


def bound_objects(binding: Binding) -> list[LiveObject]:
    """The account first. Of a Pod's node the token only tells: it does not end with it."""
    found: list[LiveObject] = [_account(binding.namespace, binding.serviceaccount)]
    if binding.secret is not None:
        found.append(_bound(SECRETS, binding.namespace, binding.secret, "secret"))
    if binding.pod is not None:
        found.append(_bound(PODS, binding.namespace, binding.pod, "pod"))
    elif binding.node is not None:
        found.append(_bound(NODES, "", binding.node, "node"))
    return found


def objects_of_legacy(claims: Claims, token: bytes) -> list[LiveObject]:
    """Those of a token that stands in a Secret."""
    account = Reference(claims.account_name, claims.account_uid)
    stored = StoredToken(claims.namespace, claims.secret_name, claims.account_name, token)
    return [stored, _account(claims.namespace, account)]


def _account(namespace: str, reference: Reference) -> BoundObject:
    return BoundObject(
        SERVICE_ACCOUNTS,
        namespace,
        reference,
        gone=f'serviceaccount "{reference.name}" not found',
        deleted=f"service account {namespace}/{reference.name} has been deleted",
        other="service account UID ({}) does not match claim ({})",
    )


def _bound(resource: GroupResource, namespace: str, reference: Reference, spoken: str) -> BoundObject:
    other = f"{spoken} UID ({{}}) does not match service account {spoken} ref claim ({{}})"
    return BoundObject(resource, namespace, reference, gone=_INVALIDATED, deleted=_INVALIDATED, other=other)
