"""Whether a CustomResourceDefinition is valid, on creation and from one state to the next."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from steersman.apiextensions.definition_strategy import DefinitionStrategy

Definition = dict[str, Any]
Change = Callable[[Definition], None]

V1, V1BETA1 = DefinitionStrategy(v1=True), DefinitionStrategy(v1=False)
DNS1035 = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
COLUMN_TYPES = "must be one of boolean,date,integer,number,string"
COLUMNS = "spec.additionalPrinterColumns[0]"
SCALE = "spec.subresources.scale"
SCHEMA = "spec.validation.openAPIV3Schema"


def version(name: str, storage: bool = False, **fields: Any) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer"}, "tags": {"type": "object"}}}
        },
    }
    return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": schema}, **fields}


def definition(**spec: Any) -> Definition:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "databases.example.com", "uid": "1", "generation": 1},
        "spec": {
            "group": "example.com",
            "names": {"plural": "databases", "kind": "Database"},
            "scope": "Namespaced",
            "versions": [version("v1", storage=True)],
            **spec,
        },
    }


def beta(**spec: Any) -> Definition:
    crd = definition(version="v1", **spec)
    crd["apiVersion"] = "apiextensions.k8s.io/v1beta1"
    if "versions" not in spec:
        del crd["spec"]["versions"]
    return crd


def create(crd: Definition, strategy: DefinitionStrategy = V1) -> list[str]:
    crd = deepcopy(crd)
    strategy.prepare_for_create(crd)
    return [str(error) for error in strategy.validate(crd)]


def update(
    old: Definition, change: Change, *, established: bool = True, strategy: DefinitionStrategy = V1
) -> list[str]:
    old = deepcopy(old)
    strategy.prepare_for_create(old)
    if established:
        old["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    new = deepcopy(old)
    change(new)
    strategy.prepare_for_update(new, old)
    return [str(error) for error in strategy.validate_update(new, old)]


def of_first_version(**fields: Any) -> Definition:
    return definition(versions=[version("v1", storage=True, **fields)])


@pytest.mark.parametrize(
    "crd",
    [
        definition(),
        definition(scope="Cluster", versions=[version("v1alpha1"), version("v1", storage=True)]),
        of_first_version(
            subresources={
                "status": {},
                "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"},
            },
            additionalPrinterColumns=[{"name": "Size", "type": "integer", "jsonPath": ".spec.size", "priority": 1}],
            selectableFields=[{"jsonPath": ".spec.size"}],
            deprecated=True,
            deprecationWarning="use v2",
        ),
    ],
)
def test_valid_definitions(crd: Definition) -> None:
    assert create(crd) == []


@pytest.mark.parametrize(
    ("crd", "expected"),
    [
        (
            definition(group="other.com"),
            ['metadata.name: Invalid value: "databases.example.com": must be spec.names.plural+"."+spec.group'],
        ),
        (
            definition(scope="Galaxy"),
            ['spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"'],
        ),
        (definition(scope=""), ["spec.scope: Required value"]),
        (
            definition(names={"plural": "databases", "kind": "Database", "listKind": "Database"}),
            ['spec.names.listKind: Invalid value: "Database": kind and listKind may not be the same'],
        ),
        (
            definition(
                names={"plural": "databases", "kind": "Data_base", "shortNames": ["d", "D"], "categories": ["-"]}
            ),
            [
                f'spec.names.singular: Invalid value: "data_base": {DNS1035}',
                'spec.names.kind: Invalid value: "Data_base": '
                f"may have mixed case, but should otherwise match: {DNS1035}",
                'spec.names.listKind: Invalid value: "Data_baseList": '
                f"may have mixed case, but should otherwise match: {DNS1035}",
                f'spec.names.shortNames[1]: Invalid value: "D": {DNS1035}',
                f'spec.names.categories[0]: Invalid value: "-": {DNS1035}',
            ],
        ),
    ],
)
def test_names_and_scope(crd: Definition, expected: list[str]) -> None:
    assert create(crd) == expected


@pytest.mark.parametrize(
    ("group", "problem"),
    [("", "Required value"), ("example", 'Invalid value: "example": should be a domain with at least one dot')],
)
def test_group(group: str, problem: str) -> None:
    crd = definition(group=group)
    crd["metadata"]["name"] = f"databases.{group}"
    assert create(crd) == [f"spec.group: {problem}"]


def problems_of_versions(*versions: dict[str, Any]) -> list[str]:
    """Field and detail only: the value in between is the whole list of versions."""
    return [f"{error.split(': ')[0]}: {error.split(': ')[-1]}" for error in create(definition(versions=list(versions)))]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([version("v1"), version("v2")], "spec.versions: must have exactly one version marked as storage version"),
        (
            [version("v1", storage=True), version("v2", storage=True)],
            "spec.versions: must have exactly one version marked as storage version",
        ),
        ([version("v1", storage=True), version("v1")], "spec.versions: must contain unique version names"),
    ],
)
def test_version_set(versions: list[dict[str, Any]], expected: str) -> None:
    assert expected in problems_of_versions(*versions)


def test_a_schema_is_required() -> None:
    crd = definition(versions=[version("v1", storage=True), {"name": "v2", "served": False, "storage": False}])
    assert create(crd) == ["spec.versions[1].schema.openAPIV3Schema: Required value"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"deprecationWarning": "x"},
            ['spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions'],
        ),
        (
            {"deprecated": True, "deprecationWarning": ""},
            ['spec.versions[0].deprecationWarning: Invalid value: "": must not be an empty string'],
        ),
        (
            {"deprecated": True, "deprecationWarning": "a\nb"},
            [
                r'spec.versions[0].deprecationWarning: Invalid value: "a\nb": must only contain printable UTF-8 '
                "characters; non-printable character found at index 1"
            ],
        ),
        (
            {"additionalPrinterColumns": [{}]},
            [
                f"{COLUMNS}.name: Required value",
                f"{COLUMNS}.type: Required value: {COLUMN_TYPES}",
                f"{COLUMNS}.JSONPath: Required value",
            ],
        ),
        (
            {"additionalPrinterColumns": [{"name": "a", "type": "text", "format": "x", "jsonPath": "spec"}]},
            [
                f'{COLUMNS}.type: Invalid value: "text": {COLUMN_TYPES}',
                f'{COLUMNS}.format: Invalid value: "x": '
                "must be one of byte,date,date-time,double,float,int32,int64,password",
                f'{COLUMNS}.JSONPath: Invalid value: "spec": must be a simple json path starting with .',
            ],
        ),
        (
            {"subresources": {"scale": {}}},
            [f"{SCALE}.specReplicasPath: Required value", f"{SCALE}.statusReplicasPath: Required value"],
        ),
        (
            {
                "subresources": {
                    "scale": {
                        "specReplicasPath": ".status.size",
                        "statusReplicasPath": "status.size",
                        "labelSelectorPath": ".selector",
                    }
                }
            },
            [
                f'{SCALE}.specReplicasPath: Invalid value: ".status.size": should be a json path under .spec',
                f'{SCALE}.statusReplicasPath: Invalid value: "status.size": must be a simple json path starting with .',
                f'{SCALE}.labelSelectorPath: Invalid value: ".selector": '
                "should be a json path under either .spec or .status",
            ],
        ),
        (
            {
                "selectableFields": [
                    {},
                    {"jsonPath": ".spec.nothing"},
                    {"jsonPath": ".spec.tags"},
                    {"jsonPath": ".spec.size"},
                    {"jsonPath": ".spec.size"},
                    {"jsonPath": ".spec['size']"},
                ]
            },
            [
                "spec.selectableFields[0].jsonPath: Required value",
                'spec.selectableFields[1].jsonPath: Invalid value: ".spec.nothing": '
                "is an invalid path: does not refer to a valid field",
                'spec.selectableFields[2].jsonPath: Invalid value: ".spec.tags": must point to a field of type string, '
                "boolean or integer. Enum string fields and strings with formats are allowed.",
                'spec.selectableFields[4].jsonPath: Duplicate value: ".spec.size"',
                "spec.selectableFields[5].jsonPath: Invalid value: \".spec['size']\": "
                "is an invalid path: array notation is not allowed",
            ],
        ),
    ],
)
def test_parts_of_a_version(fields: dict[str, Any], expected: list[str]) -> None:
    assert create(of_first_version(**fields)) == expected


def with_schema(schema: dict[str, Any], **fields: Any) -> Definition:
    return of_first_version(schema={"openAPIV3Schema": schema}, **fields)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"properties": {}}, [f"{SCHEMA}.type: Required value: must not be empty at the root"]),
        ({"type": "object", "nullable": True}, [f"{SCHEMA}.nullable: Forbidden: nullable cannot be true at the root"]),
        (
            {"type": "object", "properties": {"spec": {"properties": {"a": {"type": "string"}}}}},
            [
                f"{SCHEMA}.properties[spec].type: Required value: must not be empty for specified object fields",
            ],
        ),
        (
            {"type": "object", "properties": {"spec": {"type": "integer", "default": "x"}}},
            [f'{SCHEMA}.properties[spec].default: Invalid value: "string":  in body must be of type integer: "string"'],
        ),
        (
            {
                "type": "object",
                "properties": {
                    "spec": {"type": "object", "properties": {"a": {"type": "string"}}, "default": {"b": 1}},
                },
            },
            [f'{SCHEMA}.properties[spec].default: Invalid value: {{"b":1}}: must not have unknown fields'],
        ),
    ],
)
def test_schemas(schema: dict[str, Any], expected: list[str]) -> None:
    assert create(with_schema(schema)) == expected


def test_defaults_that_are_fine() -> None:
    fine = {
        "type": "array",
        "items": {"type": "object", "properties": {"a": {"type": "string"}}},
        "default": [{"a": "b"}],
    }
    assert create(with_schema({"type": "object", "properties": {"spec": fine}})) == []
    unknown = {**fine, "default": [{"c": "b"}]}
    (error,) = create(with_schema({"type": "object", "properties": {"spec": unknown}}))
    assert error.endswith("must not have unknown fields")


def test_a_root_with_status_says_nothing_that_reaches_into_it() -> None:
    status: dict[str, Any] = {"status": {}}
    schema = {"type": "object", "anyOf": [{"required": ["spec"]}]}
    assert create(with_schema(schema)) == []
    (error,) = create(with_schema(schema, subresources=status))
    assert error.startswith(f"{SCHEMA}: Invalid value: ")
    assert "only [Description Type Format Title " in error
    assert error.endswith("fields are allowed at the root of the schema if the status subresource is enabled")


def test_community_groups_need_approval() -> None:
    crd = definition(group="x.k8s.io")
    crd["metadata"]["name"] = "databases.x.k8s.io"
    (error,) = create(crd)
    assert error.startswith("metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must")


def test_v1_does_not_preserve_unknown_fields() -> None:
    assert create(definition(preserveUnknownFields=True)) == [
        "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set "
        "x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
    ]


@pytest.mark.parametrize(
    "crd",
    [
        beta(),
        beta(validation={"openAPIV3Schema": {"properties": {"spec": {"properties": {"a": {"type": "text"}}}}}}),
        beta(preserveUnknownFields=False, validation={"openAPIV3Schema": {"type": "object"}}),
    ],
)
def test_v1beta1_is_lenient(crd: Definition) -> None:
    assert create(crd, V1BETA1) == []


@pytest.mark.parametrize(
    ("crd", "expected"),
    [
        (
            beta(preserveUnknownFields=False),
            [
                "spec.versions[0].schema.openAPIV3Schema: Required value: because otherwise all fields are pruned",
            ],
        ),
        (
            beta(
                validation={
                    "openAPIV3Schema": {"type": "object", "properties": {"a": {"type": "string", "default": ""}}}
                }
            ),
            [
                f"{SCHEMA}.properties[a].default: Forbidden: must not be set (cannot set default values in "
                "apiextensions.k8s.io/v1beta1 CRDs, must use apiextensions.k8s.io/v1)"
            ],
        ),
        (
            beta(versions=[{"name": "v2", "served": True, "storage": True}]),
            ['spec.version: Invalid value: "v1": must match the first version in spec.versions'],
        ),
        (
            beta(
                validation={"openAPIV3Schema": {"type": "object"}},
                versions=[version("v1", storage=True), {"name": "v2", "served": True, "storage": False}],
            ),
            ["spec.validation: Forbidden: top-level and per-version schemas are mutually exclusive"],
        ),
    ],
)
def test_v1beta1_has_rules_of_its_own(crd: Definition, expected: list[str]) -> None:
    assert create(crd, V1BETA1) == expected


def test_v1beta1_says_once_what_is_the_same() -> None:
    (error,) = create(beta(versions=[version("v1", storage=True)]), V1BETA1)
    assert error.endswith(
        "per-version schemas may not all be set to identical values (top-level validation should be used instead)"
    )


def test_what_cannot_change() -> None:
    def change(crd: Definition) -> None:
        crd["spec"]["scope"] = "Cluster"
        crd["spec"]["group"] = "other.com"
        crd["spec"]["names"] = {"plural": "bases", "kind": "Base"}

    always = [
        'spec.group: Invalid value: "other.com": field is immutable',
        'spec.names.plural: Invalid value: "bases": field is immutable',
    ]
    assert update(definition(), change, established=False) == always
    assert update(definition(), change) == [
        *always,
        'spec.scope: Invalid value: "Cluster": field is immutable',
        'spec.names.kind: Invalid value: "Base": field is immutable',
    ]


def test_a_version_that_was_stored_must_stay() -> None:
    def change(crd: Definition) -> None:
        crd["spec"]["versions"] = [version("v2", storage=True)]

    assert update(definition(), change) == [
        'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage '
        "version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 "
        "and removes v1 from status.storedVersions"
    ]


def test_what_is_stored_is_not_held_against_an_update() -> None:
    old = with_schema({"properties": {"a": {"type": "text"}}})

    def change(crd: Definition) -> None:
        crd["spec"]["names"]["shortNames"] = ["db"]

    assert create(old) != []
    old["spec"]["preserveUnknownFields"] = True
    assert update(old, change) == []


def test_many_selectable_fields_may_only_stay_as_they_are() -> None:
    names = [f"f{number}" for number in range(9)]
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    old = with_schema(schema, selectableFields=[{"jsonPath": f".{name}"} for name in names])
    too_many = ["spec.selectableFields: Too many: 9: must have at most 8 items"]

    def rename(crd: Definition) -> None:
        crd["spec"]["names"]["shortNames"] = ["db"]

    def reorder(crd: Definition) -> None:
        crd["spec"]["versions"][0]["selectableFields"].reverse()

    assert create(old) == too_many
    assert update(old, rename) == []
    assert update(old, reorder) == too_many
