"""The states of an object that waits for initializers: who may change what of it, in which of them.

**Theory.** An object that nobody has to initialize is INITIALIZED from its first moment. Of others ``metadata`` says
``initializers: {pending: [{name: a.example.com}, {name: b.example.com}]}``: it is stored and hidden, it is PENDING. The
*turn* belongs to the first name; the first ones together, if each of them says ``commutes``. Whoever has the turn
changes the object as it likes and removes its own name with the same write, which passes the turn on; with the last
name ``initializers`` disappears and the object is INITIALIZED, for good and for all to see. Or it sets ``result``, a
Status that says Failure: then the object is FAILED, its creator gets that Status, and it is deleted. ABSENT is what
does not exist: not yet, or no more.

Who an initializer is cannot be told from its request: that it has the verb ``initialize`` on the resource is what makes
it one. So a STEP, what a write does to ``metadata.initializers``, is allowed to an ACTOR:

- ANYONE who may make this request at all, such as the creator, or whoever deletes the object;
- an INITIALIZER: who also has the verb ``initialize``;
- the SERVER, which alone writes down what it has seen.

:data:`TRANSITIONS` is the whole of it: what is not in the table is refused. ``since`` (when its turn began),
``conditions`` and what a name has beside, once the object is created, are the server's own: what a client says of them
does not count, and what it leaves out stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

from steersman.apimachinery.errors import FieldError, field_duplicate, field_invalid, field_required
from steersman.apimachinery.names import check_dns1123_subdomain

PATH = "metadata.initializers"
MAX_PENDING = 100
"""How many names an object may wait for."""


class State(Enum):
    ABSENT = "absent"
    PENDING = "pending"
    FAILED = "failed"
    INITIALIZED = "initialized"


class Actor(Enum):
    """From the one who may least to the one who may most."""

    ANYONE = 0
    INITIALIZER = 1
    SERVER = 2


class Step(Enum):
    CREATE = "creates an object for which nobody is configured"
    ASSIGN = "creates an object, which gets the names that are configured"
    BRING = "creates an object with names of its own"
    BYPASS = "creates an object with an empty list of names"
    KEEP = "changes the object, and leaves its initializers as they are"
    KEEP_PART = "changes a subresource"
    TAKE_TURN = "removes a name whose turn it is, with others left"
    FINISH = "removes the last name"
    FAIL = "sets the result"
    REPORT = "writes down conditions"
    DELETE = "deletes the object"


class Transition(NamedTuple):
    """Where a step leads, and the least that one must be to take it."""

    to: State
    who: Actor


_A, _P, _F, _I = State.ABSENT, State.PENDING, State.FAILED, State.INITIALIZED

TRANSITIONS: Mapping[tuple[State, Step], Transition] = {
    (_A, Step.CREATE): Transition(_I, Actor.ANYONE),
    (_A, Step.ASSIGN): Transition(_P, Actor.ANYONE),
    (_A, Step.BRING): Transition(_P, Actor.INITIALIZER),
    (_A, Step.BYPASS): Transition(_I, Actor.INITIALIZER),
    (_P, Step.KEEP): Transition(_P, Actor.INITIALIZER),
    (_P, Step.KEEP_PART): Transition(_P, Actor.ANYONE),
    (_P, Step.TAKE_TURN): Transition(_P, Actor.INITIALIZER),
    (_P, Step.FINISH): Transition(_I, Actor.INITIALIZER),
    (_P, Step.FAIL): Transition(_F, Actor.INITIALIZER),
    (_P, Step.REPORT): Transition(_P, Actor.SERVER),
    (_P, Step.DELETE): Transition(_A, Actor.ANYONE),
    (_F, Step.KEEP): Transition(_F, Actor.INITIALIZER),
    (_F, Step.KEEP_PART): Transition(_F, Actor.ANYONE),
    (_F, Step.DELETE): Transition(_A, Actor.ANYONE),
    (_I, Step.KEEP): Transition(_I, Actor.ANYONE),
    (_I, Step.KEEP_PART): Transition(_I, Actor.ANYONE),
    (_I, Step.DELETE): Transition(_A, Actor.ANYONE),
}


@dataclass(frozen=True, slots=True)
class Pending:
    """A name that the object waits for. ``since`` is a MicroTime, empty before its turn.

    ``timeout_seconds`` (0: none) and ``failure_policy`` are those of the configuration that assigned the name.
    """

    name: str
    commutes: bool = False
    since: str = ""
    timeout_seconds: int = 0
    failure_policy: str = ""

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Pending":
        seconds = value.get("timeoutSeconds")
        return cls(
            value.get("name") or "",
            value.get("commutes") is True,
            value.get("since") or "",
            seconds if type(seconds) is int and seconds > 0 else 0,
            value.get("failurePolicy") or "",
        )

    def value(self) -> dict[str, Any]:
        given = {
            "name": self.name,
            "commutes": self.commutes,
            "failurePolicy": self.failure_policy,
            "timeoutSeconds": self.timeout_seconds,
            "since": self.since,
        }
        return {field: value for field, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Initializers:
    """``metadata.initializers`` of one object; ``result`` is a Status, ``conditions`` are metav1.Conditions."""

    pending: tuple[Pending, ...] = ()
    result: Mapping[str, Any] | None = None
    conditions: tuple[Mapping[str, Any], ...] = ()

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.pending]

    @property
    def says_nothing(self) -> bool:
        """Neither waits nor has failed: as if it were not there."""
        return not self.pending and self.result is None

    def value(self) -> dict[str, Any]:
        """As it stands in an object."""
        value: dict[str, Any] = {"pending": [one.value() for one in self.pending]}
        if self.result is not None:
            value["result"] = dict(self.result)
        if self.conditions:
            value["conditions"] = [dict(one) for one in self.conditions]
        return value


class Malformed(FieldError):
    """``metadata.initializers`` is of another form than it must be."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__("FieldValueInvalid", field, f"Invalid value: {detail}")


def read(value: Any) -> Initializers | None:
    """What ``metadata.initializers`` says, None where it is not there. Raises Malformed."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Malformed(PATH, "must be an object")
    pending, result, conditions = value.get("pending") or [], value.get("result"), value.get("conditions") or []
    if not isinstance(pending, list) or not all(map(_is_named, pending)):
        raise Malformed(f"{PATH}.pending", "must be a list of objects, each with a name")
    if result is not None and not isinstance(result, dict):
        raise Malformed(f"{PATH}.result", "must be a Status")
    if not isinstance(conditions, list) or not all(isinstance(one, dict) for one in conditions):
        raise Malformed(f"{PATH}.conditions", "must be a list of conditions")
    return Initializers(tuple(map(Pending.read, pending)), result, tuple(conditions))


def _is_named(one: Any) -> bool:
    texts = ("name", "since", "failurePolicy")
    return isinstance(one, dict) and all(isinstance(one.get(field) or "", str) for field in texts)


def state_of(initializers: Initializers | None) -> State:
    """The state of an object that exists."""
    if initializers is None or initializers.says_nothing:
        return State.INITIALIZED
    return State.FAILED if initializers.result is not None else State.PENDING


def turn(initializers: Initializers) -> tuple[Pending, ...]:
    """Those whose turn it is: the first one, or all that commute from the first one on."""
    pending = initializers.pending
    alone = next((index for index, one in enumerate(pending) if not one.commutes), len(pending))
    return pending[: alone or 1]


def turns(initializers: Initializers) -> dict[str, int]:
    """Name to its turn, counted from 1; those that have it together have the same one."""
    numbers: dict[str, int] = {}
    left, number = initializers, 0
    while left.pending:
        on_turn, number = turn(left), number + 1
        numbers |= {one.name: number for one in on_turn}
        left = replace(left, pending=left.pending[len(on_turn) :])
    return numbers


def least_actor(state: State, step: Step) -> Actor | None:
    """What one must be at least to take the step; None: nobody may."""
    found = TRANSITIONS.get((state, step))
    return None if found is None else found.who


def step_of_create(sent: Initializers | None, configured: Sequence[Pending]) -> Step:
    """What a CREATE does that came with ``sent``, where ``configured`` are to be assigned."""
    if sent is not None:
        return Step.BYPASS if sent.says_nothing else Step.BRING
    return Step.ASSIGN if configured else Step.CREATE


def step_of_update(old: Initializers | None, new: Initializers | None) -> Step | FieldError:
    """What an UPDATE of the object itself does, or why it is no step at all. An empty ``new`` is as good as none."""
    before, after = old or Initializers(), new or Initializers()
    if before.says_nothing:
        return Step.KEEP if after.says_nothing else _complete()
    if before.result is not None:
        return Step.KEEP if after.result == before.result else _final(after)
    if after.result is not None:
        wrong = validate_result(after.result)
        return wrong[0] if wrong else Step.FAIL
    if after.names == before.names:
        return Step.KEEP
    mine = next((one for one in turn(before) if _without(before, one) == after.names), None)
    if mine is None:
        return _overreach(before, after)
    return Step.TAKE_TURN if after.pending else Step.FINISH


def _without(initializers: Initializers, removed: Pending) -> list[str]:
    return [one.name for one in initializers.pending if one is not removed]


def _complete() -> FieldError:
    return field_invalid(PATH, None, "field is immutable once initialization has completed")


def _final(after: Initializers) -> FieldError:
    shown = dict(after.result) if after.result is not None else None
    return field_invalid(f"{PATH}.result", shown, "field is immutable")


def _overreach(before: Initializers, after: Initializers) -> FieldError:
    whose = " or ".join(one.name for one in turn(before))
    return field_invalid(f"{PATH}.pending", after.names, f"an update may only remove {whose}, whose turn it is")


def begun(initializers: Initializers, now: str) -> Initializers:
    """With the time written down of those whose turn begins ``now`` (a MicroTime)."""
    on_turn = turn(initializers)
    timed = tuple(replace(one, since=one.since or now) for one in on_turn)
    return replace(initializers, pending=timed + initializers.pending[len(on_turn) :])


def assigned(names: Sequence[Pending], now: str) -> Initializers:
    """Those of a new object."""
    return begun(Initializers(tuple(replace(one, since="") for one in names)), now)


def after_update(old: Initializers | None, new: Initializers | None, step: Step, now: str) -> Initializers | None:
    """What is stored after a step that is allowed: the server's own members are those of ``old``, whatever came."""
    if old is None or step is Step.FINISH:
        return None
    if step is Step.FAIL and new is not None:
        return replace(old, result=new.result)
    if step is Step.REPORT and new is not None:
        return replace(old, conditions=new.conditions)
    if step is Step.TAKE_TURN and new is not None:
        kept = set(new.names)
        left = tuple(one for one in old.pending if one.name in kept)
        return begun(replace(old, pending=left, conditions=()), now)
    return old


def validate(initializers: Initializers) -> list[FieldError]:
    """What is wrong with initializers that a client brings along."""
    errors: list[FieldError] = []
    if len(initializers.pending) > MAX_PENDING:
        return [FieldError("FieldValueTooMany", f"{PATH}.pending", f"Too many: must have at most {MAX_PENDING} items")]
    seen: set[str] = set()
    for index, one in enumerate(initializers.pending):
        place = f"{PATH}.pending[{index}].name"
        errors += validate_name(one.name, place)
        if one.name in seen:
            errors.append(field_duplicate(place, one.name))
        seen.add(one.name)
    if initializers.result is not None:
        errors += validate_result(initializers.result)
    return errors


def validate_name(name: str, path: str) -> list[FieldError]:
    """An initializer's name is fully qualified."""
    if not name:
        return [field_required(path)]
    errors = check_dns1123_subdomain(name)
    if errors:
        return [field_invalid(path, name, ",".join(errors))]
    if name.count(".") < 2:
        return [field_invalid(path, name, "should be a domain with at least three segments separated by dots")]
    return []


def validate_result(result: Mapping[str, Any]) -> list[FieldError]:
    status = result.get("status")
    return [] if status == "Failure" else [field_invalid(f"{PATH}.result.status", status or "", "must be 'Failure'")]
