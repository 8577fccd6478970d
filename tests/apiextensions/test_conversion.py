"""CustomResourceDefinition between v1beta1 and v1."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apiextensions.conversion import to_v1, to_v1beta1
from steersman.apiextensions.defaults import default_v1, default_v1beta1

SCHEMA: dict[str, dict[str, Any]] = {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}}}
COLUMN = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
BETA_COLUMN = {"name": "Size", "type": "integer", "JSONPath": ".spec.size"}


def v1(*versions: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "databases.example.com"},
        "spec": {"group": "example.com", "versions": list(versions), **spec},
    }


def v1beta1(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1beta1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "databases.example.com"},
        "spec": {"group": "example.com", **spec},
    }


def version(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "served": True, "storage": name == "v1", **fields}


def test_version_alone_becomes_the_only_version() -> None:
    assert to_v1(v1beta1(version="v1"))["spec"]["versions"] == [{"name": "v1", "served": True, "storage": True}]


def test_what_v1beta1_says_once_each_version_of_v1_says() -> None:
    beta = v1beta1(
        versions=[version("v1"), version("v2")],
        validation=SCHEMA,
        subresources={"status": {}},
        additionalPrinterColumns=[BETA_COLUMN],
        selectableFields=[{"jsonPath": ".spec.size"}],
    )
    own = {
        "schema": SCHEMA,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [COLUMN],
        "selectableFields": [{"jsonPath": ".spec.size"}],
    }
    assert to_v1(beta)["spec"] == {"group": "example.com", "versions": [version("v1", **own), version("v2", **own)]}


def test_what_all_versions_of_v1_share_v1beta1_says_once() -> None:
    spec = to_v1beta1(v1(version("v1", schema=SCHEMA), version("v2", schema=SCHEMA)))["spec"]
    assert spec["validation"] == SCHEMA
    assert spec["versions"] == [version("v1"), version("v2")]
    assert spec["version"] == "v1"
    assert spec["preserveUnknownFields"] is False


def test_the_order_of_members_makes_no_difference() -> None:
    other = {"openAPIV3Schema": dict(reversed(SCHEMA["openAPIV3Schema"].items()))}
    assert other == SCHEMA
    spec = to_v1beta1(v1(version("v1", schema=SCHEMA), version("v2", schema=other)))["spec"]
    assert spec["validation"] == SCHEMA


def test_what_differs_stays_with_its_version() -> None:
    spec = to_v1beta1(v1(version("v1", schema=SCHEMA, additionalPrinterColumns=[COLUMN]), version("v2")))["spec"]
    assert "validation" not in spec
    assert "additionalPrinterColumns" not in spec
    assert spec["versions"] == [version("v1", schema=SCHEMA, additionalPrinterColumns=[BETA_COLUMN]), version("v2")]


def test_values_that_only_python_takes_for_equal_are_not_shared() -> None:
    def enum(value: Any) -> dict[str, Any]:
        return {"openAPIV3Schema": {"enum": [value]}}

    spec = to_v1beta1(v1(version("v1", schema=enum(1)), version("v2", schema=enum(True))))["spec"]
    assert "validation" not in spec


@pytest.mark.parametrize(
    ("beta", "expected"),
    [
        ({"strategy": "None"}, {"strategy": "None"}),
        (
            {"strategy": "Webhook", "webhookClientConfig": {"url": "https://a"}, "conversionReviewVersions": ["v1"]},
            {
                "strategy": "Webhook",
                "webhook": {"clientConfig": {"url": "https://a"}, "conversionReviewVersions": ["v1"]},
            },
        ),
        (
            {"strategy": "Webhook", "conversionReviewVersions": ["v1"]},
            {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"]}},
        ),
    ],
)
def test_conversion_strategy(beta: dict[str, Any], expected: dict[str, Any]) -> None:
    converted = to_v1(v1beta1(version="v1", conversion=beta))["spec"]["conversion"]
    assert converted == expected
    assert to_v1beta1(v1(version("v1"), conversion=expected))["spec"]["conversion"] == beta


@pytest.mark.parametrize("beta", [{}, {"preserveUnknownFields": False}])
def test_preserve_unknown_fields_is_said_in_v1_only_when_true(beta: dict[str, Any]) -> None:
    assert "preserveUnknownFields" not in to_v1(v1beta1(version="v1", **beta))["spec"]
    assert to_v1(v1beta1(version="v1", preserveUnknownFields=True))["spec"]["preserveUnknownFields"] is True


def test_conversion_leaves_its_input_alone() -> None:
    beta = v1beta1(version="v1", validation=SCHEMA, additionalPrinterColumns=[BETA_COLUMN])
    one = v1(version("v1", schema=SCHEMA, additionalPrinterColumns=[COLUMN]))
    before = deepcopy((beta, one))
    to_v1(beta)
    to_v1beta1(one)
    assert (beta, one) == before


def test_defaults_of_v1() -> None:
    crd = v1(version("v1"), names={"plural": "databases", "kind": "Database"})
    default_v1(crd)
    assert crd["spec"]["names"]["singular"] == "database"
    assert crd["spec"]["names"]["listKind"] == "DatabaseList"
    assert crd["spec"]["conversion"] == {"strategy": "None"}
    assert "scope" not in crd["spec"]


def test_defaults_of_v1beta1() -> None:
    crd = v1beta1(version="v1", names={"plural": "databases", "kind": "Database", "singular": "db"})
    default_v1beta1(crd)
    assert crd["spec"]["scope"] == "Namespaced"
    assert crd["spec"]["names"] == {
        "plural": "databases",
        "kind": "Database",
        "singular": "db",
        "listKind": "DatabaseList",
    }
    assert crd["spec"]["versions"] == [{"name": "v1", "served": True, "storage": True}]
    assert crd["spec"]["preserveUnknownFields"] is True


def test_version_of_v1beta1_defaults_to_the_first() -> None:
    crd = v1beta1(versions=[version("v2"), version("v1")])
    default_v1beta1(crd)
    assert crd["spec"]["version"] == "v2"


def test_webhook_defaults() -> None:
    service = {"service": {"name": "a", "namespace": "b"}}
    beta = v1beta1(version="v1", conversion={"strategy": "Webhook", "webhookClientConfig": deepcopy(service)})
    default_v1beta1(beta)
    assert beta["spec"]["conversion"]["conversionReviewVersions"] == ["v1beta1"]
    assert beta["spec"]["conversion"]["webhookClientConfig"]["service"]["port"] == 443
    one = v1(version("v1"), conversion={"strategy": "Webhook", "webhook": {"clientConfig": deepcopy(service)}})
    default_v1(one)
    assert one["spec"]["conversion"]["webhook"]["clientConfig"]["service"]["port"] == 443


schemas = st.sampled_from([SCHEMA, {"openAPIV3Schema": {"type": "object", "enum": [1, True, 1.0]}}, {}])
columns = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("ab"), "type": st.just("string"), "jsonPath": st.sampled_from([".spec.a", ".b"])}
    ),
    min_size=1,
    max_size=2,
)
versions = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["v1", "v2", "v3"]), "served": st.booleans(), "storage": st.booleans()},
        optional={
            "schema": schemas,
            "subresources": st.sampled_from([{}, {"status": {}}]),
            "additionalPrinterColumns": columns,
            "selectableFields": st.just([{"jsonPath": ".spec.a"}]),
            "deprecated": st.just(True),
        },
    ),
    min_size=1,
    max_size=3,
)
conversions = st.one_of(
    st.just({"strategy": "None"}),
    st.fixed_dictionaries(
        {
            "strategy": st.just("Webhook"),
            "webhook": st.fixed_dictionaries(
                {"conversionReviewVersions": st.just(["v1", "v1beta1"])},
                optional={"clientConfig": st.just({"url": "https://example.com", "caBundle": "YQ=="})},
            ),
        }
    ),
)


@given(versions, conversions, st.booleans())
def test_v1_survives_the_way_through_v1beta1(
    versions: list[dict[str, Any]], conversion: dict[str, Any], preserve: bool
) -> None:
    extra = {"preserveUnknownFields": True} if preserve else {}
    crd = v1(*versions, conversion=conversion, scope="Cluster", **extra)
    assert to_v1(to_v1beta1(crd)) == crd
