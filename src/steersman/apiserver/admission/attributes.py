"""What an admission plugin is told about a request, and what it may say to it beside yes and no."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct, field

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission.trace import Trace
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.registry.resource import Object, Resource

Settle = Callable[[bool], Awaitable[None]]
"""Told, once, whether a write was committed."""

CREATE, UPDATE, DELETE, CONNECT = OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT")


class Attributes(Struct):
    """One write on its way to the store.

    ``object`` is what shall be stored, a private copy that mutating plugins change or replace; None for DELETE.
    ``old_object`` is what is stored, not to be changed; None for CREATE. ``options`` is the request's CreateOptions,
    UpdateOptions or DeleteOptions. ``deadline`` is when the answer has to be there, on the event loop's clock; None:
    there is no such time. ``warnings`` go to the client, ``annotations`` to the audit log.
    """

    operation: str
    resource: Resource
    namespace: str
    name: str
    object: Object | None
    old_object: Object | None
    user: UserInfo
    subresource: str = ""
    dry_run: bool = False
    options: Object = field(default_factory=dict)
    deadline: float | None = None
    warnings: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    trace: Trace | None = None
    """Takes the steps that plugins go for this write, where somebody asked for an explanation."""
    reinvoked: bool = False
    """Whether this is the second round of the mutating phase."""
    wants_reinvocation: bool = False
    """Set by a plugin for a second round: something changed that another one had already seen."""
    remembered: dict[str, Any] = field(default_factory=dict)
    """What a plugin has to know in its second round, under its name."""
    on_settled: list[Settle] = field(default_factory=list)
    """Called in order when the create or update is over: what a plugin took for it is kept or given back. What refuses
    the write, such as a later plugin, comes before. None may raise.
    """

    @property
    def group_resource(self) -> GroupResource:
        return self.resource.group_resource

    def add_annotation(self, key: str, value: str) -> None:
        """An annotation of the audit event; ``key`` has the plugin's domain: ``pod-security.kubernetes.io/audit``."""
        self.annotations[key] = value
