"""The group admission.steersman.dev: the admission chain as an object, and its plugins as they run.

An AdmissionChain says which plugins look at writes, in which order and how they are configured; there is one, named
``default``. AdmissionPlugins are read-only: what this server has made of it, and what its plugins have done so far.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from steersman.apimachinery.group_version import GroupKind, GroupResource, GroupVersion, GroupVersionKind
from steersman.apis.builtin import Definitions
from steersman.apis.catalog import REF_PREFIX
from steersman.apis.printer_columns import columns_of
from steersman.apiserver.registry.resource import Definition, Object, Resource, StoredKind, Strategy
from steersman.storage.watch_cache import Codec

ADMISSION = GroupVersion("admission.steersman.dev", "v1")
CHAINS = GroupResource(ADMISSION.group, "admissionchains")
CHAIN = GroupKind(ADMISSION.group, "AdmissionChain")
PLUGIN = GroupKind(ADMISSION.group, "AdmissionPlugin")
THE_CHAIN = "default"
"""The name of the one AdmissionChain."""

_STRING: Mapping[str, Any] = {"type": "string"}
_COUNT: Mapping[str, Any] = {"type": "integer", "format": "int64"}


def admission_resources(definitions: Definitions, running: Callable[[], Sequence[Object]]) -> list[Resource]:
    """The resources of the group; ``running`` gives the AdmissionPlugins of this moment."""
    kind = GroupVersionKind(*ADMISSION, CHAIN.kind)
    codec = Codec(kind.api_version, kind.kind)
    stored = StoredKind(f"/registry/{CHAINS.resource}/", kind, False, codec)
    chains = _resource(CHAIN, _CHAIN, definitions, stored=stored, strategy=_ChainStrategy(), short_names=("chain",))
    plugins = _resource(
        PLUGIN,
        _PLUGIN,
        definitions,
        stored=None,
        strategy=Strategy(),
        short_names=("aplugin",),
        verbs=("get", "list"),
        computed=running,
    )
    return [chains, plugins]


class _ChainStrategy(Strategy):
    tracks_generation = True

    @staticmethod
    def validate_name(name: str, prefix: bool) -> list[str]:
        return [] if name == THE_CHAIN else [f'there is one AdmissionChain, named "{THE_CHAIN}"']


def _resource(kind: GroupKind, schema: Mapping[str, Any], definitions: Definitions, **behaviour: Any) -> Resource:
    singular = kind.kind.lower()
    return Resource(
        group=ADMISSION.group,
        version=ADMISSION.version,
        plural=f"{singular}s",
        kind=kind.kind,
        namespaced=False,
        singular=singular,
        list_kind=f"{kind.kind}List",
        definition=Definition(f"dev.steersman.admission.v1.{kind.kind}", lambda: schema, definitions.schema),
        columns=partial(columns_of, kind),
        selectable_fields=frozenset(("metadata.name",)),
        **behaviour,
    )


def _described(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "description": text}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return {**schema, "required": [*required]} if required else schema


def _kind(kind: GroupKind, text: str, part: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a kind that has one ``part`` beside its metadata."""
    properties = {
        "apiVersion": _described("The version of this schema, admission.steersman.dev/v1.", _STRING),
        "kind": _described(f"The type of the object, {kind.kind}.", _STRING),
        "metadata": {"$ref": f"{REF_PREFIX}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
        part: schema,
    }
    return {
        **_described(text, _object(properties, part)),
        "x-kubernetes-group-version-kind": [{"group": kind.group, "kind": kind.kind, "version": ADMISSION.version}],
    }


_CHAIN = _kind(
    CHAIN,
    "AdmissionChain says which admission plugins look at writes, in which order, and how they are configured. There is "
    "one, named default. A valid change is in force for every request that starts after it, in every replica; one that "
    "is not valid is refused.",
    "spec",
    _described(
        "The chain that is wanted.",
        _object(
            {
                "plugins": {
                    "description": "The plugins in the order in which they are asked. One that is not here is not "
                    "asked.",
                    "type": "array",
                    "items": _object(
                        {
                            "name": _described(
                                "What the plugin is called, such as LimitRanger. The AdmissionPlugins are those there "
                                "are.",
                                _STRING,
                            ),
                            "enabled": _described(
                                "Whether the plugin is asked. One that is not keeps its place and its configuration.",
                                {"type": "boolean", "default": True},
                            ),
                            "configuration": _described(
                                "What the plugin is told, as in the AdmissionConfiguration of "
                                "--admission-control-config-file.",
                                {
                                    "type": "object",
                                    "x-kubernetes-preserve-unknown-fields": True,
                                    "x-kubernetes-map-type": "atomic",
                                },
                            ),
                        },
                        "name",
                    ),
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "x-kubernetes-patch-strategy": "merge",
                    "x-kubernetes-patch-merge-key": "name",
                }
            },
            "plugins",
        ),
    ),
)

_COUNTS: Mapping[str, Any] = {
    "admitted": _described("How often it let a write pass, since the server started.", _COUNT),
    "rejected": _described("How often it refused one.", _COUNT),
    "averageSeconds": _described("How long it took to do so on average.", {"type": "number", "format": "double"}),
}
_PLUGIN = _kind(
    PLUGIN,
    "AdmissionPlugin is an admission plugin as the server that answers knows it: its place in the chain that runs "
    "there, and what it has done so far. It cannot be written: the AdmissionChain can.",
    "status",
    _described(
        "The plugin as it is now.",
        _object(
            {
                "enabled": _described("Whether it is asked.", {"type": "boolean"}),
                "order": _described("Its place among those that are asked, from 1.", {"type": "integer"}),
                "phases": _described(
                    "The phases in which it is asked: Mutating, Validating.", {"type": "array", "items": _STRING}
                ),
                "operations": _described(
                    "The operations that it is asked about: CREATE, UPDATE, DELETE, CONNECT.",
                    {"type": "array", "items": _STRING},
                ),
                "resources": _described(
                    "The resources that it is asked about, such as deployments.apps; * for all.",
                    {"type": "array", "items": _STRING},
                ),
                "chainResourceVersion": _described("The AdmissionChain that is in force on this server.", _STRING),
                **_COUNTS,
                "counts": _described(
                    "The same for each phase and operation.",
                    {
                        "type": "array",
                        "items": _object(
                            {
                                "phase": _described("Mutating or Validating.", _STRING),
                                "operation": _described("CREATE, UPDATE, DELETE or CONNECT.", _STRING),
                                **_COUNTS,
                            }
                        ),
                    },
                ),
            }
        ),
    ),
)
