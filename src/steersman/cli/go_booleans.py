"""Flags with a value of true or false, as Go has them: ``--wait=false`` besides ``--no-wait``."""

from collections.abc import Sequence
from typing import Any

from steersman.cli.plain_help import PlainHelp

_TRUE, _FALSE = ("true", "t", "1"), ("false", "f", "0")


class GoBooleans(PlainHelp):
    """A command that takes ``--flag=true`` and ``--flag=false`` for all its flags."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spell_out(self.params, args))


def spell_out(params: Sequence[Any], args: Sequence[str]) -> list[str]:
    """The arguments with ``--flag=true`` as ``--flag``, and ``--flag=false`` as what says no, or left out."""
    flags = {option: one for one in params if getattr(one, "is_flag", False) for option in one.opts}
    spelled: list[str] = []
    for position, argument in enumerate(args):
        if argument == "--":
            return [*spelled, *args[position:]]
        name, _, value = argument.partition("=")
        if name not in flags or value.lower() not in (*_TRUE, *_FALSE):
            spelled.append(argument)
        elif value.lower() in _TRUE:
            spelled.append(name)
        else:
            spelled += flags[name].secondary_opts[:1]
    return spelled
