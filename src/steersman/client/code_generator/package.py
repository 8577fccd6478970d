"""The files for definitions: a package for each, with a module for each served version."""

from collections.abc import Iterable
from keyword import iskeyword
from pathlib import PurePosixPath

from steersman.client.code_generator.definition import Definition, by_name
from steersman.client.code_generator.module import HEADER, Module
from steersman.client.code_generator.python_name import Names, snake_case
from steersman.client.code_generator.python_text import WIDTH, call, docstring, quoted


def generate(definitions: Iterable[Definition], package: str = "") -> dict[PurePosixPath, str]:
    """The text of each file, by its path in the output folder; ``package`` is the name of a package around them.

    Raises ValueError, with one line, for a name that is none and a definition with a schema that is none.
    """
    if package and (not package.isidentifier() or iskeyword(package)):
        raise ValueError(f"{package!r} cannot be the name of a Python package")
    folder = PurePosixPath(package)
    files: dict[PurePosixPath, str] = {}
    names = Names()
    ordered = by_name(definitions)
    for definition in ordered:
        plural = snake_case(definition.plural)
        name = names.take(plural, suffix=f"_{snake_case(definition.group)}")
        files |= _package(folder / name, definition)
    if package:
        about = f"Clients for {', '.join(definition.name for definition in ordered)}."
        files[folder / "__init__.py"] = "\n".join([HEADER, *docstring(about, "")]) + "\n"
    return dict(sorted(files.items()))


def _package(folder: PurePosixPath, definition: Definition) -> dict[PurePosixPath, str]:
    modules = {version.name: Module(definition, version) for version in definition.versions}
    names = {version: version.replace("-", "_") for version in modules}
    newest = definition.versions[0].name
    files = {folder / f"{names[version]}.py": module.source() for version, module in modules.items()}
    others = [names[version] for version in modules if version != newest]
    files[folder / "__init__.py"] = _exports(definition, names[newest], modules[newest].exports, others)
    return files


def _exports(definition: Definition, module: str, exports: list[str], others: list[str]) -> str:
    about = f"{definition.kind} of {definition.group}: what the module ``{module}`` has."
    if others:
        about += f" Other versions: {', '.join(f'``{other}``' for other in others)}."
    lines = [
        HEADER,
        *docstring(about, ""),
        "",
        *_import(module, exports),
        "",
        *call("__all__ = [", [quoted(name) for name in exports], "]"),
    ]
    return "\n".join(lines) + "\n"


def _import(module: str, names: list[str]) -> list[str]:
    line = f"from .{module} import {', '.join(names)}"
    return [line] if len(line) <= WIDTH else call(f"from .{module} import (", names, ")")
