"""The token controller: Secrets that hold tokens of service accounts.

A Secret of type ``kubernetes.io/service-account-token`` names an account in an annotation and is given its token, and
is removed with the account ("Managing Service Accounts"). Up to 1.23 each account had such a Secret by itself, and
listed it in ``secrets``.
"""

import secrets as random_source
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.names import generate_name
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers
from steersman.controllers.service_account import SERVICE_ACCOUNTS

SECRETS = ApiResource("", "v1", "secrets", "Secret", True, DICTS)
TYPE = "kubernetes.io/service-account-token"
OF_TYPE = f"type={TYPE}"
"""The field selector of such Secrets."""
ACCOUNT_NAME, ACCOUNT_UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
"""Annotations of such Secrets."""
BY_ITSELF_UNTIL = 24
"""The Kubernetes minor from which on accounts are not given a Secret unless somebody makes one."""
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.02, 5.0
"""How soon it is tried again: twice as long each time."""

_BY_ACCOUNT = "account"
_STEPS_OUTRUN = frozenset(("fill", "provide"))
"""What comes again by itself with the change that was faster."""

Issue = Callable[[str, str, str, str], Awaitable[str]]
"""From namespace, name and uid of an account, and the Secret's name, to a token."""


class _Task(NamedTuple):
    """``what`` is the name of a step in the table below; ``secret`` is empty where it is about the account."""

    what: str
    namespace: str
    account: str = ""
    secret: str = ""


class ServiceAccountTokenController:
    """``accounts`` has all service accounts, ``secrets`` all Secrets of the type.

    ``authority`` is the certificate, as PEM, that Secrets hold beside the token: none where it is empty. With
    ``by_itself`` each account is given a Secret.
    """

    def __init__(
        self,
        client: Client,
        accounts: SharedInformer,
        secrets: SharedInformer,
        issue: Issue,
        authority: str = "",
        *,
        by_itself: bool = False,
    ) -> None:
        self._accounts, self._secrets, self._issue, self._by_itself = accounts, secrets, issue, by_itself
        self._account_client, self._secret_client = client.resource(SERVICE_ACCOUNTS), client.resource(SECRETS)
        self._authority = b64encode(authority.encode()).decode()
        self._queue: RateLimitingQueue[_Task] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        self._steps: Mapping[str, Callable[[_Task], Awaitable[None]]] = {
            "fill": self._fill,
            "provide": self._provide,
            "forget": self._forget,
        }
        secrets.add_indexers({_BY_ACCOUNT: _account_key})
        accounts.add_event_handler(
            ResourceEventHandlerFuncs(
                on_add=lambda account, _: self._account_changed(account),
                on_update=lambda _, account: self._account_changed(account),
                on_delete=self._account_changed,
            )
        )
        secrets.add_event_handler(
            ResourceEventHandlerFuncs(
                on_add=lambda secret, _: self._secret_changed(secret),
                on_update=lambda _, secret: self._secret_changed(secret),
                on_delete=self._secret_deleted,
            )
        )

    async def run(self) -> None:
        """Look after tokens until cancelled."""
        await self._accounts.wait_for_sync()
        await self._secrets.wait_for_sync()
        await run_workers(self._queue, self._do, name="service account token controller")

    def _account_changed(self, account: CachedObject | DeletedFinalStateUnknown) -> None:
        namespace, _, name = account.key.rpartition("/")
        for key in self._secrets.indexer.index_keys(_BY_ACCOUNT, account.key):
            self._queue.add(_Task("fill", namespace, secret=key.rpartition("/")[2]))
        if self._by_itself:
            self._queue.add(_Task("provide", namespace, name))

    def _secret_changed(self, secret: CachedObject) -> None:
        self._queue.add(_Task("fill", secret.namespace, secret=secret.name))

    def _secret_deleted(self, deleted: CachedObject | DeletedFinalStateUnknown) -> None:
        secret = deleted.object if isinstance(deleted, DeletedFinalStateUnknown) else deleted
        account = secret.annotations.get(ACCOUNT_NAME) if secret is not None else None
        if secret is not None and account:
            self._queue.add(_Task("forget", secret.namespace, account, secret.name))

    async def _do(self, task: _Task) -> None:
        """Raises what the server answers, unless there is nothing to do any more, or it comes again."""
        try:
            await self._steps[task.what](task)
        except ApiError as error:
            is_outrun = error.reason == "Conflict" and task.what in _STEPS_OUTRUN
            if not is_outrun and error.reason != "NotFound" and not _is_namespace_going(error):
                raise

    async def _fill(self, task: _Task) -> None:
        """Give a Secret what it lacks, or remove it where its account is gone."""
        cached = self._secrets.indexer.get_by_key(f"{task.namespace}/{task.secret}")
        name = cached.annotations.get(ACCOUNT_NAME) if cached is not None else None
        if cached is None or not name:
            return
        account = await self._account(task.namespace, name, cached.annotations.get(ACCOUNT_UID, ""))
        if account is None:
            await self._secret_client.delete(task.secret, namespace=task.namespace, uid=cached.uid)
            return
        secret = cached.deep_copy()
        data = dict(secret.get("data") or {})
        wanted = {"ca.crt": self._authority} if self._authority else {}
        if not data.get("namespace"):
            wanted["namespace"] = _base64(task.namespace)
        if not data.get("token"):
            wanted["token"] = _base64(await self._issue(task.namespace, name, account["metadata"]["uid"], task.secret))
        if data.items() >= wanted.items():
            return
        secret["data"] = data | wanted
        secret["metadata"].setdefault("annotations", {})[ACCOUNT_UID] = account["metadata"]["uid"]
        await self._secret_client.update(secret)

    async def _account(self, namespace: str, name: str, uid: str) -> Mapping[str, Any] | None:
        """The account of this name and, where one is given, uid; None where there is none."""
        account: Mapping[str, Any] | None = self._accounts.indexer.get_by_key(f"{namespace}/{name}")
        if account is None or (uid and account["metadata"]["uid"] != uid):
            # It may have come a moment ago.
            try:
                account = await self._account_client.get(name, namespace=namespace)
            except ApiError as error:
                if error.reason != "NotFound":
                    raise
                return None
        return account if not uid or account["metadata"]["uid"] == uid else None

    async def _provide(self, task: _Task) -> None:
        """See to it that the account lists a Secret with its token."""
        cached = self._accounts.indexer.get_by_key(f"{task.namespace}/{task.account}")
        if cached is None or cached.deletion_timestamp is not None or await self._has_token(cached):
            return
        account = cached.deep_copy()
        name = generate_name(f"{task.account}-token-", random_source.randbelow)
        made = await self._secret_client.create(await self._secret(account, name), namespace=task.namespace)
        account["secrets"] = [*(account.get("secrets") or ()), {"name": name}]
        try:
            await self._account_client.update(account)
        except BaseException:
            await self._secret_client.delete(name, namespace=task.namespace, uid=made["metadata"]["uid"])
            raise

    async def _has_token(self, account: CachedObject) -> bool:
        for reference in account.get("secrets") or ():
            name = reference.get("name") or ""
            secret: Mapping[str, Any] | None = self._secrets.indexer.get_by_key(f"{account.namespace}/{name}")
            if secret is None and name:
                # It may have been made a moment ago.
                try:
                    secret = await self._secret_client.get(name, namespace=account.namespace)
                except ApiError as error:
                    if error.reason != "NotFound":
                        raise
            if secret is not None and _is_of(secret, account.uid):
                return True
        return False

    async def _secret(self, account: dict[str, Any], name: str) -> dict[str, Any]:
        """A Secret for the account, complete."""
        metadata = account["metadata"]
        namespace, uid = metadata["namespace"], metadata["uid"]
        token = await self._issue(namespace, metadata["name"], uid, name)
        authority = {"ca.crt": self._authority} if self._authority else {}
        annotations = {ACCOUNT_NAME: metadata["name"], ACCOUNT_UID: uid}
        return {
            "metadata": {"name": name, "annotations": annotations},
            "type": TYPE,
            "data": {**authority, "namespace": _base64(namespace), "token": _base64(token)},
        }

    async def _forget(self, task: _Task) -> None:
        """Have the account list a Secret no more that is gone."""
        cached = self._accounts.indexer.get_by_key(f"{task.namespace}/{task.account}")
        if cached is None or self._secrets.indexer.get_by_key(f"{task.namespace}/{task.secret}") is not None:
            return
        account = cached.deep_copy()
        listed = account.get("secrets") or []
        kept = [one for one in listed if one.get("name") != task.secret]
        if len(kept) < len(listed):
            account["secrets"] = kept
            await self._account_client.update(account)


def _account_key(secret: CachedObject) -> list[str]:
    name = secret.annotations.get(ACCOUNT_NAME)
    return [f"{secret.namespace}/{name}"] if name else []


def _is_of(secret: Mapping[str, Any], uid: str) -> bool:
    annotations = secret["metadata"].get("annotations") or {}
    return secret.get("type") == TYPE and annotations.get(ACCOUNT_UID) == uid


def _is_namespace_going(error: ApiError) -> bool:
    causes = (error.details or {}).get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
