"""``steersman serve``: run an API server until it is told to stop."""

import asyncio
import gc
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from steersman.cli.access_flags import AccessFlags
from steersman.cli.admission_flags import AdmissionFlags
from steersman.cli.audit_flags import AuditFlags
from steersman.cli.error_line import error_line
from steersman.cli.flag_set import with_flag_sets
from steersman.cli.oidc_flags import OidcFlags
from steersman.cli.service_account_flags import ServiceAccountFlags
from steersman.controlplane import ControlPlane

GC_ALLOCATIONS = 50_000
"""Container objects made since the last look for cyclic garbage that bring the next one."""

_logger = logging.getLogger("steersman")

Listen = Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to serve HTTPS; port 0 picks a free one.")]
Store = Annotated[
    str,
    typer.Option(metavar="URL", help="sqlite:///PATH, or memory:", show_default="state.db in the data directory"),
]
DataDir = Annotated[Path, typer.Option(metavar="DIR", help="Certificates, kubeconfig and the default store.")]
Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Where to write the admin kubeconfig.",
        show_default="kubeconfig in the data directory",
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-auth-file",
        metavar="CSV",
        help='Bearer tokens: lines of token,user,uid,"group1,group2".',
        show_default="no tokens",
    ),
]
InsecureHttp = Annotated[
    str,
    typer.Option(
        metavar="HOST:PORT", help="Also serve plain HTTP, on a loopback address only.", show_default="no plain HTTP"
    ),
]
RuntimeConfig = Annotated[
    str,
    typer.Option(
        metavar="G/V=true|false,…",
        help="Turn group-versions or resources on and off, such as apps/v1beta1=true or api/all=false,api/v1=true.",
        show_default="what the version has",
    ),
]
EmulatedVersion = Annotated[str, typer.Option(metavar="1.N", help="Serve the API of this Kubernetes, 1.7 to 1.37.")]
Profile = Annotated[str, typer.Option(metavar="NAME", help="kubernetes, or crd-only: nothing about containers.")]
CompactionInterval = Annotated[
    float, typer.Option(metavar="SECONDS", min=1.0, help="How often old revisions are forgotten.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log more.", show_default="off")]


@with_flag_sets
def serve(
    listen: Listen = "127.0.0.1:6443",
    store: Store = "",
    data_dir: DataDir = Path(".steersman"),
    kubeconfig: Kubeconfig = None,
    token_auth_file: TokenFile = None,
    insecure_http: InsecureHttp = "",
    runtime_config: RuntimeConfig = "",
    emulated_version: EmulatedVersion = "1.37",
    profile: Profile = "kubernetes",
    compaction_interval: CompactionInterval = 300.0,
    verbose: Verbose = False,
    *,
    admission: AdmissionFlags,
    access: AccessFlags,
    audit: AuditFlags,
    oidc: OidcFlags,
    service_accounts: ServiceAccountFlags,
) -> None:
    """Serve the Kubernetes API.

    The first start makes a certificate authority, certificates and a kubeconfig in the data directory. Once it serves,
    one line is printed: ready https://HOST:PORT kubeconfig=PATH

    Example: steersman serve --listen 127.0.0.1:0 --data-dir ./state
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        control_plane = ControlPlane(
            store=store,
            listen=listen,
            data_dir=data_dir,
            kubeconfig=kubeconfig,
            token_auth_file=token_auth_file,
            insecure_http=insecure_http,
            runtime_config=runtime_config,
            version=emulated_version,
            profile=profile,
            compaction_interval=compaction_interval,
            admission=admission.options(),
            authentication=access.authentication(oidc.options()),
            authorization=access.authorization(),
            audit=audit.options(),
            service_accounts=service_accounts.options(),
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(control_plane))
    except (ValueError, OSError) as error:
        print(f"steersman: {error_line(error)}", file=sys.stderr)
        raise typer.Exit(2) from None


async def _serve(control_plane: ControlPlane) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with control_plane:
        _spare_the_collector()
        if control_plane.insecure_url:
            _logger.info("also serving plain HTTP on %s", control_plane.insecure_url)
        print(f"ready {control_plane.url} kubeconfig={control_plane.kubeconfig}", flush=True)
        await stop.wait()
        _logger.info("stopping: finishing the requests in flight")


def _spare_the_collector() -> None:
    """Keep the cyclic garbage collector off what lives as long as the process, and from looking too often.

    Requests leave next to no cycles behind; with the defaults a sixth of the time goes into looking for them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 20, 50)
