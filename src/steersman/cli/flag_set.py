"""Flags that several commands have, written once: a parameter whose type is a dataclass stands for its fields.

::

    @dataclass(frozen=True)
    class Paging:
        PANEL: ClassVar = "Paging"                                  # the heading in the help, if it is to have one
        limit: Annotated[int, typer.Option(help="Objects in a page.")] = 500

    @with_flag_sets
    def get(names: Names, paging: Paging) -> None: ...      # steersman get --limit 5
"""

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Annotated, Any, get_args, get_type_hints


def with_flag_sets(function: Callable[..., None]) -> Callable[..., None]:
    """The function with its flag sets spread out, as typer reads it."""
    parameters: list[inspect.Parameter] = []
    sets: dict[str, type[Any]] = {}
    hints = get_type_hints(function, include_extras=True)
    for parameter in inspect.signature(function).parameters.values():
        annotation = hints[parameter.name]
        if isinstance(annotation, type) and is_dataclass(annotation):
            sets[parameter.name] = annotation
            parameters += _fields_of(annotation)
        else:
            parameters.append(parameter.replace(annotation=annotation, kind=inspect.Parameter.KEYWORD_ONLY))

    def command(**given: Any) -> None:
        made = {name: kind(**{one.name: given.pop(one.name) for one in fields(kind)}) for name, kind in sets.items()}
        function(**made, **given)

    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


def _fields_of(kind: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default(one),
            annotation=_in_panel(getattr(kind, "PANEL", None), hints[one.name]),
        )
        for one in fields(kind)
    ]


def _in_panel(panel: str | None, annotation: Any) -> Any:
    """The annotation of a flag, with where its help is to stand."""
    if panel is None:
        return annotation
    kind, option = get_args(annotation)
    option = copy(option)
    option.rich_help_panel = panel
    return Annotated[kind, option]


def _default(field: Field[Any]) -> Any:
    return inspect.Parameter.empty if field.default is MISSING else field.default
