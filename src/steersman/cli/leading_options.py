"""Options before the name of a command, where people of kubectl are used to put them."""

from collections.abc import Mapping
from typing import Any

from typer.core import TyperGroup

from steersman.cli.go_booleans import spell_out
from steersman.cli.plain_help import write_panels

# The flags of steersman.cli.cluster.connection, and whether they take a value.
_CONNECTION = dict.fromkeys(
    (
        "--kubeconfig", "--context", "--cluster", "--user", "-n", "--namespace", "--as", "--as-group", "--as-uid",
        "-s", "--server", "--token", "--request-timeout",
    ),
    True,
) | {"--insecure-skip-tls-verify": False}  # fmt: skip


class LeadingOptions(TyperGroup):
    """A group that hands options which stand before a command's name to that command: ``-n shop get pods``.

    Without it, a group that has such options itself would take them for its own, and the command would not know.
    """

    def leading(self) -> Mapping[str, bool]:
        """The options that may stand there, and whether they take a value."""
        own = {
            option: not getattr(one, "is_flag", False)
            for one in self.params
            for option in (*one.opts, *one.secondary_opts)
        }
        return {**_CONNECTION, **own}

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_panels(self, ctx, formatter)
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_sentence(one.help or "")) for name, one in commands if one is not None])

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        count = _count(args, self.leading())
        is_command = count < len(args) and self.get_command(ctx, args[count]) is not None
        return super().parse_args(
            ctx, [args[count], *args[:count], *args[count + 1 :]] if is_command else spell_out(self.params, args)
        )


def _first_sentence(help: str) -> str:
    return help.partition("\n\n")[0].replace("\n", " ")


def _count(args: list[str], options: Mapping[str, bool]) -> int:
    """How many arguments at the beginning are options, and their values."""
    count = 0
    while count < len(args):
        name, equals, _ = args[count].partition("=")
        if name in options:
            count += 2 if options[name] and not equals else 1
        elif not name.startswith("--") and options.get(name[:2]):
            # The value of a short option without a space.
            count += 1
        else:
            break
    return count
