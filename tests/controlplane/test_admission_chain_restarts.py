"""What becomes of the AdmissionChain when the server starts again, with the same flags or with others."""

import logging
from pathlib import Path

import pytest
from tests.controlplane.chain_server import CHAIN, Stamps, serving_chain

ANNOTATION = "admission.steersman.dev/from-flags"


async def test_a_start_with_the_same_flags_writes_nothing(tmp_path: Path) -> None:
    versions = []
    for _ in range(2):
        async with serving_chain("LimitRanger", directory=tmp_path) as chain:
            versions.append((await chain.get())["metadata"]["resourceVersion"])
            versions.append((await chain.plugins.get("LimitRanger"))["status"]["chainResourceVersion"])

    assert len({*versions}) == 1


async def test_other_flags_rewrite_a_chain_that_nobody_edited(tmp_path: Path) -> None:
    async with serving_chain("LimitRanger", directory=tmp_path) as chain:
        await chain.objects.patch(CHAIN, {"metadata": {"labels": {"kept": "yes"}}})
    async with serving_chain("AlwaysDeny", directory=tmp_path) as chain:
        assert (await chain.get())["metadata"]["labels"] == {"kept": "yes"}
        assert await chain.names() == await chain.running() == ["AlwaysDeny"]
    async with serving_chain("LimitRanger", directory=tmp_path) as chain:
        assert await chain.names() == await chain.running() == ["LimitRanger"]


async def test_an_edited_chain_survives(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with serving_chain("LimitRanger", directory=tmp_path) as chain:
        await chain.set("PodNodeSelector", {"name": "LimitRanger", "enabled": False})
        edited = await chain.get()
    async with serving_chain("LimitRanger", directory=tmp_path) as chain:
        assert await chain.get() == edited
        assert await chain.running() == ["PodNodeSelector"]

    assert not [one for one in caplog.records if "flags" in one.message]


async def test_an_edited_chain_goes_before_other_flags_and_that_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving_chain("LimitRanger", directory=tmp_path) as chain:
        await chain.set("PodNodeSelector")
    async with serving_chain("AlwaysDeny", directory=tmp_path) as chain:
        assert await chain.names() == await chain.running() == ["PodNodeSelector"]

    warnings = [one.message for one in caplog.records if one.levelno == logging.WARNING]
    assert [one for one in warnings if one.startswith("the admission flags have changed")] == warnings
    assert len(warnings) == 1


async def test_what_was_edited_back_follows_the_flags_again(tmp_path: Path) -> None:
    async with serving_chain("LimitRanger", directory=tmp_path) as chain:
        await chain.set("AlwaysDeny")
        await chain.set("LimitRanger")
    async with serving_chain("PodNodeSelector", directory=tmp_path) as chain:
        assert await chain.names() == ["PodNodeSelector"]


@pytest.mark.parametrize("again", [("LimitRanger",), ("PodNodeSelector",)])
async def test_a_reset_takes_the_chain_of_the_flags(tmp_path: Path, again: tuple[str, ...]) -> None:
    async with serving_chain("LimitRanger", directory=tmp_path) as chain:
        await chain.set("AlwaysDeny")
    async with serving_chain(*again, directory=tmp_path, reset=True) as chain:
        assert await chain.names() == await chain.running() == list(again)
    async with serving_chain("AlwaysAdmit", directory=tmp_path) as chain:
        assert await chain.names() == ["AlwaysAdmit"]


async def test_configurations_of_the_flags_are_told_apart(tmp_path: Path) -> None:
    """Nulls and fractions too: the digest of what is stored is that of what was said."""
    file, versions = tmp_path / "admission.yaml", []
    for team in ("a=b", "a=b", "c=d"):
        file.write_text(
            "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n"
            f"- {{name: PodNodeSelector, configuration: {{podNodeSelectorPluginConfig: {{team: {team}}}}}}}\n"
            "- {name: EventRateLimit, configuration: {a: null, b: 1.0, c: [1, null, {}]}}\n"
        )
        async with serving_chain("PodNodeSelector", directory=tmp_path, configuration=file) as chain:
            stored = await chain.get()
            versions.append(stored["metadata"]["resourceVersion"])

    assert versions[0] == versions[1] != versions[2]
    assert stored["spec"]["plugins"][0]["configuration"]["podNodeSelectorPluginConfig"] == {"team": "c=d"}


async def test_a_chain_that_cannot_be_loaded_is_not_served_without(tmp_path: Path) -> None:
    async with serving_chain("LimitRanger", directory=tmp_path, extra=(Stamps("Ours"),)) as chain:
        await chain.set("Ours")

    with pytest.raises(ValueError) as refusal:
        async with serving_chain("LimitRanger", directory=tmp_path):
            pass
    async with serving_chain("LimitRanger", directory=tmp_path, reset=True) as chain:
        assert await chain.running() == ["LimitRanger"]

    assert str(refusal.value) == (
        'the stored AdmissionChain cannot be put in force: admission plugin "Ours" is unknown '
        "(--reset-admission-chain does without it)"
    )


async def test_initializers_stay_in_a_chain_only_where_the_server_starts_with_them(tmp_path: Path) -> None:
    async with serving_chain("Initializers", directory=tmp_path) as chain:
        await chain.set("Initializers", "AlwaysAdmit")
        await chain.set("AlwaysAdmit")
        await chain.set("Initializers", "AlwaysAdmit")

    with pytest.raises(ValueError, match="start the server with --enable-admission-plugins Initializers"):
        async with serving_chain("AlwaysAdmit", directory=tmp_path):
            pass
