"""Who knows where a volume is: a cloud, or a file that somebody keeps.

The file is a YAML or JSON list, read anew for each PersistentVolume that is created::

    - source: awsElasticBlockStore
      id: vol-0123
      labels:
        topology.kubernetes.io/zone: eu-west-1a
        topology.kubernetes.io/region: eu-west-1
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from steersman.apimachinery.encoding import yaml
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.registry.resource import Object


class NotLabelled(Exception):
    """It is not known where the volume is; says why."""


class VolumeLabeler(Protocol):
    async def labels(self, source: str, identity: str, volume: Object) -> Mapping[str, str]:
        """The labels of the volume that ``identity`` names in ``source``, a member of a PersistentVolume's spec.

        Raises NotLabelled.
        """
        ...


class FileLabeler:
    def __init__(self, file: Path) -> None:
        self._file = file

    async def labels(self, source: str, identity: str, volume: Object) -> Mapping[str, str]:
        try:
            known = await asyncio.to_thread(self.read)
        except ValueError as error:
            raise NotLabelled(str(error)) from None
        if (source, identity) not in known:
            raise NotLabelled(f"it is not listed in {self._file.name}")
        return known[source, identity]

    def read(self) -> Mapping[tuple[str, str], Mapping[str, str]]:
        """Source and identity to labels. Raises ValueError, with one line that names the file."""
        try:
            listed = yaml.decode(self._file.read_bytes())
        except OSError as error:
            raise ValueError(f"{self._file}: {error.strerror}") from None
        except ApiError as error:
            raise ValueError(f"{self._file}: {error.message}") from None
        if not isinstance(listed, list):
            raise ValueError(f"{self._file}: must be a list")
        return dict(self._entry(at, one) for at, one in enumerate(listed))

    def _entry(self, at: int, one: Any) -> tuple[tuple[str, str], Mapping[str, str]]:
        if isinstance(one, dict) and set(one) == {"source", "id", "labels"} and isinstance(one["labels"], dict):
            texts = (one["source"], one["id"], *one["labels"].values())
            if all(isinstance(text, str) for text in texts):
                return (one["source"], one["id"]), one["labels"]
        raise ValueError(f"{self._file}: [{at}]: must have source, id and labels, all of them strings")
