"""Fetch the pinned source packages with pip, and read the facts out of their archives without installing them."""

import ast
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

DEFINITION_PACKAGES = ("kubernetes-validate==1.12.0", "kubernetes-validate==1.24.0", "kubernetes-validate==1.37.0")
# One release of lightkube-models for each minor from 1.15.
RESOURCE_PACKAGES = (
    "lightkube-models==1.15.12.8",
    "lightkube-models==1.16.15.8",
    "lightkube-models==1.17.16.8",
    "lightkube-models==1.18.14.8",
    "lightkube-models==1.19.6.8",
    "lightkube-models==1.20.1.8",
    "lightkube-models==1.21.0.8",
    "lightkube-models==1.22.0.8",
    "lightkube-models==1.23.6.8",
    "lightkube-models==1.24.1.8",
    "lightkube-models==1.25.4.8",
    "lightkube-models==1.26.0.8",
    "lightkube-models==1.27.1.8",
    "lightkube-models==1.28.1.8",
    "lightkube-models==1.29.0.8",
    "lightkube-models==1.30.0.8",
    "lightkube-models==1.31.1.8",
    "lightkube-models==1.32.0.8",
    "lightkube-models==1.33.1.8",
    "lightkube-models==1.34.0.8",
    "lightkube-models==1.35.0.8",
    "lightkube-models==1.36.3.8",
    "lightkube-models==1.37.0.8",
)
DEFINITIONS_PATH = re.compile(r"/v1\.(\d+)\.\d+-local/_definitions\.json$")
RESOURCES_PATH = re.compile(r"lightkube/resources/\w+\.py$")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SourceResource:
    """One resource (or subresource) that a minor's OpenAPI document has paths for."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...]
    subresource: str
    body: tuple[str, str, str]


def fetch(cache: Path, progress: Progress) -> None:
    """Download what is missing in the directory ``cache``; raise CalledProcessError when pip fails."""
    cache.mkdir(parents=True, exist_ok=True)
    for requirement in (*DEFINITION_PACKAGES, *RESOURCE_PACKAGES):
        if _archive(cache, requirement) is None:
            progress(f"download {requirement}")
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--dest",
                str(cache),
                requirement,
            ]
            subprocess.run(command, check=True)  # noqa: S603 — the arguments are those above


def read_definition_documents(cache: Path) -> dict[int, dict[str, Any]]:
    """The parsed definitions document of every minor; where two packages have one, the newer package's."""
    documents: dict[int, dict[str, Any]] = {}
    for requirement in DEFINITION_PACKAGES:
        for path, content in _members(cache, requirement, DEFINITIONS_PATH):
            found = DEFINITIONS_PATH.search(path)
            if found is not None:
                documents[int(found[1])] = orjson.loads(content)
    return documents


def read_resources(cache: Path) -> dict[int, list[SourceResource]]:
    """The resources and subresources of every minor from 1.15 on."""
    resources: dict[int, list[SourceResource]] = {}
    for requirement in RESOURCE_PACKAGES:
        minor = int(requirement.split("==1.")[1].split(".")[0])
        found = [
            resource
            for _, content in _members(cache, requirement, RESOURCES_PATH)
            for resource in _module_resources(ast.parse(content))
        ]
        resources[minor] = sorted(found, key=lambda item: (item.group, item.version, item.plural, item.subresource))
    return resources


def _archive(cache: Path, requirement: str) -> Path | None:
    name, version = requirement.split("==")
    pattern = re.compile(rf"{name.replace('-', '[-_]')}-{re.escape(version)}(-.*\.whl|\.tar\.gz)$")
    return next((path for path in sorted(cache.iterdir()) if pattern.match(path.name)), None)


def _members(cache: Path, requirement: str, wanted: re.Pattern[str]) -> Iterator[tuple[str, bytes]]:
    archive = _archive(cache, requirement)
    if archive is None:
        raise FileNotFoundError(f"{requirement} is not in {cache}")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for path in sorted(wheel.namelist()):
                if wanted.search(path):
                    yield path, wheel.read(path)
        return
    with tarfile.open(archive) as sdist:
        for member in sdist:
            content = sdist.extractfile(member) if wanted.search(member.name) else None
            if content is not None:
                yield member.name, content.read()


def _module_resources(module: ast.Module) -> Iterator[SourceResource]:
    for statement in module.body:
        if isinstance(statement, ast.ClassDef):
            for assignment in statement.body:
                if isinstance(assignment, ast.Assign) and isinstance(assignment.value, ast.Call):
                    yield _resource(statement, assignment.value)


def _resource(owner: ast.ClassDef, api_info: ast.Call) -> SourceResource:
    """Read ``ApiInfo(resource=ResourceDef(group, version, kind), parent=…, plural=…, verbs=…, action=…)``."""
    fields = {keyword.arg: keyword.value for keyword in api_info.keywords}
    body = _triple(fields["resource"])
    group, version, kind = _triple(fields["parent"]) if "parent" in fields else body
    return SourceResource(
        group=group,
        version=version,
        kind=kind,
        plural=ast.literal_eval(fields["plural"]),
        namespaced="Namespaced" in ast.unparse(owner.bases[0]),
        verbs=tuple(ast.literal_eval(fields["verbs"])),
        subresource=ast.literal_eval(fields["action"]) if "action" in fields else "",
        body=body,
    )


def _triple(call: ast.expr) -> tuple[str, str, str]:
    if not isinstance(call, ast.Call):
        raise TypeError(f"not a call: {ast.unparse(call)}")
    group, version, kind = (ast.literal_eval(argument) for argument in call.args)
    return group, version, kind
