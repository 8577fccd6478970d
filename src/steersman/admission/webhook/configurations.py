"""The webhooks that are configured, as of now, and which of them a request may concern."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from steersman.apimachinery.group_version import GroupKind, GroupResource
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.watch_cache import Change, Entry

if TYPE_CHECKING:
    from steersman.admission.webhook.invocation import Invocation
    from steersman.admission.webhook.webhook import Webhook

GROUP = "admissionregistration.k8s.io"
EXEMPT = frozenset(
    GroupKind(GROUP, kind)
    for kind in (
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    )
)
"""What no webhook is asked about: a webhook that is broken could not be removed any more."""

Invocations = tuple["Invocation", ...]
_Key = tuple[str, Resource, str]


class WebhookConfigurations:
    """The webhooks of one kind of configuration, in the order in which they are called.

    ``known`` has what was found for operation, resource and subresource; it is empty after each change.
    """

    def __init__(self, objects: ObjectReader, served: ServedResources, configurations: GroupResource) -> None:
        self.known: dict[_Key, Invocations] = {}
        self._served, self._generation = served, served.generation
        self._compiled: dict[str, tuple[int, tuple[Webhook, ...]]] = {}
        self._cacher = objects.cacher(configurations)
        self._unsubscribe = None if self._cacher is None else self._cacher.subscribe(self._changed)

    async def find(self, operation: str, resource: Resource, subresource: str) -> Invocations:
        """Every webhook with a rule that matches; waits until the configurations have been loaded."""
        if self._cacher is not None and not self._cacher.ready:
            await self._cacher.wait_ready()
        if self._served.generation != self._generation:
            self._generation = self._served.generation
            self.known.clear()
        key = (operation, resource, subresource)
        found = self.known.get(key)
        if found is None:
            webhooks = self.webhooks()
            selected = select(webhooks, operation, resource, subresource, self._served) if webhooks else ()
            found = self.known[key] = tuple(selected)
        return found

    def webhooks(self) -> "list[Webhook]":
        """All, by name of the configuration and place in it; those of a configuration that did not change are kept."""
        entries = () if self._cacher is None else self._cacher.list()[0]
        before, self._compiled = self._compiled, {}
        for entry in entries:
            kept = before.get(entry.name)
            self._compiled[entry.name] = (
                kept if kept is not None and kept[0] == entry.revision else (entry.revision, compile_webhooks(entry))
            )
        return [webhook for _, compiled in self._compiled.values() for webhook in compiled]

    def close(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _changed(self, changes: Sequence[Change]) -> None:
        self.known.clear()


def compile_webhooks(entry: Entry) -> "tuple[Webhook, ...]":
    # Imported for those who have webhooks, as below.
    from steersman.admission.webhook.webhook import Webhook

    listed = entry.parsed().get("webhooks") or ()
    return tuple(Webhook.read(entry.name, index, one) for index, one in enumerate(listed))


def select(
    webhooks: "Sequence[Webhook]", operation: str, resource: Resource, subresource: str, served: ServedResources
) -> "list[Invocation]":
    """The webhooks that have a rule for it, or (matchPolicy Equivalent) for the same in another version or group."""
    from steersman.admission.webhook.invocation import Invocation, equivalents

    if resource.gvk.group_kind in EXEMPT:
        return []
    others = equivalents(resource, subresource, served.all())
    found = []
    for index, webhook in enumerate(webhooks):
        target = _target(webhook, operation, resource, subresource, others)
        if target is not None:
            found.append(Invocation(webhook, index, target))
    return found


def _target(
    webhook: "Webhook", operation: str, resource: Resource, subresource: str, others: Sequence[Resource]
) -> Resource | None:
    """The resource to send; a rule for the one that was asked for counts before all rules for others."""
    if any(rule.matches(operation, resource, subresource) for rule in webhook.rules):
        return resource
    if not webhook.equivalent:
        return None
    matching = (other for rule in webhook.rules for other in others if rule.matches(operation, other, subresource))
    return next(matching, None)
