"""ServiceAccount: every Pod runs as a service account that exists, with its token and its pull secrets.

Specified in "Configure Service Accounts for Pods" and "Managing Service Accounts". The account ``default`` is made in
each namespace by a controller; a Pod that comes right after its namespace waits for it a little. So it is with the
Secret that held an account's token before tokens were bound to their Pods: without it no Pod that wants it is created.
"""

import random
from collections.abc import Awaitable, Iterator

from steersman.admission.configuration import ReadsObjectsOfMinor
from steersman.admission.pod_spec import INIT, MAIN, PODS, containers, objects_in, spec_of
from steersman.apimachinery.errors import forbidden, not_found, server_timeout
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.authorization.node.references import MIRROR
from steersman.apiserver.registry.resource import Object

SERVICE_ACCOUNTS = GroupResource("", "serviceaccounts")
SECRETS = GroupResource("", "secrets")
DEFAULT = "default"
MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
ENFORCE_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"
PROJECTED_SINCE = 21
"""The minor from which on tokens are bound to their Pod; before, they stand in secrets."""

WAIT_SECONDS = 1.0
"""How long a Pod waits for ``default``, and for the Secret with its account's token."""

_TYPE = "kubernetes.io/service-account-token"
_ACCOUNT_NAME, _ACCOUNT_UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
_TOKEN_SECONDS = 3607
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class ServiceAccount(ReadsObjectsOfMinor):
    """Mirror Pods are not changed: they run already, and refer to nothing."""

    name = "ServiceAccount"
    operations = frozenset((CREATE,))
    resources = frozenset((PODS,))

    async def admit(self, attributes: Attributes) -> None:
        pod = attributes.object
        if attributes.subresource or pod is None or _is_mirror(pod):
            return
        spec = spec_of(pod)
        if not spec.get("serviceAccountName"):
            spec["serviceAccountName"] = spec["serviceAccount"] = DEFAULT
        account = await self._account(attributes, spec["serviceAccountName"])
        if _mounts_token(pod, account):
            await self._mount(attributes.namespace, pod, account)
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = [dict(one) for _, one in objects_in(account["imagePullSecrets"])]

    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        pod = attributes.object
        if attributes.subresource or pod is None:
            return None
        if _is_mirror(pod):
            if wrong := next(_wrong_in_mirror(pod), ""):
                raise forbidden(PODS, attributes.name, wrong)
            return None
        return self._check(attributes, pod)

    async def _check(self, attributes: Attributes, pod: Object) -> None:
        account = await self._account(attributes, (pod.get("spec") or {}).get("serviceAccountName") or "")
        annotations = account["metadata"].get("annotations") or {}
        if annotations.get(ENFORCE_MOUNTABLE) in _TRUE and (wrong := next(_not_mountable(pod, account), "")):
            raise forbidden(PODS, attributes.name, wrong)

    async def _account(self, attributes: Attributes, name: str) -> Object:
        """Raises Forbidden where there is none."""
        seconds = WAIT_SECONDS if name == DEFAULT else 0.0
        entry = await self._objects.appears(SERVICE_ACCOUNTS, attributes.namespace, name, seconds)
        if entry is not None:
            account: Object = entry.parsed()
            return account
        missing = not_found(SERVICE_ACCOUNTS, name).message
        told = f"error looking up service account {attributes.namespace}/{name}: {missing}"
        raise forbidden(PODS, attributes.name, told)

    async def _mount(self, namespace: str, pod: Object, account: Object) -> None:
        """Into each container that mounts nothing there itself. Raises ServerTimeout where there is no token."""
        spec = spec_of(pod)
        volumes = [one for _, one in objects_in(spec.get("volumes"))]
        if self._minor >= PROJECTED_SINCE:
            volume = _projected()
        else:
            volume = _of_secret(await self._token(namespace, account["metadata"]["name"]), volumes)
        without = [
            one
            for _, one in containers(pod, (INIT, MAIN))
            if all(mount.get("mountPath") != MOUNT_PATH for _, mount in objects_in(one.get("volumeMounts")))
        ]
        for container in without:
            mount = {"name": volume["name"], "readOnly": True, "mountPath": MOUNT_PATH}
            container["volumeMounts"] = [*(container.get("volumeMounts") or ()), mount]
        if without and volume not in volumes:
            spec["volumes"] = [*volumes, volume]

    async def _token(self, namespace: str, account: str) -> str:
        """The name of the Secret with the account's token."""
        found = await self._objects.until(
            lambda: self._listed_token(namespace, account), (SERVICE_ACCOUNTS, SECRETS), WAIT_SECONDS
        )
        if found is None:
            told = f'No API token found for service account "{account}"'
            told += ", retry after the token is automatically created and added to the service account"
            raise server_timeout(SERVICE_ACCOUNTS, "create pod", told)
        return found

    def _listed_token(self, namespace: str, name: str) -> str | None:
        """The first of the Secrets that the account lists, as it is now, which has its token."""
        accounts, tokens = self._objects.cacher(SERVICE_ACCOUNTS), self._objects.cacher(SECRETS)
        entry = accounts.get(namespace, name) if accounts is not None else None
        if entry is None or tokens is None:
            return None
        account = entry.parsed()
        for _, reference in objects_in(account.get("secrets")):
            listed: str = reference.get("name") or ""
            secret = tokens.get(namespace, listed)
            if secret is not None and _is_token_of(secret.parsed(), account):
                return listed
        return None


def _is_token_of(secret: Object, account: Object) -> bool:
    """One that is left of an account of this name that was there before is none."""
    annotations, metadata = secret["metadata"].get("annotations") or {}, account["metadata"]
    whose = annotations.get(_ACCOUNT_NAME), annotations.get(_ACCOUNT_UID)
    return secret.get("type") == _TYPE and whose == (metadata["name"], metadata["uid"])


def _of_secret(secret: str, volumes: list[Object]) -> Object:
    """The volume with the token, be it one of those that are there."""
    present = next((one for one in volumes if (one.get("secret") or {}).get("secretName") == secret), None)
    if present is not None:
        return present
    # Names of volumes have no dots.
    name = secret.replace(".", "-")
    if any(one.get("name") == name for one in volumes):
        name = f"{name}-{_suffix()}"
    return {"name": name, "secret": {"secretName": secret, "defaultMode": 0o644}}


def _suffix() -> str:
    # A name is no secret, and asking the system for randomness takes longer than all else that is done here.
    return "".join(random.choices(_SUFFIX_LETTERS, k=5))


def _projected() -> Object:
    """The token that the kubelet asks for, the authority of the server, and the namespace."""
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": _TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": f"kube-api-access-{_suffix()}", "projected": {"defaultMode": 0o644, "sources": sources}}


def _is_mirror(pod: Object) -> bool:
    return MIRROR in (pod["metadata"].get("annotations") or {})


def _mounts_token(pod: Object, account: Object) -> bool:
    """The Pod's own word goes before its account's."""
    own = (pod.get("spec") or {}).get("automountServiceAccountToken")
    return (account.get("automountServiceAccountToken") if own is None else own) is not False


def _wrong_in_mirror(pod: Object) -> Iterator[str]:
    spec = pod.get("spec") or {}
    if spec.get("serviceAccountName"):
        yield "a mirror pod may not reference service accounts"
    for _, volume in objects_in(spec.get("volumes")):
        if volume.get("secret") is not None:
            yield "a mirror pod may not reference secrets"
        for _, source in objects_in((volume.get("projected") or {}).get("sources")):
            if source.get("serviceAccountToken") is not None:
                yield "a mirror pod may not use ServiceAccountToken volume projections"


def _not_mountable(pod: Object, account: Object) -> Iterator[str]:
    """What the Pod refers to and its account does not."""
    name, spec = account["metadata"]["name"], pod.get("spec") or {}
    mountable = {one.get("name") for _, one in objects_in(account.get("secrets"))}
    tail = f"is not allowed because service account {name} does not reference that"
    for _, volume in objects_in(spec.get("volumes")):
        secret = volume.get("secret")
        if secret is not None and secret.get("secretName") not in mountable:
            yield f'volume with secret.secretName="{secret.get("secretName") or ""}" {tail} secret'
    for path, container in containers(pod):
        spoken = "init container" if path.startswith("spec.init") else "container"
        for _, variable in objects_in(container.get("env")):
            secret = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if secret is not None and secret.get("name") not in mountable:
                where = f"{spoken} {container.get('name')} with envVar {variable.get('name')}"
                yield f'{where} referencing secret.secretName="{secret.get("name")}" {tail} secret'
        for _, source in objects_in(container.get("envFrom")):
            secret = source.get("secretRef")
            if secret is not None and secret.get("name") not in mountable:
                where = f"{spoken} {container.get('name')} with envFrom"
                yield f'{where} referencing secret.secretName="{secret.get("name")}" {tail} secret'
    pull = {one.get("name") for _, one in objects_in(account.get("imagePullSecrets"))}
    for at, one in objects_in(spec.get("imagePullSecrets")):
        if one.get("name") not in pull:
            yield f'imagePullSecrets[{at}].name="{one.get("name")}" {tail} imagePullSecret'
