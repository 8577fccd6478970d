"""Commands that are imported when they are used: none should wait for what another one needs."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command


class LazyGroup(TyperGroup):
    """A group whose commands are ``modules``: the name of a command to the module that has it.

    The module has a function or a :class:`typer.Typer` of the command's name, in which a dash is an underscore.
    ``leading`` are options of commands that may stand before the command's name too, with whether they take a value.
    """

    modules: ClassVar[Mapping[str, str]] = {}
    leading: ClassVar[Mapping[str, bool]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.modules)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.modules:
            return None
        made = self.commands.get(cmd_name)
        if made is None:
            made = self.commands[cmd_name] = _load(self.modules[cmd_name], cmd_name)
        return made

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        taken, position = [], 0
        while position < len(args) and (option := args[position].partition("=")[0]) in self.leading:
            length = 2 if self.leading[option] and "=" not in args[position] else 1
            taken += args[position : position + length]
            position += length
        rest = args[position:]
        return super().parse_args(ctx, [*rest[:1], *taken, *rest[1:]] if rest else args)


def _load(module: str, name: str) -> Any:
    found = getattr(import_module(module), name.replace("-", "_"))
    if not isinstance(found, typer.Typer):
        one = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
        one.command(name)(found)
        found = one
    command = get_command(found)
    command.name = name
    return command
