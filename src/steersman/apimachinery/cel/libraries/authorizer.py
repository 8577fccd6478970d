"""Kubernetes' authorization checks: ``authorizer.group('').resource('pods').namespace('x').check('get').allowed()``.

Whoever evaluates the expression supplies the checks: the variable ``authorizer`` is an ``AuthorizerValue``, and the one
called ``authorizer.requestResource`` a ``ResourceCheck`` that describes what the request is about.
"""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Protocol

from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, Overload, library, method
from steersman.apimachinery.cel.types import BOOL, STRING, OpaqueType, Type, opaque_type
from steersman.apimachinery.names import label_name, subdomain_name

_CHECK_COST: Final = 350_000
"""So much that one expression can make two checks."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a check. ``error`` is what kept the authorizer from one, empty if nothing did."""

    cel_type: ClassVar[OpaqueType]
    allowed: bool
    reason: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class CheckAttributes:
    """What is asked: whether somebody may use ``verb`` on a ``path``, or on a resource if ``path`` is empty.

    ``service_account`` is (namespace, name), or None for the user who makes the request. Selectors are as written, and
    empty if there is none.
    """

    verb: str = ""
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    field_selector: str = ""
    label_selector: str = ""
    service_account: tuple[str, str] | None = None


class Authorizer(Protocol):
    """Who answers the checks; does not wait for anything, and raises nothing."""

    def check(self, attributes: CheckAttributes) -> Decision:
        """Decide whether it is allowed."""


@dataclass(frozen=True, slots=True)
class ResourceCheck:
    """A check of a resource, as far as it is described."""

    cel_type: ClassVar[OpaqueType]
    authorizer: Authorizer
    attributes: CheckAttributes


@dataclass(frozen=True, slots=True)
class PathCheck:
    """A check of a path."""

    cel_type: ClassVar[OpaqueType]
    authorizer: Authorizer
    attributes: CheckAttributes


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """A check of some resource of an API group."""

    cel_type: ClassVar[OpaqueType]
    authorizer: Authorizer
    attributes: CheckAttributes


@dataclass(frozen=True, slots=True)
class AuthorizerValue:
    """The variable ``authorizer``: where every check begins."""

    cel_type: ClassVar[OpaqueType]
    authorizer: Authorizer
    attributes: CheckAttributes = field(default_factory=CheckAttributes)


AUTHORIZER_VARIABLE: Final = "authorizer"
REQUEST_RESOURCE_VARIABLE: Final = "authorizer.requestResource"

_PREFIX: Final = "kubernetes.authorization"
Decision.cel_type = DECISION_TYPE = opaque_type(f"{_PREFIX}.Decision", Decision)
ResourceCheck.cel_type = RESOURCE_CHECK_TYPE = opaque_type(f"{_PREFIX}.ResourceCheck", ResourceCheck)
PathCheck.cel_type = PATH_CHECK_TYPE = opaque_type(f"{_PREFIX}.PathCheck", PathCheck)
GroupCheck.cel_type = GROUP_CHECK_TYPE = opaque_type(f"{_PREFIX}.GroupCheck", GroupCheck)
AuthorizerValue.cel_type = AUTHORIZER_TYPE = opaque_type(f"{_PREFIX}.Authorizer", AuthorizerValue)


def _path(authorizer: AuthorizerValue, path: str) -> PathCheck:
    if not path.strip():
        raise EvaluationError("path must not be empty")
    return PathCheck(authorizer.authorizer, replace(authorizer.attributes, path=path))


def _group(authorizer: AuthorizerValue, group: str) -> GroupCheck:
    return GroupCheck(authorizer.authorizer, replace(authorizer.attributes, group=group))


def _service_account(authorizer: AuthorizerValue, namespace: str, name: str) -> AuthorizerValue:
    if subdomain_name(name, False):
        raise EvaluationError("Invalid service account name")
    if label_name(namespace, False):
        raise EvaluationError("Invalid service account namespace")
    attributes = replace(authorizer.attributes, service_account=(namespace, name))
    return AuthorizerValue(authorizer.authorizer, attributes)


def _resource(group: GroupCheck, resource: str) -> ResourceCheck:
    if not resource.strip():
        raise EvaluationError("resource must not be empty")
    return ResourceCheck(group.authorizer, replace(group.attributes, resource=resource))


def _describe(attribute: str) -> tuple[Overload, ...]:
    """The method that sets one attribute of a resource check."""

    def with_value(check: ResourceCheck, value: str) -> ResourceCheck:
        return ResourceCheck(check.authorizer, replace(check.attributes, **dict[str, Any]({attribute: value})))

    return (method((RESOURCE_CHECK_TYPE, STRING), RESOURCE_CHECK_TYPE, with_value),)


def _selector(attribute: str) -> tuple[Overload, ...]:
    def cost(_: object, __: object, selector: str) -> int:
        # As if it were parsed: a requirement takes at least two characters.
        return 10 + (len(selector) + 9) // 10 + (len(selector) + 1) // 2 * 50

    (overload,) = _describe(attribute)
    return (replace(overload, cost=cost),)


def _check(check: ResourceCheck | PathCheck, verb: str) -> Decision:
    return check.authorizer.check(replace(check.attributes, verb=verb))


def _checking(type: Type) -> Overload:
    return Overload((type, STRING), DECISION_TYPE, _check, member=True, cost=_CHECK_COST, pure=False)


AUTHORIZER: Final[Library] = library(
    "kubernetes.authz",
    {
        "path": (method((AUTHORIZER_TYPE, STRING), PATH_CHECK_TYPE, _path),),
        "group": (method((AUTHORIZER_TYPE, STRING), GROUP_CHECK_TYPE, _group),),
        "serviceAccount": (method((AUTHORIZER_TYPE, STRING, STRING), AUTHORIZER_TYPE, _service_account),),
        "resource": (method((GROUP_CHECK_TYPE, STRING), RESOURCE_CHECK_TYPE, _resource),),
        "subresource": _describe("subresource"),
        "namespace": _describe("namespace"),
        "name": _describe("name"),
        "fieldSelector": _selector("field_selector"),
        "labelSelector": _selector("label_selector"),
        "check": (_checking(PATH_CHECK_TYPE), _checking(RESOURCE_CHECK_TYPE)),
        "allowed": (method((DECISION_TYPE,), BOOL, lambda decision: decision.allowed),),
        "reason": (method((DECISION_TYPE,), STRING, lambda decision: decision.reason),),
        "errored": (method((DECISION_TYPE,), BOOL, lambda decision: bool(decision.error)),),
        "error": (method((DECISION_TYPE,), STRING, lambda decision: decision.error),),
    },
    types=(AUTHORIZER_TYPE, PATH_CHECK_TYPE, GROUP_CHECK_TYPE, RESOURCE_CHECK_TYPE, DECISION_TYPE),
)
