"""What a check of RBAC takes, where a user has 1,000 role bindings in the namespace, beside the cluster's own."""

import asyncio
from time import perf_counter

import orjson

from bench.groups import Run
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Decision
from steersman.apiserver.authorization.rbac.authorizer import RBACAuthorizer
from steersman.apiserver.authorization.rbac.bootstrap_policy import BootstrapPolicy
from steersman.apiserver.authorization.rbac.feed import read_binding, read_role
from steersman.apiserver.authorization.rbac.role_index import RBAC, RoleIndex
from steersman.apiserver.request_info import RequestInfo

BINDINGS = 1_000
NAMESPACE = "team"

_CHECKS = 20_000
_ROUNDS = 5
_USER = UserInfo("jane", groups=("developers", "system:authenticated"))


async def authorization(run: Run) -> None:
    """In this process alone: of a check, the fastest round counts, for others only disturb it."""
    if not run.wants("authorization"):
        return
    authorizer = RBACAuthorizer(_index())
    asked = RequestInfo("get", "", True, "", "v1", NAMESPACE, "secrets", "", f"secret-{BINDINGS - 1}")
    for key, info, decision in (
        ("allowed", asked, Decision.ALLOW),
        ("refused", asked._replace(name="other"), Decision.NO_OPINION),
        ("discovery", RequestInfo("get", "/apis/apps/v1"), Decision.ALLOW),
    ):
        assert authorizer.authorize(_USER, info).decision is decision
        run.note(f"authorization.{key}", await _fastest(authorizer, info) * 1e6)


def _index() -> RoleIndex:
    """Half of the bindings are the user's own, half a group's; each of a role of its own."""
    index = RoleIndex()
    BootstrapPolicy.load(37).fill(index)
    for number in range(BINDINGS):
        names = [f"secret-{number}", f"other-{number}"]
        rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"], "resourceNames": names}]
        kind, who = (("User", "jane"), ("Group", "developers"))[number % 2]
        subject = {"kind": kind, "name": who, "apiGroup": RBAC}
        reference = {"kind": "Role", "name": f"role-{number}", "apiGroup": RBAC}
        index.set_role(NAMESPACE, f"role-{number}", read_role(orjson.dumps({"rules": rules})))
        bound = orjson.dumps({"roleRef": reference, "subjects": [subject]})
        index.set_binding(read_binding(NAMESPACE, f"binding-{number}", bound))
    return index


async def _fastest(authorizer: RBACAuthorizer, info: RequestInfo) -> float:
    """Seconds a check."""
    taken = []
    for _ in range(_ROUNDS):
        authorize, user = authorizer.authorize, _USER
        started = perf_counter()
        for _ in range(_CHECKS):
            authorize(user, info)
        taken.append(perf_counter() - started)
        await asyncio.sleep(0)
    return min(taken) / _CHECKS
