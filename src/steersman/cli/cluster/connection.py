"""The flags that say which server, as whom, and in which namespace."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from steersman.cli.cluster.failure import UsageError, print_warning

if TYPE_CHECKING:
    from steersman.client.config import Config

PANEL = "Server"

_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")


@dataclass(frozen=True)
class Connection:
    """As kubectl's flags of the same names; those that are not given are as the kubeconfig has them."""

    kubeconfig: Annotated[
        str,
        typer.Option(
            "--kubeconfig",
            metavar="PATH",
            help="How to find the server.",
            show_default="as kubectl finds it",
            rich_help_panel=PANEL,
        ),
    ] = ""
    context: Annotated[
        str, typer.Option("--context", metavar="NAME", help="The kubeconfig's context.", rich_help_panel=PANEL)
    ] = ""
    cluster: Annotated[
        str, typer.Option("--cluster", metavar="NAME", help="The kubeconfig's cluster.", rich_help_panel=PANEL)
    ] = ""
    user: Annotated[
        str, typer.Option("--user", metavar="NAME", help="The kubeconfig's user.", rich_help_panel=PANEL)
    ] = ""
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", metavar="NAME", help="The namespace.", rich_help_panel=PANEL)
    ] = ""
    act_as: Annotated[str, typer.Option("--as", metavar="USER", help="Act as another user.", rich_help_panel=PANEL)] = (
        ""
    )
    act_as_group: Annotated[
        list[str] | None,
        typer.Option("--as-group", metavar="GROUP", help="Act as a member; several times.", rich_help_panel=PANEL),
    ] = None
    act_as_uid: Annotated[
        str, typer.Option("--as-uid", metavar="UID", help="The UID of the user to act as.", rich_help_panel=PANEL)
    ] = ""
    server: Annotated[
        str, typer.Option("--server", "-s", metavar="URL", help="The server's address.", rich_help_panel=PANEL)
    ] = ""
    token: Annotated[str, typer.Option("--token", metavar="TOKEN", help="Bearer token.", rich_help_panel=PANEL)] = ""
    insecure: Annotated[
        bool,
        typer.Option("--insecure-skip-tls-verify", help="Trust any certificate.", rich_help_panel=PANEL),
    ] = False
    request_timeout: Annotated[
        str,
        typer.Option(
            "--request-timeout",
            metavar="TIME",
            help="Give a request up after so long: 5s, 1m.",
            show_default="never",
            rich_help_panel=PANEL,
        ),
    ] = "0"

    def config(self) -> "Config":
        """Raises ConfigError, CredentialError, UsageError."""
        from steersman.client.config import Impersonation, bearer_token

        config = self._loaded()
        seconds = _seconds(self.request_timeout)
        if self.server:
            config = replace(config, server=self.server)
        if self.insecure:
            config = replace(config, tls=replace(config.tls, ca_data=b"", ca_file="", insecure_skip_verify=True))
        if self.token:
            config = replace(config, credentials=bearer_token(self.token))
        if self.act_as or self.act_as_group or self.act_as_uid:
            who = Impersonation(self.act_as, self.act_as_uid, tuple(self.act_as_group or ()))
            config = replace(config, impersonation=who)
        return replace(config, qps=50, burst=300, timeout=seconds or None, warning_handler=print_warning)

    def _loaded(self) -> "Config":
        from steersman.client.config import Config, ConfigError, Overrides, load_config

        try:
            return load_config(self.kubeconfig, Overrides(self.context, self.cluster, self.user, self.namespace))
        except ConfigError:
            if not self.server or self.kubeconfig or self.context or self.cluster or self.user:
                raise
            return Config(self.server, namespace=self.namespace or "default")


def _seconds(text: str) -> float:
    """Of Go's durations, those with one unit; a number alone is in seconds."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise UsageError(
            f'Invalid timeout value {text!r}. It must be a number, with a unit or without: "1s", "2m", "3h", "10"'
        )
    return float(match[1]) * _SECONDS[match[2]]
