"""ServiceAccount: every Pod runs as a service account that exists, with its token and its pull secrets.

Specified in "Configure Service Accounts for Pods" and "Managing Service Accounts". The account ``default`` is made in
each namespace by a controller; a Pod that comes right after its namespace waits for it a little.
"""

import secrets
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.pod_spec import INIT, MAIN, PODS, containers, objects_in, spec_of
from steersman.apimachinery.errors import forbidden, not_found
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authorization.node.references import MIRROR
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

SERVICE_ACCOUNTS = GroupResource("", "serviceaccounts")
SECRETS = GroupResource("", "secrets")
DEFAULT = "default"
MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
ENFORCE_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"
PROJECTED_SINCE = 21
"""The minor from which on tokens are bound to their Pod; before, they stand in secrets."""

WAIT_SECONDS = 1.0
"""How long a Pod waits for ``default``."""

_TOKEN_SECONDS = 3607
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class ServiceAccount:
    """Mirror Pods are not changed: they run already, and refer to nothing."""

    name = "ServiceAccount"
    operations = frozenset((CREATE,))
    resources = frozenset((PODS,))

    def __init__(self, objects: ObjectReader, minor: int) -> None:
        self._objects, self._minor = objects, minor

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.objects, context.minor)

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
        """Into each container that mounts nothing there itself."""
        without = [
            one
            for _, one in containers(pod, (INIT, MAIN))
            if all(mount.get("mountPath") != MOUNT_PATH for _, mount in objects_in(one.get("volumeMounts")))
        ]
        spec = spec_of(pod)
        volumes = [one for _, one in objects_in(spec.get("volumes"))]
        volume = await self._volume(namespace, account, volumes) if without else None
        if volume is None:
            return
        for container in without:
            mount = {"name": volume["name"], "readOnly": True, "mountPath": MOUNT_PATH}
            container["volumeMounts"] = [*(container.get("volumeMounts") or ()), mount]
        if volume not in volumes:
            spec["volumes"] = [*volumes, volume]

    async def _volume(self, namespace: str, account: Object, volumes: list[Object]) -> Object | None:
        """The volume with the token, be it one of those that are there; None where there is no token."""
        if self._minor >= PROJECTED_SINCE:
            return _projected()
        for _, reference in objects_in(account.get("secrets")):
            name = reference.get("name") or ""
            entry = await self._objects.get(SECRETS, namespace, name)
            if entry is not None and entry.parsed().get("type") == "kubernetes.io/service-account-token":
                present = (one for one in volumes if (one.get("secret") or {}).get("secretName") == name)
                return next(present, {"name": name, "secret": {"secretName": name, "defaultMode": 0o644}})
        return None


def _projected() -> Object:
    """The token that the kubelet asks for, the authority of the server, and the namespace."""
    suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(5))
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": _TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": f"kube-api-access-{suffix}", "projected": {"defaultMode": 0o644, "sources": sources}}


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
