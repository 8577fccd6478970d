"""``steersman create``: create objects, of manifests or of flags."""

from typing import Annotated, Any

import typer

from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.creating.data import DataFlags
from steersman.cli.creating.flags import CreateFlags
from steersman.cli.flag_set import with_flag_sets
from steersman.cli.go_booleans import GoBooleans
from steersman.cli.leading_options import LeadingOptions

_SETTINGS = {"help_option_names": ["-h", "--help"]}

create = typer.Typer(
    name="create",
    cls=LeadingOptions,
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings=_SETTINGS,
)
secret = typer.Typer(
    name="secret",
    cls=LeadingOptions,
    help="Create a Secret.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=_SETTINGS,
)
create.add_typer(secret)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name.", show_default=False)]
Validate = Annotated[
    str, typer.Option("--validate", metavar="strict|warn|ignore", help="What to do about unknown fields.")
]
SecretType = Annotated[str, typer.Option("--type", metavar="TYPE", help="The type of the Secret.")]
Image = Annotated[
    list[str], typer.Option("--image", metavar="IMAGE", help="A container's image; several times.", show_default=False)
]
Replicas = Annotated[int, typer.Option("--replicas", "-r", metavar="N", min=0, help="How many Pods.")]
Port = Annotated[int, typer.Option("--port", metavar="PORT", help="A container's port.", show_default="none")]


@create.callback()
@with_flag_sets
def create_manifests(
    ctx: typer.Context,
    files: Files,
    flags: CreateFlags,
    connection: Connection,
    validate: Validate = "strict",
) -> None:
    """Create the objects of manifests, or one of flags.

    Example: steersman create -f web.yaml --include-uninitialized

    Example: steersman create configmap settings --from-literal=a=b --dry-run=client -o yaml
    """
    if ctx.invoked_subcommand is not None:
        return
    from steersman.cli.cluster.session import Session, run
    from steersman.cli.cluster.validation import field_validation
    from steersman.cli.creating.create import Create

    async def work(session: Session) -> None:
        flags.check()
        step = Create(session, flags, field_validation(validate))
        for one in files.read(generate_names=True):
            with session.going_on():
                namespace = one.namespace(connection.namespace, session.namespace)
                await step.create(one, namespace)

    run(connection, work)


def _create(connection: Connection, flags: CreateFlags, api_version: str, kind: str, obj: dict[str, Any]) -> None:
    from steersman.cli.creating.create import create_one

    create_one(connection, flags, api_version, kind, obj)


@create.command("namespace", cls=GoBooleans)
@create.command("ns", cls=GoBooleans, hidden=True)
@with_flag_sets
def namespace(name: Name, flags: CreateFlags, connection: Connection) -> None:
    """Create a Namespace.

    Example: steersman create namespace shop
    """
    _create(connection, flags, "v1", "Namespace", {"metadata": {"name": name}, "spec": {}, "status": {}})


@create.command("serviceaccount", cls=GoBooleans)
@create.command("sa", cls=GoBooleans, hidden=True)
@with_flag_sets
def serviceaccount(name: Name, flags: CreateFlags, connection: Connection) -> None:
    """Create a ServiceAccount.

    Example: steersman create serviceaccount builder -n shop
    """
    _create(connection, flags, "v1", "ServiceAccount", {"metadata": {"name": name}})


@create.command("configmap", cls=GoBooleans)
@create.command("cm", cls=GoBooleans, hidden=True)
@with_flag_sets
def configmap(name: Name, data: DataFlags, flags: CreateFlags, connection: Connection) -> None:
    """Create a ConfigMap of literals and files.

    Example: steersman create configmap settings --from-literal=a=b --from-file=nginx.conf
    """
    from steersman.cli.cluster.session import failing_early
    from steersman.cli.creating.data import config_map_data

    with failing_early():
        fields = config_map_data(data.read())
    _create(connection, flags, "v1", "ConfigMap", {"metadata": {"name": name}, **fields})


@secret.command("generic", cls=GoBooleans)
@with_flag_sets
def generic(name: Name, data: DataFlags, flags: CreateFlags, connection: Connection, type: SecretType = "") -> None:
    """Create a Secret of literals and files.

    Example: steersman create secret generic login --from-literal=password=xyzzy
    """
    from steersman.cli.cluster.session import failing_early
    from steersman.cli.creating.data import secret_data

    with failing_early():
        fields = secret_data(data.read())
    kind = {"type": type} if type else {}
    _create(connection, flags, "v1", "Secret", {"metadata": {"name": name}, **fields, **kind})


@create.command("deployment", cls=GoBooleans)
@create.command("deploy", cls=GoBooleans, hidden=True)
@with_flag_sets
def deployment(
    name: Name, image: Image, flags: CreateFlags, connection: Connection, replicas: Replicas = 1, port: Port = 0
) -> None:
    """Create a Deployment.

    Example: steersman create deployment web --image=nginx --replicas=3 --port=80
    """
    from steersman.cli.creating.deployment import deployment_of

    _create(connection, flags, "apps/v1", "Deployment", deployment_of(name, image, replicas, port))


@secret.callback()
def _secret() -> None:
    """Create a Secret."""
