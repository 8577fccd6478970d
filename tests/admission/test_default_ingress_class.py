from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving

from steersman.client import Client
from steersman.client.kinds import networking_v1

INGRESS = "ingressclass.kubernetes.io/is-default-class"


async def add_ingress_class(client: Client, name: str, annotations: Any = None) -> None:
    metadata: Any = {"name": name, "annotations": annotations or {}}
    await client.resource(networking_v1.INGRESS_CLASSES).create(
        {"metadata": metadata, "spec": {"controller": "a.com/b"}}
    )


async def create_ingress(client: Client, annotations: Any = None, **spec: Any) -> Any:
    spec = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}, **spec}
    metadata: Any = {"name": "web", "annotations": annotations or {}}
    body: Any = {"metadata": metadata, "spec": spec}
    created = await client.resource(networking_v1.INGRESSES).create(body)
    return created.get("spec", {}).get("ingressClassName")


async def test_an_ingress_that_names_no_class_gets_the_default_one() -> None:
    async with serving("DefaultIngressClass") as client:
        await add_ingress_class(client, "other")
        await add_ingress_class(client, "usual", {INGRESS: "true"})

        assert await create_ingress(client) == "usual"


@pytest.mark.parametrize(
    ("annotations", "spec", "expected"),
    [({}, {"ingressClassName": "other"}, "other"), ({"kubernetes.io/ingress.class": "other"}, {}, None)],
    ids=["by name", "by annotation"],
)
async def test_an_ingress_that_names_one_is_left_alone(annotations: Any, spec: Any, expected: str | None) -> None:
    async with serving("DefaultIngressClass") as client:
        await add_ingress_class(client, "usual", {INGRESS: "true"})

        assert await create_ingress(client, annotations, **spec) == expected


async def test_without_a_default_an_ingress_has_no_class() -> None:
    async with serving("DefaultIngressClass") as client:
        assert await create_ingress(client) is None


async def test_before_1_26_several_ingress_classes_are_refused() -> None:
    async with serving("DefaultIngressClass", version="1.25") as client:
        await add_ingress_class(client, "a", {INGRESS: "true"})
        await add_ingress_class(client, "b", {INGRESS: "true"})

        refused = await refusal(create_ingress(client))

    assert refused.message == (
        'ingresses.networking.k8s.io "web" is forbidden: Internal error occurred:'
        " 2 default IngressClasses were found, only 1 allowed"
    )


async def test_an_ingress_that_is_there_keeps_what_it_has() -> None:
    async with serving("DefaultIngressClass") as client:
        await create_ingress(client)
        await add_ingress_class(client, "usual", {INGRESS: "true"})

        changed = await client.resource(networking_v1.INGRESSES).patch("web", {"metadata": {"labels": {"a": "b"}}})

    assert "ingressClassName" not in changed.get("spec", {})
