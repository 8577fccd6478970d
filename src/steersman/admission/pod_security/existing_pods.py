"""What a stricter policy would say to the Pods that a namespace has already: they stay, but who sets it is warned."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Any

from steersman.admission.pod_security.level import Standard
from steersman.admission.pod_security.pod_parts import pod_parts
from steersman.admission.pod_security.standards import Standards
from steersman.apiserver.registry.resource import Object

MOST_PODS = 3000
MOST_SECONDS = 1.0
"""No more of a request's time is taken."""


def warnings_of(
    namespace: str,
    pods: Iterable[Object],
    standards: Standards,
    enforce: Standard,
    clock: Callable[[], float] = monotonic,
) -> Iterator[str]:
    """One for each set of violations, with the first Pod that has it."""
    ordered = _one_of_each_controller_first(pods)
    deadline = clock() + MOST_SECONDS
    found: dict[str, list[str]] = {}
    checked = 0
    for pod in ordered[:MOST_PODS]:
        violations = standards.violations(enforce, pod_parts(pod.get("metadata"), pod.get("spec") or {}))
        if violations:
            reasons = ", ".join(violation.reason for violation in violations)
            found.setdefault(reasons, []).append(pod["metadata"]["name"])
        checked += 1
        if clock() > deadline:
            break
    if checked < len(ordered):
        yield f"new PodSecurity enforce level only checked against the first {checked} of {len(ordered)} existing pods"
    if found:
        yield f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{enforce}"'
    yield from sorted(f"{min(names)}{_and_others(len(names) - 1)}: {reasons}" for reasons, names in found.items())


def _one_of_each_controller_first(pods: Iterable[Object]) -> list[Object]:
    """Pods of one controller are alike."""
    first: list[Object] = []
    alike: list[Object] = []
    seen: set[Any] = set()
    for pod in pods:
        owners = pod["metadata"].get("ownerReferences") or ()
        controller = next((owner.get("uid") for owner in owners if owner.get("controller")), None)
        (alike if controller in seen else first).append(pod)
        if controller is not None:
            seen.add(controller)
    return first + alike


def _and_others(number: int) -> str:
    if not number:
        return ""
    return f" (and {number} other {'pod' if number == 1 else 'pods'})"
