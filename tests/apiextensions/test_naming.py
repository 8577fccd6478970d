"""Which names a definition gets, and when it is established."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apiextensions.naming import TakenNames, accepted_names, settled_status

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def names(plural: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"plural": plural, "singular": plural[:-1], "kind": kind, "listKind": f"{kind}List", **more}


DATABASES = names("databases", "Database", shortNames=["db"], categories=["all"])
EMPTY = {"plural": "", "kind": ""}


def crd(requested: dict[str, Any], status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": f"{requested['plural']}.example.com"},
        "spec": {"group": "example.com", "names": requested, **spec},
        "status": status
        if status is not None
        else {"acceptedNames": EMPTY, "conditions": [], "storedVersions": ["v1"]},
    }


def by_type(status: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    return {one["type"]: (one["status"], one["reason"], one["message"]) for one in status["conditions"]}


def test_free_names_are_accepted_and_the_definition_is_established() -> None:
    status = settled_status(crd(DATABASES), TakenNames.of([EMPTY]), NOW)
    assert status["acceptedNames"] == DATABASES
    assert status["storedVersions"] == ["v1"]
    assert by_type(status) == {
        "NamesAccepted": ("True", "NoConflicts", "no conflicts found"),
        "Established": ("True", "InitialNamesAccepted", "the initial names have been accepted"),
    }


@pytest.mark.parametrize(
    ("other", "reason", "message", "lost"),
    [
        (names("databases", "Other"), "SingularConflict", '"database" is already in use', {"plural", "singular"}),
        ({"plural": "databases"}, "PluralConflict", '"databases" is already in use', {"plural"}),
        ({"singular": "database"}, "SingularConflict", '"database" is already in use', {"singular"}),
        ({"shortNames": ["db", "x"]}, "ShortNamesConflict", '"db" is already in use', {"shortNames"}),
        ({"plural": "db"}, "ShortNamesConflict", '"db" is already in use', {"shortNames"}),
        ({"shortNames": ["databases"]}, "PluralConflict", '"databases" is already in use', {"plural"}),
        ({"kind": "Database"}, "KindConflict", '"Database" is already in use', {"kind"}),
        ({"listKind": "Database"}, "KindConflict", '"Database" is already in use', {"kind"}),
        ({"kind": "DatabaseList"}, "ListKindConflict", '"DatabaseList" is already in use', {"listKind"}),
    ],
)
def test_a_name_in_use_is_not_accepted(other: dict[str, Any], reason: str, message: str, lost: set[str]) -> None:
    accepted, condition = accepted_names(DATABASES, EMPTY, TakenNames.of([other]))
    assert condition == ("NamesAccepted", "False", reason, message)
    assert {field for field in DATABASES if accepted.get(field) != DATABASES[field]} == lost


def test_several_short_names_in_use_are_all_named() -> None:
    requested = names("databases", "Database", shortNames=["a", "b", "c"])
    _, condition = accepted_names(requested, EMPTY, TakenNames.of([{"shortNames": ["a", "c"]}]))
    assert condition.message == '["a" is already in use, "c" is already in use]'


def test_conflicts_keep_a_new_definition_from_being_established() -> None:
    status = settled_status(crd(DATABASES), TakenNames.of([{"kind": "Database"}]), NOW)
    assert by_type(status)["Established"] == ("False", "NotAccepted", "not all names are accepted")


def test_an_established_definition_stays_so_and_keeps_its_old_name() -> None:
    before = settled_status(crd(DATABASES), TakenNames.of([]), NOW)
    renamed = {**DATABASES, "singular": "base"}
    taken = TakenNames.of([before["acceptedNames"], {"singular": "base"}])
    status = settled_status(crd(renamed, before), taken, LATER)
    assert by_type(status)["NamesAccepted"] == ("False", "SingularConflict", '"base" is already in use')
    assert by_type(status)["Established"][0] == "True"
    assert status["acceptedNames"]["singular"] == "database"


def test_a_freed_name_establishes_later() -> None:
    before = settled_status(crd(DATABASES), TakenNames.of([{"kind": "Database"}]), NOW)
    status = settled_status(crd(DATABASES, before), TakenNames.of([before["acceptedNames"]]), LATER)
    assert by_type(status)["Established"][1] == "InitialNamesAccepted"
    assert {one["lastTransitionTime"] for one in status["conditions"]} == {LATER}


def test_transition_times_stay_where_a_condition_keeps_its_status() -> None:
    before = settled_status(crd(DATABASES), TakenNames.of([{"kind": "Database"}]), NOW)
    renamed = {**DATABASES, "listKind": "Taken"}
    taken = TakenNames.of([before["acceptedNames"], {"kind": "Database", "listKind": "Taken"}])
    status = settled_status(crd(renamed, before), taken, LATER)
    assert by_type(status)["NamesAccepted"][1] == "ListKindConflict"
    assert {one["type"]: one["lastTransitionTime"] for one in status["conditions"]} == {
        "NamesAccepted": NOW,
        "Established": NOW,
    }


def test_short_names_and_categories_can_be_given_up() -> None:
    before = settled_status(crd(DATABASES), TakenNames.of([]), NOW)
    plain = {key: value for key, value in DATABASES.items() if key not in ("shortNames", "categories")}
    assert settled_status(crd(plain, before), TakenNames.of([]), LATER)["acceptedNames"] == plain


def test_an_unreadable_ca_bundle_is_not_established() -> None:
    webhook = {"strategy": "Webhook", "webhook": {"clientConfig": {"caBundle": "bm8gY2VydA=="}}}
    status = settled_status(crd(DATABASES, conversion=webhook), TakenNames.of([]), NOW)
    assert by_type(status)["Established"] == (
        "False",
        "InvalidCABundle",
        "The conversion webhook CABundle is invalid",
    )


def test_a_community_group_gets_the_condition_of_its_approval() -> None:
    one = crd(DATABASES)
    one["spec"]["group"] = "x.k8s.io"
    one["metadata"]["annotations"] = {"api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements"}
    status = settled_status(one, TakenNames.of([]), NOW)
    assert by_type(status)["KubernetesAPIApprovalPolicyConformant"] == (
        "True",
        "ApprovedAnnotation",
        "approved in https://github.com/kubernetes/enhancements",
    )


word = st.sampled_from(["a", "b", "c", "d", "e"])
requests = st.fixed_dictionaries(
    {"plural": word, "singular": word, "kind": word, "listKind": word},
    optional={"shortNames": st.lists(word, min_size=1, max_size=2, unique=True)},
)


def all_taken(definitions: list[dict[str, Any]]) -> TakenNames:
    return TakenNames.of([one["status"]["acceptedNames"] for one in definitions])


@given(st.lists(requests, min_size=1, max_size=4), st.lists(st.integers(0, 3), max_size=12))
def test_settling_comes_to_an_end_and_no_name_is_given_twice(wanted: list[dict[str, Any]], order: list[int]) -> None:
    definitions = [crd(one) for one in wanted]
    for index in order:
        one = definitions[index % len(definitions)]
        # Twice, for a name that it has just got can stand in the way of another that it asks for.
        for _ in range(2):
            one["status"] = settled_status(one, all_taken(definitions), NOW)
        assert settled_status(one, all_taken(definitions), LATER) == one["status"]
    for field in ("kind", "plural"):
        given_names = [one["status"]["acceptedNames"][field] for one in definitions]
        assert len([name for name in given_names if name]) == len({name for name in given_names if name})
