"""Laws of server-side apply, for whatever is applied."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.apimachinery.server_side_apply.schemas import LATER, World, schema, thing

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.server_side_apply.comparison import compare
from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.fields_v1 import decode_fields
from steersman.apimachinery.server_side_apply.mentioned_fields import fields_of

TEXTS = st.sampled_from(["a", "b", "c"])
MAPS = st.dictionaries(TEXTS, TEXTS, max_size=2)
ANY = st.recursive(
    st.integers(0, 2) | TEXTS | st.booleans(),
    lambda inner: st.dictionaries(TEXTS, inner, min_size=1, max_size=2) | st.lists(inner, max_size=2),
    max_leaves=4,
)
PORTS = st.lists(
    st.fixed_dictionaries(
        {"port": st.integers(1, 2)}, optional={"protocol": st.sampled_from(["TCP", "UDP"]), "name": TEXTS}
    ),
    max_size=3,
    unique_by=lambda port: (port["port"], port.get("protocol", "TCP")),
)
SPECS = st.fixed_dictionaries(
    {"image": TEXTS},
    optional={
        "replicas": st.integers(0, 2),
        "selector": MAPS,
        "limits": MAPS,
        "args": st.lists(TEXTS, max_size=2),
        "tags": st.lists(TEXTS, max_size=3, unique=True),
        "ports": PORTS,
        "any": st.dictionaries(TEXTS, ANY, max_size=2),
        "nested": st.dictionaries(st.sampled_from(["one", "two"]), TEXTS, max_size=2),
    },
)
STEPS = st.lists(st.tuples(st.sampled_from(["one", "two", "update"]), SPECS), max_size=4)
Spec = dict[str, Any]
LAW = settings(max_examples=60, deadline=None)


def lived(steps: list[tuple[str, Spec]]) -> World:
    """A world in which managers have applied, by force, and a user has written."""
    world = World()
    for who, spec in steps:
        if who == "update":
            world.update(thing(**spec))
        else:
            world.apply(thing(**spec), who, force=True)
    return world


def peaceful(world: World, spec: Spec, manager: str) -> Spec | None:
    """What an apply without force makes of the world; None where it conflicts."""
    try:
        return world.apply(thing(**spec), manager)
    except ApiError as error:
        if not error.message.startswith("Apply failed with "):
            raise
        return None


def owned(world: World, manager: str) -> FieldSet:
    return decode_fields(world.fields(manager) or {})


def mentioned(spec: Spec) -> FieldSet:
    return fields_of(schema(), thing(**spec)).only("f:spec")


@given(STEPS, SPECS)
@LAW
def test_applying_the_same_twice_changes_nothing(steps: list[tuple[str, Spec]], spec: Spec) -> None:
    world = lived(steps)
    world.apply(thing(**spec), force=True)
    before = world.live

    world.apply(thing(**spec), now=LATER)

    assert world.live == before


@given(STEPS, SPECS)
@LAW
def test_after_force_the_applier_owns_all_it_applied(steps: list[tuple[str, Spec]], spec: Spec) -> None:
    world = lived(steps)

    world.apply(thing(**spec), force=True)

    assert owned(world, "one") == mentioned(spec)


@given(STEPS, SPECS)
@LAW
def test_the_result_has_all_that_was_applied(steps: list[tuple[str, Spec]], spec: Spec) -> None:
    world = lived(steps)

    merged = world.apply(thing(**spec), force=True)

    changed = compare(schema(), thing(**spec), merged)
    assert not (changed.removed | changed.modified) & mentioned(spec)


@given(STEPS, SPECS, SPECS)
@LAW
def test_what_another_manager_owns_survives(steps: list[tuple[str, Spec]], theirs: Spec, ours: Spec) -> None:
    world = lived(steps)
    world.apply(thing(**theirs), "two", force=True)
    before = world.live["spec"]

    merged = peaceful(world, ours, "one")
    if merged is None:
        return

    changed = compare(schema(), thing(**before), merged)
    assert not mentioned(theirs) & (changed.removed | changed.modified)
    assert owned(world, "two") == mentioned(theirs)


@given(STEPS, SPECS)
@LAW
def test_a_conflict_changes_nothing_and_force_ends_it(steps: list[tuple[str, Spec]], spec: Spec) -> None:
    world = lived(steps)
    before = world.live
    if peaceful(world, spec, "new") is None:
        assert world.live == before
        world.apply(thing(**spec), "new", force=True)

    assert peaceful(world, spec, "new") is not None


@given(SPECS, SPECS)
@LAW
def test_one_manager_alone_gets_what_it_applied_last(first: Spec, second: Spec) -> None:
    world = World()
    world.apply(thing(**first))

    merged = world.apply(thing(**second))

    left = compare(schema(), thing(**second), merged)
    assert not left.removed & mentioned(second)
    assert not (left.modified | left.added).leaves() & mentioned(first).leaves()


@given(STEPS)
@LAW
def test_nobody_manages_what_is_not_there(steps: list[tuple[str, Spec]]) -> None:
    world = lived(steps)
    if not world.live:
        return
    present = compare(schema(), {}, world.live).added

    for entry in world.entries:
        assert not decode_fields(entry["fieldsV1"]) - present
