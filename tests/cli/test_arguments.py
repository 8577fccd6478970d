"""What arguments and options mean before there is a server."""

import pytest
from tests.cli.commands import run

from steersman.cli.changing.pairs import split_pairs
from steersman.cli.cluster.arguments import Wanted, asks_for_several_types, parse_arguments
from steersman.cli.cluster.failure import UsageError
from steersman.cli.creating.deployment import container_name
from steersman.cli.describing.label_text import label_text


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ("pods", [Wanted("pods")]),
        ("pods,svc", [Wanted("pods"), Wanted("svc")]),
        ("pods a b", [Wanted("pods", ("a", "b"))]),
        ("pods,svc a", [Wanted("pods", ("a",)), Wanted("svc", ("a",))]),
        ("pods/a svc/b", [Wanted("pods", ("a",)), Wanted("svc", ("b",))]),
        ("", []),
    ],
)
def test_types_and_names(args: str, wanted: list[Wanted]) -> None:
    assert parse_arguments(args.split()) == wanted


@pytest.mark.parametrize("args", ["pods a/b", "pods/a b", "pods/", "/a", "a/b/c", "pods,svc/a", "pods,"])
def test_types_and_names_mixed_up(args: str) -> None:
    with pytest.raises(UsageError):
        parse_arguments(args.split())


def test_pairs_stand_behind_what_they_are_for() -> None:
    named, pairs = split_pairs(["pods", "x", "a=b=c", "d="], "label")
    assert (named, pairs.set, pairs.removed) == (["pods", "x"], {"a": "b=c", "d": ""}, [])
    assert split_pairs(["pods/x", "gone-"], "label")[1].removed == ["gone"]
    for wrong in (["pods", "x", "a=b", "y"], ["pods", "x", "a=b", "a-"], ["pods", "=b"]):
        with pytest.raises(UsageError):
            split_pairs(wrong, "label")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("apiVersion", "API Version"),
        ("replicaCount", "Replica Count"),
        ("podCIDRs", "Pod CIDRs"),
        ("uid", "UID"),
        ("ipv4Address", "ipv4Address"),
        ("a.b/c", "a.b/c"),
    ],
)
def test_fields_as_words(field: str, words: str) -> None:
    assert label_text(field) == words


@pytest.mark.parametrize(
    ("image", "name"),
    [("nginx", "nginx"), ("localhost:5000/team/my_app:1.2", "my-app"), ("busybox@sha256:abc", "busybox")],
)
def test_containers_are_named_after_images(image: str, name: str) -> None:
    assert container_name(image) == name


@pytest.mark.parametrize(
    "command", ["get", "apply", "create", "set", "create secret", "initializers", "edit", "delete"]
)
def test_commands_explain_themselves(command: str) -> None:
    done = run([*command.split(), "--help"])
    assert done.code == 0
    assert f" {command} " in done.out


def test_flags_take_values_as_those_of_go() -> None:
    assert "No such option" in run(["get", "--nonsense=true"]).err
    assert run(["apply", "--server-side=false", "--help"]).code == 0


@pytest.mark.parametrize(
    ("args", "several"),
    [
        ("pods", False),
        ("pods/a pods/b", False),
        ("pods,svc", True),
        ("pods/a svc/a", True),
        ("all", True),
    ],
)
def test_types_are_told_apart_where_several_were_asked_for(args: str, several: bool) -> None:
    assert asks_for_several_types(args.split()) == several


@pytest.mark.parametrize("command", ["", "create", "create secret generic", "apply", "set image", "generate client"])
def test_help_is_plain_text_that_is_never_cut_off(command: str) -> None:
    shown = run([*command.split(), "--help"]).out
    assert not set("╭│…") & set(shown.replace("jsonpath=…", ""))
    assert not [line for line in shown.partition("Commands:")[2].splitlines() if line.endswith("...")]
