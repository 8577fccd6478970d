"""The formats of ``-o`` that print objects themselves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steersman.cli.cluster.failure import UsageError
from steersman.cli.printing.json_text import print_json

Json = dict[str, Any]


@dataclass(frozen=True)
class Output:
    """A format that was asked for: ``kind`` is what stands before the equals sign, ``argument`` what stands after."""

    kind: str
    argument: str = ""

    @classmethod
    def parse(cls, text: str, kinds: Sequence[str]) -> "Output":
        """Raises UsageError for a format that is none of ``kinds``, or lacks its argument."""
        kind, _, argument = text.partition("=")
        if kind not in kinds:
            listed = ", ".join(filter(None, kinds))
            raise UsageError(
                f'unable to match a printer suitable for the output format "{kind}", allowed formats are: {listed}'
            )
        if kind in WITH_ARGUMENT and not argument:
            raise UsageError(f"{WITH_ARGUMENT[kind]} format specified but no {WITH_ARGUMENT[kind]} given")
        return cls(kind, argument)


WITH_ARGUMENT: Mapping[str, str] = {
    "jsonpath": "template",
    "jsonpath-as-json": "template",
    "jsonpath-file": "template",
    "custom-columns": "custom-columns",
    "custom-columns-file": "custom-columns",
}

OBJECT_FORMATS = ("json", "yaml", "name")
ALL_FORMATS = (*OBJECT_FORMATS, *WITH_ARGUMENT)


def printer(output: Output) -> Callable[[Any], str]:
    """What makes text of an object or a List. For all formats but the columns and ``name``. Raises UsageError."""
    match output.kind:
        case "json":
            return print_json
        case "yaml":
            from steersman.cli.printing.yaml_text import print_yaml

            return print_yaml
        case "jsonpath-as-json":
            return _found_as_json(output.argument)
    from steersman.cli.printing.jsonpath_template import compile_template

    text = Path(output.argument).read_text() if output.kind == "jsonpath-file" else output.argument
    return compile_template(text)


def _found_as_json(text: str) -> Callable[[Any], str]:
    from steersman.apimachinery.jsonpath import JSONPath

    find = JSONPath.compile(text.strip().removeprefix("{").removesuffix("}")).find
    return lambda value: print_json(find(value))


def resource_name(plural_or_kind: str, group: str, name: str) -> str:
    """``pod/x``, ``deployment.apps/x``."""
    return f"{plural_or_kind}.{group}/{name}" if group else f"{plural_or_kind}/{name}"


def without_managed_fields(obj: Json) -> Json:
    metadata = obj.get("metadata") or {}
    if "managedFields" not in metadata:
        return obj
    return {**obj, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def as_list(objects: Sequence[Json]) -> Json:
    return {"apiVersion": "v1", "items": list(objects), "kind": "List", "metadata": {"resourceVersion": ""}}
