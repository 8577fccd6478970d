"""PodPreset: a Pod that a preset of its namespace selects gets the variables, volumes and mounts that it lists.

Specified in settings.k8s.io/v1alpha1 (Kubernetes 1.6 to 1.19). Presets that contradict each other or the Pod are not
applied, none of them: the Pod is created as it is, and an Event tells why.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.pod_preset_event import report_conflict
from steersman.admission.pod_spec import INIT, MAIN, PODS, containers, objects_in, spec_of
from steersman.apimachinery.errors import render_value
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.label_selector import from_label_selector
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authorization.node.references import MIRROR
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

POD_PRESETS = GroupResource("settings.k8s.io", "podpresets")
PREFIX = "podpreset.admission.kubernetes.io"
EXCLUDE = f"{PREFIX}/exclude"
INIT_CONTAINERS_SINCE = 14

Key = Callable[[Object], Any]


class PodPreset:
    """Mirror Pods, and those whose annotation ``EXCLUDE`` says "true", are left alone."""

    name = "PodPreset"
    operations = frozenset((CREATE,))
    resources = frozenset((PODS,))

    def __init__(self, objects: ObjectReader, lifecycle: Lifecycle, minor: int) -> None:
        """``minor`` is the Kubernetes to be: before 1.14, init containers get nothing."""
        self._objects, self._lifecycle = objects, lifecycle
        self._kinds = (INIT, MAIN) if minor >= INIT_CONTAINERS_SINCE else (MAIN,)

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.objects, context.lifecycle, context.minor)

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        pod = attributes.object
        if attributes.subresource or pod is None or _is_excluded(pod):
            return None
        cacher = self._objects.cacher(POD_PRESETS)
        if cacher is None or (cacher.ready and not cacher.count):
            return None
        return self._apply(attributes, pod)

    async def _apply(self, attributes: Attributes, pod: Object) -> None:
        listed = [entry.parsed() for entry in await self._objects.list(POD_PRESETS, attributes.namespace)]
        labels = pod["metadata"].get("labels") or {}
        presets = [preset for preset in listed if _selects(preset, labels)]
        if not presets:
            return
        try:
            volumes = _merged((pod.get("spec") or {}).get("volumes"), presets, "volumes", "in pod spec", _name)
            additions = [(one, list(_additions(one, presets))) for _, one in containers(pod, self._kinds)]
        except _Conflict as conflict:
            if not attributes.dry_run:
                names = ",".join(preset["metadata"]["name"] for preset in presets)
                message = (
                    f"conflict occurred while applying podpresets: {names} on pod: {attributes.name} err: {conflict}"
                )
                await report_conflict(self._objects, self._lifecycle, pod, attributes.namespace, message)
            return
        if volumes:
            spec_of(pod)["volumes"] = volumes
        for container, added in additions:
            container.update(added)
        _annotate(pod, presets)


class _Conflict(Exception):
    """A preset lists something under a name that stands for something else already."""


def _is_excluded(pod: Object) -> bool:
    annotations = pod["metadata"].get("annotations") or {}
    return MIRROR in annotations or annotations.get(EXCLUDE) == "true"


def _selects(preset: Object, labels: Mapping[str, str]) -> bool:
    return from_label_selector((preset.get("spec") or {}).get("selector") or {}).matches(labels)


def _additions(container: Object, presets: Sequence[Object]) -> Iterator[tuple[str, list[Object]]]:
    """The members of the container that change, as they shall be. Raises _Conflict."""
    for member, spoken, keys in (("env", "env", (_name,)), ("volumeMounts", "volume mounts", (_name, _mount_path))):
        for key in keys:
            # By each of its keys it must not contradict; the last one tells what is there already.
            merged = _merged(container.get(member), presets, member, " in container", key, spoken)
        if merged:
            yield member, merged
    sources = [one for _, one in objects_in(container.get("envFrom"))]
    sources += [one for preset in presets for _, one in objects_in((preset.get("spec") or {}).get("envFrom"))]
    if sources:
        yield "envFrom", sources


def _merged(
    present: Any, presets: Sequence[Object], member: str, place: str, key: Key, spoken: str = ""
) -> list[Object]:
    """What is there, and then what presets have beside it. Raises _Conflict."""
    found = {key(one): one for _, one in objects_in(present)}
    merged = [one for _, one in objects_in(present)]
    for preset in presets:
        for _, one in objects_in((preset.get("spec") or {}).get(member)):
            other = found.setdefault(key(one), one)
            if other is one:
                merged.append(one)
            elif other != one:
                raise _Conflict(
                    f"merging {spoken or member} for {preset['metadata']['name']} has a conflict on"
                    f" {'' if key is _name else 'mount path '}{key(one)}: \n{render_value(one)}\ndoes not match\n"
                    f"{render_value(other)}\n{place}"
                )
    return merged


def _name(one: Object) -> Any:
    return one.get("name")


def _mount_path(one: Object) -> Any:
    return one.get("mountPath")


def _annotate(pod: Object, presets: Sequence[Object]) -> None:
    """Which presets were applied, and which version of each."""
    applied = {
        f"{PREFIX}/podpreset-{preset['metadata']['name']}": preset["metadata"]["resourceVersion"] for preset in presets
    }
    metadata = pod["metadata"]
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **applied}
