"""Commands that are imported when they are used: none should wait for what another one needs."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.main import get_command, get_group

from steersman.cli.go_booleans import GoBooleans
from steersman.cli.leading_options import LeadingOptions


class LazyGroup(LeadingOptions):
    """A group whose commands are ``modules``: the name of a command to the module that has it.

    The module has a function or a :class:`typer.Typer` of the command's name, in which a dash is an underscore.
    """

    modules: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.modules)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.modules:
            return None
        made = self.commands.get(cmd_name)
        if made is None:
            made = self.commands[cmd_name] = _load(self.modules[cmd_name], cmd_name)
        return made


def _load(module: str, name: str) -> Any:
    found = getattr(import_module(module), name.replace("-", "_"))
    if isinstance(found, typer.Typer):
        return get_group(found)
    one = typer.Typer(
        add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
    )
    one.command(name, cls=GoBooleans)(found)
    return get_command(one)
