"""Waiting for objects: with a list and a watch, until a predicate is met."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Final, Generic, TypeVar, overload

from steersman.apimachinery.field_selector import escape
from steersman.client.resource_client import ResourceClient
from steersman.client.wait.predicates import Absence, Presence, summary
from steersman.client.wait.selection import Selection, State

T = TypeVar("T")

Predicate = Presence | Absence | Callable[[T], bool]
"""What is waited for: one of the predicates of this package, or a function of the object."""

_SHOWN: Final = 5
"""Objects that the message of a TimeoutError tells of."""


@overload
async def wait_for(
    resource: ResourceClient[T],
    name: str,
    predicate: Presence | Callable[[T], bool],
    *,
    namespace: str | None = None,
    timeout: float | None = None,
) -> T: ...
@overload
async def wait_for(
    resource: ResourceClient[T],
    name: str,
    predicate: Absence,
    *,
    namespace: str | None = None,
    timeout: float | None = None,
) -> None: ...
async def wait_for(
    resource: ResourceClient[T],
    name: str,
    predicate: Predicate[T],
    *,
    namespace: str | None = None,
    timeout: float | None = None,
) -> T | None:
    """Wait until the object ``name`` meets ``predicate``; give the object as it was then, None if it is gone.

    ``predicate`` is one of those of this package, or a function of the object, which is called at each change. An
    object that is not there yet is waited for. ``timeout`` is in seconds: None for no limit, 0 to look once.

    Raises TimeoutError, which says how the object was seen last, or why it was not; ApiError where the server refuses
    the requests (404 if it does not serve the kind); CredentialError; ValueError, and whatever the predicate raises.
    """
    selection = Selection(resource, namespace, field_selector=f"metadata.name={escape(name)}")
    found = await _wait(selection, predicate, 1, timeout)
    return None if isinstance(predicate, Absence) else found[0]


async def wait_for_many(
    resource: ResourceClient[T],
    predicate: Predicate[T],
    *,
    label_selector: str = "",
    namespace: str | None = None,
    at_least: int = 1,
    timeout: float | None = None,
) -> list[T]:
    """Wait until there are ``at_least`` so many objects that the selector selects, and all of them meet ``predicate``.

    The answer is these objects; for :func:`deleted`, which is met when those of the start are gone, what there is then.
    Otherwise as :func:`wait_for`.
    """
    return await _wait(Selection(resource, namespace, label_selector), predicate, at_least, timeout)


async def _wait(selection: Selection[T], predicate: Predicate[T], at_least: int, timeout: float | None) -> list[T]:
    met = _Met(predicate, at_least)
    if timeout is not None and timeout <= 0:
        if met(await selection.current()):
            return met.objects
        raise TimeoutError(f"{met.wanted} not met for {selection}; last seen: {met.describe()}")
    try:
        async with asyncio.timeout(timeout), aclosing(selection.states(met.failed)) as states:
            async for found in states:
                if met(found):
                    break
    except TimeoutError:
        raise TimeoutError(f"timed out waiting for {met.wanted} of {selection}; last seen: {met.describe()}") from None
    return met.objects


class _Met(Generic[T]):
    """Tells whether a predicate is met by what there is, and remembers what there was."""

    def __init__(self, predicate: Predicate[T], at_least: int) -> None:
        self._predicate, self._at_least = predicate, at_least
        self._found: Mapping[str, State[T]] | None = None
        self._at_start: frozenset[str] = frozenset()
        self._failure: Exception | None = None

    def __call__(self, found: Mapping[str, State[T]]) -> bool:
        if self._found is None:
            self._at_start = frozenset(state.uid for state in found.values())
        self._found = found
        if isinstance(self._predicate, Absence):
            return not any(state.uid in self._at_start for state in found.values())
        return len(found) >= self._at_least and all(map(self._is_met_by, found.values()))

    def failed(self, error: Exception) -> None:
        """To be called when a request has failed that is tried again."""
        self._failure = error

    def _is_met_by(self, state: State[T]) -> bool:
        if isinstance(self._predicate, Presence):
            return self._predicate.check(state.content)
        return not isinstance(self._predicate, Absence) and self._predicate(state.object)

    @property
    def objects(self) -> list[T]:
        return [state.object for state in (self._found or {}).values()]

    @property
    def wanted(self) -> str:
        if isinstance(self._predicate, Presence | Absence):
            return self._predicate.wanted
        return getattr(self._predicate, "__name__", repr(self._predicate))

    def describe(self) -> str:
        """Those that do not meet the predicate, as they were last."""
        if self._found is None:
            return "nothing, the server gave no list" + (f": {self._failure}" if self._failure is not None else "")
        if not self._found:
            return "there is none"
        if isinstance(self._predicate, Absence):
            lacking = [state for state in self._found.values() if state.uid in self._at_start]
        else:
            lacking = [state for state in self._found.values() if not self._is_met_by(state)]
        describe = self._predicate.describe if isinstance(self._predicate, Presence) else summary
        shown = [f"{state.name}: {describe(state.content)}" for state in lacking[:_SHOWN]]
        if not lacking:
            shown = [f"only {len(self._found)} of {self._at_least}"]
        if len(lacking) > _SHOWN:
            shown.append(f"and {len(lacking) - _SHOWN} more")
        return "; ".join(shown)
