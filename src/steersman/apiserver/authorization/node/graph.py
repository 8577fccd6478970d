"""Which objects lead to which node: over the pods that are bound to it, and the volumes of their claims."""

from collections.abc import Callable, Iterable
from typing import Any

from steersman.apiserver.authorization.node.references import Reference, of_pod, of_volume

Object = dict[str, Any]
Key = tuple[str, str]
"""Namespace ("" where there is none) and name."""


class NodeGraph:
    """Follows pods, persistent volumes, volume attachments and resource slices, one object at a time."""

    def __init__(self) -> None:
        self._pods: dict[Key, tuple[str, frozenset[Reference]]] = {}
        self._pods_by_reference: dict[Reference, set[Key]] = {}
        self._volumes: dict[str, tuple[Reference | None, frozenset[Reference]]] = {}
        self._volumes_by_secret: dict[Reference, set[str]] = {}
        self._owned: dict[str, dict[str, str]] = {"volumeattachments": {}, "resourceslices": {}}
        self._reach: dict[str, Callable[[str, Reference], bool]] = {
            "pods": self._pod,
            "secrets": self._secret,
            "persistentvolumes": self._volume,
            "volumeattachments": self._own,
            "resourceslices": self._own,
        }

    def leads_to(self, node: str, reference: Reference) -> bool:
        """Whether the node needs the object."""
        reach = self._reach.get(reference.resource, self._by_pods)
        return reach(node, reference)

    def set_pod(self, namespace: str, name: str, pod: Object | None) -> None:
        """Take up a pod; None: it is gone."""
        key = (namespace, name)
        _, old = self._pods.pop(key, ("", frozenset()))
        _unlink(self._pods_by_reference, old, key)
        node = ((pod or {}).get("spec") or {}).get("nodeName")
        if pod is not None and node:
            references = frozenset(of_pod(pod))
            self._pods[key] = (node, references)
            _link(self._pods_by_reference, references, key)

    def set_volume(self, name: str, volume: Object | None) -> None:
        """Take up a PersistentVolume; None: it is gone."""
        _, old = self._volumes.pop(name, (None, frozenset()))
        _unlink(self._volumes_by_secret, old, name)
        if volume is None:
            return
        claim = (volume.get("spec") or {}).get("claimRef") or {}
        if claim.get("name"):
            secrets = frozenset(of_volume(volume))
            reference = Reference("persistentvolumeclaims", claim.get("namespace") or "", claim["name"])
            self._volumes[name] = (reference, secrets)
            _link(self._volumes_by_secret, secrets, name)

    def set_owned(self, resource: str, name: str, obj: Object | None) -> None:
        """Take up an object whose ``spec.nodeName`` says whose it is; None: it is gone."""
        node = ((obj or {}).get("spec") or {}).get("nodeName")
        if node:
            self._owned[resource][name] = node
        else:
            self._owned[resource].pop(name, None)

    def _by_pods(self, node: str, reference: Reference) -> bool:
        return any(self._pods[pod][0] == node for pod in self._pods_by_reference.get(reference, ()))

    def _pod(self, node: str, reference: Reference) -> bool:
        found = self._pods.get((reference.namespace, reference.name))
        return found is not None and found[0] == node

    def _secret(self, node: str, reference: Reference) -> bool:
        volumes = self._volumes_by_secret.get(reference, ())
        return self._by_pods(node, reference) or any(self._volume_leads_to(node, volume) for volume in volumes)

    def _volume(self, node: str, reference: Reference) -> bool:
        return self._volume_leads_to(node, reference.name)

    def _volume_leads_to(self, node: str, name: str) -> bool:
        claim, _ = self._volumes.get(name, (None, frozenset()))
        return claim is not None and self._by_pods(node, claim)

    def _own(self, node: str, reference: Reference) -> bool:
        return self._owned[reference.resource].get(reference.name) == node


def _link(table: dict[Reference, set[Any]], references: Iterable[Reference], key: Any) -> None:
    for reference in references:
        table.setdefault(reference, set()).add(key)


def _unlink(table: dict[Reference, set[Any]], references: Iterable[Reference], key: Any) -> None:
    for reference in references:
        holders = table[reference]
        holders.discard(key)
        if not holders:
            del table[reference]
