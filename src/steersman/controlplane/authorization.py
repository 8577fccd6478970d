"""The authorizers of a control plane: chosen by mode, and connected with what is stored."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authorization import (
    AlwaysAllow,
    AlwaysDeny,
    Authorizer,
    AuthorizerChain,
    PrivilegedGroups,
)
from steersman.apiserver.authorization.node import feed as node_feed
from steersman.apiserver.authorization.node.authorizer import NodeAuthorizer
from steersman.apiserver.authorization.node.graph import NodeGraph
from steersman.apiserver.authorization.rbac import feed as rbac_feed
from steersman.apiserver.authorization.rbac.authorizer import RBACAuthorizer
from steersman.apiserver.authorization.rbac.bootstrap_policy import BootstrapPolicy
from steersman.apiserver.authorization.rbac.escalation import PRIVILEGED, EscalationCheck
from steersman.apiserver.authorization.rbac.reconciliation import reconcile
from steersman.apiserver.authorization.rbac.role_index import RoleIndex
from steersman.apiserver.authorization.webhook import WebhookAuthorizer, WebhookOptions
from steersman.apiserver.registry.lifecycle import Lifecycle, WriteCheck
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.served import ServedResources
from steersman.controlplane.review_webhook import ReviewWebhook

RBAC, NODE, WEBHOOK = "RBAC", "Node", "Webhook"
MODES = ("AlwaysAllow", "AlwaysDeny", NODE, RBAC, WEBHOOK)
VERSIONS = ("v1", "v1beta1")


class AuthorizationOptions(Struct, frozen=True):
    """``modes`` are asked in this order. ``webhook_config`` is a kubeconfig file, for the mode Webhook.

    Raises ValueError for what does not go together.
    """

    modes: Sequence[str] = (RBAC,)
    webhook_config: Path | None = None
    webhook: WebhookOptions = field(default_factory=WebhookOptions)

    def __post_init__(self) -> None:
        if not self.modes:
            raise ValueError("authorization needs at least one mode")
        for mode in self.modes:
            if mode not in MODES:
                raise ValueError(f"{mode!r} is no authorization mode: choose of {', '.join(MODES)}")
        if len(set(self.modes)) < len(self.modes):
            raise ValueError(f"an authorization mode stands twice in {', '.join(self.modes)}")
        if (WEBHOOK in self.modes) is (self.webhook_config is None):
            raise ValueError("the authorization mode Webhook and its configuration file need each other")
        if self.webhook.version not in VERSIONS:
            raise ValueError(f"{self.webhook.version!r} is no version of reviews: choose one of {', '.join(VERSIONS)}")


class Authorization:
    """``authorizer`` can be asked at once: before :meth:`start`, it knows of nothing that is stored.

    Members of ``system:masters`` may do everything, whatever the modes are.
    """

    def __init__(self, options: AuthorizationOptions, minor: int) -> None:
        self._modes = frozenset(options.modes)
        self._policy = BootstrapPolicy.load(minor) if self._modes & {RBAC, NODE} else None
        self._index, self._graph = RoleIndex(), NodeGraph()
        self._webhook = ReviewWebhook(options.webhook_config) if options.webhook_config else None
        self._webhook_options = options.webhook
        made: Mapping[str, Callable[[], Authorizer]] = {
            "AlwaysAllow": AlwaysAllow,
            "AlwaysDeny": AlwaysDeny,
            NODE: self._node,
            RBAC: lambda: RBACAuthorizer(self._index),
            WEBHOOK: self._by_webhook,
        }
        self.authorizer = AuthorizerChain([PrivilegedGroups(PRIVILEGED), *(made[mode]() for mode in options.modes)])

    def checks(self) -> Mapping[GroupResource, WriteCheck]:
        """What looks at the writes of roles and bindings."""
        return EscalationCheck(self._index, self.authorizer).checks()

    async def start(
        self, objects: ObjectReader, lifecycle: Lifecycle, served: ServedResources, stack: contextlib.AsyncExitStack
    ) -> None:
        """Take up what is stored, and make the roles and bindings that are missing; ``stack`` ends it."""
        if self._webhook is not None:
            stack.push_async_callback(self._webhook.close)
        end = await rbac_feed.follow(self._index, objects)
        if end is not None:
            stack.callback(end)
        if NODE in self._modes:
            stack.callback(await node_feed.follow(self._graph, objects))
        if self._policy is not None and RBAC in self._modes:
            if end is None:
                self._policy.fill(self._index)
            else:
                await reconcile(self._policy, lifecycle, served)

    def _node(self) -> NodeAuthorizer:
        rules = self._policy.rules_of("system:node") if self._policy is not None else ()
        return NodeAuthorizer(self._graph, rules)

    def _by_webhook(self) -> WebhookAuthorizer:
        if self._webhook is None:
            raise ValueError("the authorization mode Webhook needs a configuration file")
        return WebhookAuthorizer(self._webhook.post, self._webhook_options)
