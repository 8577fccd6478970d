from typing import Any

import pytest

from steersman.admission.initializers import states
from steersman.admission.initializers.states import TRANSITIONS, Actor, Initializers, Malformed, Pending, State, Step
from steersman.apimachinery.errors import FieldError

A, B, C = Pending("a.example.com"), Pending("b.example.com"), Pending("c.example.com")
SIDE_A, SIDE_B = Pending("a.example.com", commutes=True), Pending("b.example.com", commutes=True)
FAILURE = {"status": "Failure", "message": "no"}
NOW = "2026-01-02T03:04:05.000006Z"


def waiting(*pending: Pending, result: Any = None) -> Initializers:
    return Initializers(pending, result)


@pytest.mark.parametrize(
    ("pending", "whose"),
    [
        ((A, B), (A,)),
        ((SIDE_A, SIDE_B, C), (SIDE_A, SIDE_B)),
        ((SIDE_A, C, SIDE_B), (SIDE_A,)),
        ((C, SIDE_A, SIDE_B), (C,)),
        ((SIDE_A,), (SIDE_A,)),
        ((), ()),
    ],
)
def test_the_turn_is_that_of_the_first_or_of_all_first_ones_that_commute(
    pending: tuple[Pending, ...], whose: tuple[Pending, ...]
) -> None:
    assert states.turn(waiting(*pending)) == whose


@pytest.mark.parametrize(
    ("sent", "configured", "step"),
    [
        (None, (), Step.CREATE),
        (None, (A,), Step.ASSIGN),
        (waiting(), (A,), Step.BYPASS),
        (waiting(B), (A,), Step.BRING),
        (waiting(result=FAILURE), (), Step.BRING),
    ],
)
def test_what_a_create_does(sent: Initializers | None, configured: tuple[Pending, ...], step: Step) -> None:
    assert states.step_of_create(sent, configured) is step


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        (None, None, Step.KEEP),
        (None, waiting(), Step.KEEP),
        (waiting(A, B), waiting(A, B), Step.KEEP),
        (waiting(A, B), waiting(B), Step.TAKE_TURN),
        (waiting(A), waiting(), Step.FINISH),
        (waiting(A), None, Step.FINISH),
        (waiting(SIDE_A, SIDE_B), waiting(SIDE_A), Step.TAKE_TURN),
        (waiting(A, B), waiting(A, B, result=FAILURE), Step.FAIL),
        (waiting(A, B), waiting(result=FAILURE), Step.FAIL),
        (waiting(A, result=FAILURE), waiting(A, result=FAILURE), Step.KEEP),
    ],
)
def test_what_an_update_does(old: Initializers | None, new: Initializers | None, step: Step) -> None:
    assert states.step_of_update(old, new) is step


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        (
            None,
            waiting(A),
            "metadata.initializers",
            "Invalid value: null: field is immutable once initialization has completed",
        ),
        (
            waiting(A, B),
            waiting(A),
            "metadata.initializers.pending",
            'Invalid value: ["a.example.com"]: an update may only remove a.example.com, whose turn it is',
        ),
        (
            waiting(A, B, C),
            waiting(C),
            "metadata.initializers.pending",
            'Invalid value: ["c.example.com"]: an update may only remove a.example.com, whose turn it is',
        ),
        (
            waiting(A),
            waiting(A, B),
            "metadata.initializers.pending",
            'Invalid value: ["a.example.com","b.example.com"]: '
            "an update may only remove a.example.com, whose turn it is",
        ),
        (
            waiting(A, B),
            waiting(B, A),
            "metadata.initializers.pending",
            'Invalid value: ["b.example.com","a.example.com"]: '
            "an update may only remove a.example.com, whose turn it is",
        ),
        (
            waiting(SIDE_A, SIDE_B),
            None,
            "metadata.initializers.pending",
            "Invalid value: []: an update may only remove a.example.com or b.example.com, whose turn it is",
        ),
        (
            waiting(A),
            waiting(A, result={"status": "Success"}),
            "metadata.initializers.result.status",
            "Invalid value: \"Success\": must be 'Failure'",
        ),
        (
            waiting(A, result=FAILURE),
            waiting(A),
            "metadata.initializers.result",
            "Invalid value: null: field is immutable",
        ),
    ],
)
def test_what_is_no_step_at_all(old: Initializers | None, new: Initializers | None, field: str, message: str) -> None:
    wrong = states.step_of_update(old, new)

    assert isinstance(wrong, FieldError)
    assert (wrong.field, wrong.message) == (field, message)


def allowed(state: State, step: Step, actor: Actor) -> bool:
    who = states.least_actor(state, step)
    return who is not None and actor.value >= who.value


def test_the_server_may_what_an_initializer_may_and_that_what_anybody_may() -> None:
    for (state, step), (_, who) in TRANSITIONS.items():
        assert [actor for actor in Actor if allowed(state, step, actor)] == list(Actor)[who.value :]


def test_nobody_without_the_verb_changes_what_waits_except_by_subresources_and_deletion() -> None:
    steps = [step for step in Step if allowed(State.PENDING, step, Actor.ANYONE)]

    assert steps == [Step.KEEP_PART, Step.DELETE]


def test_what_has_failed_is_never_initialized_and_what_is_initialized_never_waits_again() -> None:
    reachable = {(state, to) for (state, _), (to, _) in TRANSITIONS.items()}

    assert {to for state, to in reachable if state is State.FAILED} == {State.FAILED, State.ABSENT}
    assert {to for state, to in reachable if state is State.INITIALIZED} == {State.INITIALIZED, State.ABSENT}


def test_a_turn_begins_when_the_one_before_has_ended() -> None:
    first = states.assigned([A, B], "2026-01-01T00:00:00.000000Z")
    after = states.after_update(first, waiting(B), Step.TAKE_TURN, NOW)

    assert [one.since for one in first.pending] == ["2026-01-01T00:00:00.000000Z", ""]
    assert after is not None
    assert [(one.name, one.since) for one in after.pending] == [("b.example.com", NOW)]


def test_a_turn_side_by_side_goes_on_when_one_of_them_is_done() -> None:
    first = states.assigned([SIDE_A, SIDE_B, C], "2026-01-01T00:00:00.000000Z")
    after = states.after_update(first, waiting(SIDE_B, C), Step.TAKE_TURN, NOW)

    assert after is not None
    assert [one.since for one in after.pending] == ["2026-01-01T00:00:00.000000Z", ""]


@pytest.mark.parametrize("step", [Step.KEEP, Step.TAKE_TURN, Step.FAIL])
def test_what_only_the_server_says_is_kept_by_clients_that_do_not_know_it(step: Step) -> None:
    mine = Pending("b.example.com", True, NOW, 5, "Ignore")
    old = Initializers((Pending("a.example.com", True, NOW), mine), None, ({"type": "Stuck"},))
    sent = waiting(*([] if step is Step.TAKE_TURN else [A]), B, result=FAILURE if step is Step.FAIL else None)

    after = states.after_update(old, sent, step, "2027-01-01T00:00:00.000000Z")

    assert after is not None
    assert after.pending[-1] == mine
    assert bool(after.conditions) is (step is not Step.TAKE_TURN)


@pytest.mark.parametrize(
    "value", [waiting(A), waiting(SIDE_A, C, result=FAILURE), Initializers((A,), None, ({"type": "Stuck"},))]
)
def test_what_is_written_is_read_again(value: Initializers) -> None:
    assert states.read(value.value()) == value


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([], "metadata.initializers"),
        ("x", "metadata.initializers"),
        ({"pending": {}, "result": {}}, None),
        ({"pending": "x"}, "metadata.initializers.pending"),
        ({"pending": ["x"]}, "metadata.initializers.pending"),
        ({"pending": [{"name": 1}]}, "metadata.initializers.pending"),
        ({"pending": [], "result": "x"}, "metadata.initializers.result"),
        ({"pending": [], "conditions": ["x"]}, "metadata.initializers.conditions"),
        (None, None),
        ({}, None),
    ],
)
def test_other_forms_are_malformed(value: Any, field: str | None) -> None:
    if field is None:
        states.read(value)
        return
    with pytest.raises(Malformed) as wrong:
        states.read(value)
    assert wrong.value.field == field


@pytest.mark.parametrize(
    ("brought", "errors"),
    [
        (waiting(A, B), []),
        (
            waiting(Pending("k8s.io")),
            [
                'metadata.initializers.pending[0].name: Invalid value: "k8s.io": '
                "should be a domain with at least three segments separated by dots"
            ],
        ),
        (waiting(A, Pending("")), ["metadata.initializers.pending[1].name: Required value"]),
        (waiting(A, A), ['metadata.initializers.pending[1].name: Duplicate value: "a.example.com"']),
        (waiting(A, result={}), ["metadata.initializers.result.status: Invalid value: \"\": must be 'Failure'"]),
        (
            waiting(*(Pending(f"x{index}.example.com") for index in range(101))),
            ["metadata.initializers.pending: Too many: must have at most 100 items"],
        ),
    ],
)
def test_what_a_client_brings_is_validated(brought: Initializers, errors: list[str]) -> None:
    assert [str(error) for error in states.validate(brought)] == errors
