"""Answers read, and what must hold of every document."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from steersman.apiserver.http.message import Response
from steersman.apiserver.openapi import OpenAPI
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.version import version_info


class Documents:
    """Checks of documents, for tests to call."""

    @staticmethod
    def body(answer: Response) -> Any:
        assert answer.status == 200
        assert isinstance(answer.body, bytes)
        return orjson.loads(answer.body)

    @classmethod
    def dangling(cls, document: Any) -> set[str]:
        """References that name nothing in the document."""
        return {ref for ref in cls.references(document) if not cls._has(document, ref)}

    @classmethod
    def references(cls, node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "$ref" and isinstance(value, str):
                    yield value
                else:
                    yield from cls.references(value)
        elif isinstance(node, list):
            for one in node:
                yield from cls.references(one)

    @staticmethod
    def _has(document: Any, ref: str) -> bool:
        assert ref.startswith("#/")
        for step in ref[2:].split("/"):
            if step not in document:
                return False
            document = document[step]
        return True

    @staticmethod
    def operations(document: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Path, method and operation."""
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    yield path, method, operation


@pytest.fixture
def documents() -> type[Documents]:
    return Documents


@pytest.fixture
def openapi(served: ServedResources) -> OpenAPI:
    return OpenAPI(served, version_info(37))
