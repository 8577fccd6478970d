"""Going the steps of admission for a write that is traced: each is timed, and its doings are noted.

Imported only for such a write. What is here wants attributes that have a trace.
"""

from asyncio import CancelledError
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import partial
from time import perf_counter
from typing import Any

import orjson

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.json_diff import Operation, json_diff
from steersman.apiserver.admission.attributes import Attributes
from steersman.apiserver.admission.chain import ADMIT, Look, crashed
from steersman.apiserver.admission.trace import PLUGIN, Step, Trace
from steersman.storage.store import StoreClosed

GIVEN_UP = "given up on: the write was refused before it had answered"


def traced(looks: Sequence[tuple[str, Look]], phase: str) -> list[tuple[str, Look]]:
    """Plugins' looks in one phase, each of which makes a step."""
    return [(name, partial(_look, name, look, phase)) for name, look in looks]


async def _look(name: str, look: Look, phase: str, attributes: Attributes) -> None:
    with _recording(attributes, Step(PLUGIN, name, phase, phase == ADMIT and attributes.reinvoked)) as step:
        try:
            pending = look(attributes)
            if pending is not None:
                await pending
        except (ApiError, StoreClosed):
            raise
        except Exception:
            step.refusal = crashed(name, phase, attributes.operation)
            raise


@contextmanager
def inner_step(attributes: Attributes, type: str, name: str, **details: Any) -> Iterator[Step]:
    """A step within the plugin's that is open: what happens in the block is noted in it."""
    with _recording(attributes, _inner(attributes, type, name, details)) as step:
        yield step


def add(attributes: Attributes, type: str, name: str, **details: Any) -> None:
    """Note a step that took no time."""
    _trace(attributes).take(_inner(attributes, type, name, details))


def skip(attributes: Attributes, type: str, name: str, why: str, **details: Any) -> None:
    """Note a step that is not gone."""
    step = _inner(attributes, type, name, details)
    step.skipped = why
    _trace(attributes).take(step)


def refuse(attributes: Attributes, type: str, name: str, refusal: ApiError, **details: Any) -> None:
    """Note a step that ended the write before it was gone."""
    step = _inner(attributes, type, name, details)
    step.refusal = refusal
    _trace(attributes).take(step)


@contextmanager
def apart(attributes: Attributes) -> Iterator[Attributes]:
    """The same write, for steps that are gone at the same time: what one of them says is its own until its end."""
    own = copy(attributes)
    own.warnings, own.annotations, own.trace = [], {}, Trace(open=[_trace(attributes).current])
    try:
        yield own
    finally:
        attributes.warnings += own.warnings
        attributes.annotations.update(own.annotations)


@contextmanager
def _recording(attributes: Attributes, step: Step) -> Iterator[Step]:
    trace = _trace(attributes)
    trace.take(step)
    trace.open.append(step)
    before, warned, noted = orjson.dumps(attributes.object), len(attributes.warnings), dict(attributes.annotations)
    started = perf_counter()
    try:
        yield step
    except ApiError as error:
        step.refusal = error
        raise
    except CancelledError:
        step.skipped = GIVEN_UP
        raise
    finally:
        step.seconds = perf_counter() - started
        trace.open.pop()
        step.patch = _changes(before, attributes.object)
        step.warnings = attributes.warnings[warned:]
        step.annotations |= {key: value for key, value in attributes.annotations.items() if noted.get(key) != value}


def _changes(before: bytes, after: Any) -> list[Operation]:
    """Of most steps nothing has changed, and the bytes show it."""
    return [] if orjson.dumps(after) == before else json_diff(orjson.loads(before), after)


def _inner(attributes: Attributes, type: str, name: str, details: dict[str, Any]) -> Step:
    plugin = _trace(attributes).current
    said = {key: value for key, value in details.items() if value}
    return Step(type, name, plugin.phase, plugin.reinvoked, said)


def _trace(attributes: Attributes) -> Trace:
    assert attributes.trace is not None
    return attributes.trace
