"""The control plane put together: the embeddable object, and what ``steersman serve`` runs."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from steersman.admission.plugin_pool import INITIALIZERS
from steersman.admission.selection import AdmissionOptions, selected_names
from steersman.apiextensions.serving import DefinitionServing
from steersman.apimachinery.time import format_time
from steersman.apis import protobuf
from steersman.apis.catalog import PROFILES, RuntimeConfig
from steersman.apis.catalog.group_order import group_rank
from steersman.apis.namespaces import create_system_namespaces
from steersman.apis.reviews import review_answers
from steersman.apis.versions import KubernetesVersion
from steersman.apiserver.admission import ChainMetrics
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authentication.authenticator import Authenticator, Union
from steersman.apiserver.authentication.client_certificate import ClientCertificate
from steersman.apiserver.authentication.required import RequiredAuthentication
from steersman.apiserver.authentication.token_file import TokenFile
from steersman.apiserver.authentication.token_review import TokenReviewer
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.certificates import CertificatePaths, ensure_certificates, write_kubeconfig
from steersman.apiserver.discovery import Discovery, PathIndex
from steersman.apiserver.handlers.call import Backend
from steersman.apiserver.handlers.negotiation import DECODERS, Decoders
from steersman.apiserver.health import Health
from steersman.apiserver.http.message import Handler, PeerCertificate
from steersman.apiserver.http.server import HttpServer
from steersman.apiserver.http.tls import server_ssl_context
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.openapi import OpenAPI
from steersman.apiserver.random_ids import RandomIds
from steersman.apiserver.registry.initialization import WAIT_SECONDS, Initialization
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.metadata import Sources
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.server import ApiServer
from steersman.apiserver.version import Version, version_info
from steersman.controlplane.actions import ActionContext, builtin_actions
from steersman.controlplane.addresses import listen_on, parse_address, parse_loopback, reachable
from steersman.controlplane.admission_chain import StoredChain
from steersman.controlplane.authentication import Authentication, AuthenticationOptions
from steersman.controlplane.authorization import Authorization, AuthorizationOptions
from steersman.controlplane.builtin_kinds import BuiltinKinds
from steersman.controlplane.controller_manager import controller_manager
from steersman.controlplane.held_objects import has_held
from steersman.controlplane.priority_classes import create_system_priority_classes
from steersman.controlplane.service_account_options import ServiceAccountOptions
from steersman.controlplane.service_accounts import ServiceAccounts
from steersman.controlplane.surroundings import Surroundings
from steersman.storage.compactor import Compactor
from steersman.storage.url import open_store
from steersman.storage.watch_cache import WatchCache

if TYPE_CHECKING:
    from steersman.apiserver.http.asgi import AsgiApp
    from steersman.client.config import Config
    from steersman.controlplane.audit import Audit, AuditOptions

_DECODERS: Decoders = {**DECODERS, protobuf.MEDIA_TYPE: lambda body, _: (protobuf.decode_protobuf(body), [])}

DRAIN_SECONDS = 10.0
"""How long requests in flight may take to finish when the server stops."""


DEFAULT_ADMISSION = AdmissionOptions()
DEFAULT_AUTHENTICATION = AuthenticationOptions()
DEFAULT_AUTHORIZATION = AuthorizationOptions()
DEFAULT_SERVICE_ACCOUNTS = ServiceAccountOptions()


class ControlPlane:
    """An API server with its store. Several live side by side in one process.

    >>> async with ControlPlane(listen="127.0.0.1:0", data_dir=Path("state")) as control_plane:
    ...     print(control_plane.url, control_plane.kubeconfig)

    :param store: ``memory:`` or ``sqlite:///PATH``; empty: ``state.db`` in ``data_dir``, in memory without one.
    :param listen: HOST:PORT for HTTPS, empty for none (then the ASGI application is the way in). Needs ``data_dir``.
    :param data_dir: for certificates, kubeconfig and the default store.
    :param kubeconfig: where the admin's kubeconfig is written; default ``kubeconfig`` in ``data_dir``.
    :param version: the Kubernetes minor to be, ``1.7`` to ``1.37``.
    :param profile: ``kubernetes`` or ``crd-only``.
    :param runtime_config: as kube-apiserver's ``--runtime-config``.
    :param token_auth_file: CSV of bearer tokens.
    :param insecure_http: HOST:PORT for plain HTTP, on a loopback address only.
    :param compaction_interval: seconds that superseded revisions stay readable at least.
    :param admission: the admission chain that the store begins with; what is stored can be changed while it serves.
    :param authentication: who is asked about users, beside certificates and the token file.
    :param service_accounts: how the tokens of service accounts are signed and accepted.
    :param authorization: what users may do; by the roles and bindings that are stored (RBAC) if nothing else is said.
    :param audit: what is written of which requests, and where; nothing if it is None.
    :param initialization_wait: seconds that a create waits for initializers at most, where the chain has any.

    Once it has started, ``url`` and ``insecure_url`` say where it listens; empty where it does not.
    Raises ValueError, with one line, for what cannot be served.
    """

    def __init__(
        self,
        *,
        store: str = "",
        listen: str = "",
        data_dir: Path | None = None,
        kubeconfig: Path | None = None,
        version: str = "1.37",
        profile: str = "kubernetes",
        runtime_config: str = "",
        token_auth_file: Path | None = None,
        insecure_http: str = "",
        compaction_interval: float = 300.0,
        admission: AdmissionOptions = DEFAULT_ADMISSION,
        authentication: AuthenticationOptions = DEFAULT_AUTHENTICATION,
        authorization: AuthorizationOptions = DEFAULT_AUTHORIZATION,
        service_accounts: ServiceAccountOptions = DEFAULT_SERVICE_ACCOUNTS,
        audit: "AuditOptions | None" = None,
        initialization_wait: float = WAIT_SECONDS,
    ) -> None:
        if listen and data_dir is None:
            raise ValueError("listen needs a data_dir, for the certificates")
        if profile not in PROFILES:
            raise ValueError(f"{profile!r} is no profile: choose one of {', '.join(PROFILES)}")
        self._listen = parse_address(listen) if listen else None
        self._insecure = parse_loopback(insecure_http) if insecure_http else None
        self._data_dir = data_dir
        self.kubeconfig = kubeconfig or (data_dir / "kubeconfig" if data_dir else None)
        self.url = self.insecure_url = ""
        self._version = KubernetesVersion.parse(version)
        self._admission_options = admission
        has_initializers = INITIALIZERS in selected_names(admission)
        self._initialization = Initialization(enabled=has_initializers, wait_seconds=initialization_wait)
        self._profile, self._runtime_config = profile, RuntimeConfig.parse(runtime_config)
        self._tokens = TokenFile(token_auth_file) if token_auth_file else None
        self._authentication = Authentication(authentication, service_accounts.issuers, service_accounts.api_audiences)
        self._authorization = Authorization(authorization, self._version.minor)
        self._audit = _audit(audit) if audit is not None else None
        self._accounts = ServiceAccounts(service_accounts, data_dir, self._version.minor)
        default = f"sqlite:///{data_dir / 'state.db'}" if data_dir else "memory:"
        self._store = open_store(store or default)
        self._cache = WatchCache(self._store)
        self._compactor = Compactor(self._store, compaction_interval, on_compacted=self._cache.compacted)
        self._served = ServedResources(group_rank)
        self._health = Health()
        self._health.add("storage", self._check_storage)
        self._health.add("shutdown", lambda: "the server is stopping" if self._stopping else None, ("readyz",))
        self._stopping = False
        self._stack = contextlib.AsyncExitStack()
        self._handler: Handler | None = None

    async def start(self) -> None:
        """Open the store, take up what it holds, and serve. Raises ValueError or OSError with one clear line."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise

    async def stop(self) -> None:
        """Finish the requests in flight, end the watches, close the store."""
        self._stopping = True
        self._initialization.stop()
        await self._stack.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def handler(self) -> Handler:
        """What answers requests, once the control plane has started: the way in for a client in this process."""
        if self._handler is None:
            raise RuntimeError("the control plane has not been started")
        return self._handler

    def client_config(self, user: str = SERVER.name, groups: Sequence[str] = SERVER.groups) -> "Config":
        """The configuration of a client in this process, which needs no sockets; it may do all, unless said otherwise.

        It has no rate limit. Requests can be sent once the control plane has started.
        """
        # Imported for who is asked for one: the API is served without.
        from steersman.client.config import Config
        from steersman.controlplane.in_process import InProcessTransport

        identity = PeerCertificate(user, tuple(groups))
        return Config("https://in-process", qps=-1, transport=InProcessTransport(lambda: self.handler, identity))

    @cached_property
    def asgi(self) -> "AsgiApp":
        """The control plane as an ASGI application, once it has started; the same users, the same answers."""
        # Imported for those who ask: a server that listens itself starts sooner.
        from steersman.apiserver.http.asgi import AsgiApp

        return AsgiApp(self.handler)

    async def _start(self) -> None:
        if self._data_dir is not None:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._store.open()
        self._stack.push_async_callback(self._store.close)
        await self._cache.start()
        self._stack.push_async_callback(self._cache.stop)
        await self._compactor.start()
        self._stack.push_async_callback(self._compactor.stop)
        self._authentication.start()
        self._stack.push_async_callback(self._authentication.close)
        certificates = await self._ensure_certificates()
        around = await self._serve_resources(certificates)
        await self._serve_http(certificates)
        await self._stack.enter_async_context(controller_manager(self.client_config, around))

    async def _ensure_certificates(self) -> CertificatePaths | None:
        """None where HTTPS is not served."""
        if self._listen is None or self._data_dir is None:
            return None
        return await asyncio.to_thread(ensure_certificates, self._data_dir / "pki", [self._listen[0]])

    async def _serve_resources(self, certificates: CertificatePaths | None) -> Surroundings:
        """Install what is built in, then what the stored CRDs define; answer requests from now on."""
        minor, initialization, served = self._version.minor, self._initialization, self._served
        initialization.hides = await has_held(self._store, initialization.enabled)
        kinds = BuiltinKinds(minor, self._runtime_config, self._profile, has_initializers=initialization.enabled)
        sources, metrics = _sources(), Metrics(version_info(minor))
        objects = ObjectReader(self._cache, served, kinds.always)
        chain = StoredChain(self._admission_options, kinds.definitions, ChainMetrics(metrics))
        checks = {**self._authorization.checks(), **chain.checks()}
        lifecycle = Lifecycle(self._store, self._cache, chain.admission, sources, metrics, initialization, checks)
        authenticator, reviewer = self._authenticators(objects)
        authorizer = self._authorization.authorizer
        of_pods = builtin_actions(ActionContext(lifecycle, objects, sources.now, minor))
        actions = {**of_pods, **self._accounts.actions(objects)}
        resources = kinds.resources(review_answers(authorizer, reviewer, minor), actions)
        served.install([*resources, *chain.resources])
        context = PluginContext(objects, served, lifecycle, authorizer, metrics, minor)
        await chain.start(context, self._health, self._stack)
        backend = Backend(self._store, self._cache, lifecycle, metrics, time.time, _DECODERS)
        self._handler = await self._answering(backend, authenticator)
        await create_system_namespaces(lifecycle, kinds.namespaces)
        await create_system_priority_classes(lifecycle, served)
        await self._authorization.start(objects, lifecycle, served, self._stack)
        serving = DefinitionServing(lifecycle, self._cache, served, kinds.custom_resource_definition)
        await serving.start()
        self._stack.callback(serving.stop)
        issue, authority = self._accounts.issue_for_secret, _authority(certificates)
        return Surroundings(served, serving, sources, metrics, initialization, minor, issue, authority)

    async def _answering(self, backend: Backend, authenticator: Authenticator) -> Handler:
        """What answers requests, audited where that is asked for."""
        routes, authorizer = self._routes(backend.metrics), self._authorization.authorizer
        auditing = await self._audit.start(backend.metrics, _DECODERS) if self._audit is not None else None
        if auditing is None:
            return ApiServer(self._served, backend, authenticator, authorizer, routes).handle
        self._stack.push_async_callback(auditing.close)
        server = ApiServer(self._served, backend, authenticator, authorizer, routes, auditing.received)
        return auditing.audited(server.handle)

    def _authenticators(self, objects: ObjectReader) -> tuple[Authenticator, TokenReviewer]:
        """What says who a request comes from, and what reviews tokens."""
        account_tokens = self._accounts.authenticator(objects)
        asked: list[Authenticator] = [ClientCertificate()]
        if self._tokens is not None:
            asked.append(self._tokens)
        authenticator = RequiredAuthentication(Union([*asked, account_tokens, *self._authentication.authenticators()]))
        reviewer = self._accounts.reviewer(authenticator, account_tokens, self._authentication.token_webhook)
        return authenticator, reviewer

    def _routes(self, metrics: Metrics) -> dict[str, Handler]:
        info = version_info(self._version.minor)
        discovery = Discovery(self._served, self._host)
        openapi = OpenAPI(self._served, info)
        routes: dict[str, Handler] = {"/metrics": metrics.handle, **self._accounts.routes(self._host)}
        routes["/"] = PathIndex(self._served, routes).handle
        routes["/version"] = routes["/version/"] = Version(info).handle
        for path in ("/api", "/apis"):
            routes[path] = routes[f"{path}/"] = discovery.handle
        for path in ("/openapi/v2", "/openapi/v3", "/openapi/v3/"):
            routes[path] = openapi.handle
        for path in ("/healthz", "/livez", "/readyz"):
            routes[path] = routes[f"{path}/"] = self._health.handle
        return routes

    def _host(self) -> str:
        """Host and port of HTTPS."""
        return self.url.removeprefix("https://")

    async def _serve_http(self, certificates: CertificatePaths | None) -> None:
        http = HttpServer(self.handler)
        self._stack.push_async_callback(http.drain, DRAIN_SECONDS)
        if self._insecure is not None:
            host, port = self._insecure
            port = await listen_on(http, host, port)
            self.insecure_url = f"http://{reachable(host)}:{port}"
        if self._listen is None or certificates is None:
            return
        host, port = self._listen
        context = server_ssl_context(certificates.server, certificates.server_key, certificates.ca)
        port = await listen_on(http, host, port, context)
        self.url = f"https://{reachable(host)}:{port}"
        self._write_kubeconfig(certificates)

    def _write_kubeconfig(self, paths: CertificatePaths) -> None:
        if self.kubeconfig is not None:
            pems = (path.read_bytes() for path in (paths.ca, paths.admin, paths.admin_key))
            write_kubeconfig(self.kubeconfig, self.url, *pems)

    async def _check_storage(self) -> None:
        """Raises StoreClosed when the store is gone."""
        await self._store.current_revision()


def _audit(options: "AuditOptions") -> "Audit":
    # Imported for those who audit: everyone else's server starts sooner.
    from steersman.controlplane.audit import Audit

    return Audit(options)


def _authority(certificates: CertificatePaths | None) -> str:
    """The certificate by which clients know the server, as PEM."""
    return certificates.ca.read_text("ascii") if certificates is not None else ""


def _sources() -> Sources:
    ids = RandomIds()
    # Generated names are no secrets; numbers from the system would take longer than the rest of a create.
    return Sources(now=lambda: format_time(datetime.now(UTC)), uid=ids.next, random=random.randrange)
