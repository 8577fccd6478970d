"""What a role or a binding must be."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import Client, causes, failure
from tests.apiserver.authorization.people import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    GROUP,
    ROLE_BINDINGS,
    ROLES,
    binding,
    person,
    role,
    rule,
)

from steersman.controlplane import ControlPlane


@pytest.fixture
async def admin() -> AsyncIterator[Client]:
    async with ControlPlane(store="memory:") as control_plane:
        yield person(control_plane)


SLASH = [("roleRef.name", "Invalid value: \"x/y\": may not contain '/'")]
URL = {"verbs": ["get"], "nonResourceURLs": ["/x"]}


@pytest.mark.parametrize(
    ("path", "obj", "wrong"),
    [
        (ROLES, role("a", {"apiGroups": [""], "resources": ["pods"], "verbs": []}),
         [("rules[0].verbs", "Required value: verbs must contain at least one value")]),
        (ROLES, role("a", {"verbs": ["get"]}), [
            ("rules[0].apiGroups", "Required value: resource rules must supply at least one api group"),
            ("rules[0].resources", "Required value: resource rules must supply at least one resource"),
        ]),
        (ROLES, role("a", URL), [("rules[0].nonResourceURLs",
         'Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs')]),
        (CLUSTER_ROLES, role("a", {**rule("get", "pods"), **URL}), [("rules[0].nonResourceURLs",
         'Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs')]),
        (CLUSTER_ROLES, role("a", aggregationRule={}), [("aggregationRule.clusterRoleSelectors",
         "Required value: at least one clusterRoleSelector required if aggregationRule is non-nil")]),
        (CLUSTER_ROLES, role("a", aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"-": "x"}}]}),
         [("aggregationRule.clusterRoleSelectors[0]", None)]),
        (ROLE_BINDINGS, binding("a", "", "User:u"), [("roleRef.name", "Required value")]),
        (ROLE_BINDINGS, binding("a", "x/y", "User:u"), SLASH),
        (ROLE_BINDINGS, binding("a", "x", "User:u", kind="Thing"),
         [("roleRef.kind", 'Unsupported value: "Thing": supported values: "ClusterRole", "Role"')]),
        (CLUSTER_ROLE_BINDINGS, binding("a", "x", "User:u"),
         [("roleRef.kind", 'Unsupported value: "Role": supported values: "ClusterRole"')]),
        (CLUSTER_ROLE_BINDINGS, binding("a", "x", "ServiceAccount:/a", kind="ClusterRole"),
         [("subjects[0].namespace", "Required value")]),
        (ROLE_BINDINGS, binding("a", "x", "User:"), [("subjects[0].name", "Required value")]),
        (ROLE_BINDINGS, binding("a", "x", "Robot:r"),
         [("subjects[0].kind", 'Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"')]),
        (ROLE_BINDINGS, {**binding("a", "x"), "subjects": [{"kind": "User", "name": "u", "apiGroup": "x"}]},
         [("subjects[0].apiGroup", f'Unsupported value: "x": supported values: "{GROUP}"')]),
        (ROLE_BINDINGS, {**binding("a", "x"), "subjects": [{"kind": "ServiceAccount", "name": "u", "apiGroup": "x"}]},
         [("subjects[0].apiGroup", 'Unsupported value: "x": supported values: ""')]),
    ],
)  # fmt: skip
async def test_what_is_refused(
    admin: Client, path: str, obj: dict[str, Any], wrong: list[tuple[str, str | None]]
) -> None:
    reply = await admin.create(path, obj)

    assert failure(reply)[:2] == (422, "Invalid")
    found = causes(reply)
    assert [field for field, _ in found] == [field for field, _ in wrong]
    for (_, message), (_, expected) in zip(found, wrong, strict=True):
        assert expected is None or message == expected


async def test_the_role_of_a_binding_stays(admin: Client) -> None:
    await admin.made(ROLE_BINDINGS, binding("stays", "x", "User:u"))
    reply = await admin.update(f"{ROLE_BINDINGS}/stays", binding("stays", "y", "User:u"))

    reference = f'{{"apiGroup":"{GROUP}","kind":"Role","name":"y"}}'
    assert failure(reply)[:2] == (422, "Invalid")
    ((field, message),) = causes(reply)
    assert (field, message.rpartition(": ")[2]) == ("roleRef", "cannot change roleRef")
    assert sorted(message) == sorted(f"Invalid value: {reference}: cannot change roleRef")
    assert (await admin.update(f"{ROLE_BINDINGS}/stays", binding("stays", "x", "User:v"))).status == 200


async def test_api_groups_are_filled_in(admin: Client) -> None:
    subjects = [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "namespace": "x"}]
    sent = {"metadata": {"name": "f"}, "roleRef": {"kind": "Role", "name": "x"}, "subjects": subjects}
    made = await admin.made(ROLE_BINDINGS, sent)

    assert made["roleRef"]["apiGroup"] == GROUP
    assert [one.get("apiGroup") for one in made["subjects"]] == [GROUP, None]


@pytest.mark.parametrize("name", ["system:a", "A_b", "a" * 300])
async def test_names_are_path_segments(admin: Client, name: str) -> None:
    assert (await admin.create(CLUSTER_ROLES, role(name))).status == 201
