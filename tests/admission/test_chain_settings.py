"""What a chain is to be made of, as flags say it and as it is stored."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.controlplane.chain_server import Stamps

from steersman.admission.chain_settings import PluginSetting, digest, read_settings, spec_of
from steersman.admission.selection import AdmissionOptions, selected_names, settings_of

values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(max_size=4)
nested = values | st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=2), values, max_size=2)
configurations = st.none() | st.dictionaries(st.text(max_size=2), nested, max_size=2)
settings = st.lists(
    st.builds(PluginSetting, st.sampled_from(("A", "B", "é")), st.booleans(), configurations), max_size=3
)


@given(settings)
def test_what_is_written_is_read_and_means_the_same(chain: list[PluginSetting]) -> None:
    stored = orjson.loads(orjson.dumps({"spec": spec_of(chain)}))

    read = read_settings(stored)

    assert [one._replace(configuration=one.configuration or None) for one in chain] == read
    assert digest(read) == digest(chain)
    assert [one.key for one in read] == [one.key for one in chain]


@given(settings, settings)
def test_chains_that_mean_different_things_are_told_apart(one: list[PluginSetting], other: list[PluginSetting]) -> None:
    assert (digest(one) == digest(other)) is (
        orjson.dumps(spec_of(one), option=orjson.OPT_SORT_KEYS)
        == orjson.dumps(spec_of(other), option=orjson.OPT_SORT_KEYS)
    )


@pytest.mark.parametrize(
    "spoiled",
    [
        {},
        {"spec": None},
        {"spec": {"plugins": 3}},
        {"spec": {"plugins": [3]}},
        {"spec": {"plugins": [{"name": 1}]}},
        {"spec": {"plugins": [{"name": "A", "enabled": "no"}]}},
        {"spec": {"plugins": [{"name": "A", "configuration": []}]}},
    ],
    ids=repr,
)
def test_what_a_foreign_writer_spoiled_is_no_chain(spoiled: Any) -> None:
    with pytest.raises(ValueError, match="it is no AdmissionChain"):
        read_settings(spoiled)


def configuration(directory: Path, *names: str) -> Path:
    file = directory / "admission.json"
    plugins = [{"name": name, "configuration": {"for": name}} for name in names]
    head = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration"}
    file.write_bytes(orjson.dumps({**head, "plugins": plugins}))
    return file


def named(options: AdmissionOptions) -> list[tuple[str, bool]]:
    return [(one.name, one.enabled) for one in settings_of(options)]


def test_the_default_chain_is_all_on() -> None:
    assert named(AdmissionOptions()) == [(name, True) for name in selected_names(AdmissionOptions())]


def test_what_is_turned_off_keeps_its_place() -> None:
    chain = named(AdmissionOptions(enable=("AlwaysAdmit",), disable=("LimitRanger", "AlwaysDeny")))

    assert chain[:3] == [("AlwaysAdmit", True), ("NamespaceLifecycle", True), ("LimitRanger", False)]
    assert chain[-1] == ("AlwaysDeny", False)


def test_plugins_of_the_caller_stand_before_always_deny_or_last() -> None:
    ours = (Stamps("One"), Stamps("Two"))

    assert named(AdmissionOptions(enable=("AlwaysDeny",), extra=ours))[-3:] == [
        ("One", True),
        ("Two", True),
        ("AlwaysDeny", True),
    ]
    assert named(AdmissionOptions(control=("AlwaysDeny",), extra=ours)) == [
        ("AlwaysDeny", True),
        ("One", True),
        ("Two", True),
    ]


def test_a_plugin_of_the_caller_takes_the_place_of_one_that_is_off() -> None:
    chain = named(AdmissionOptions(disable=("LimitRanger",), extra=(Stamps("LimitRanger"),)))

    assert [one for one in chain if one[0] == "LimitRanger"] == [("LimitRanger", True)]
    with pytest.raises(ValueError, match="admission plugins stand twice: LimitRanger"):
        settings_of(AdmissionOptions(extra=(Stamps("LimitRanger"),)))


@pytest.mark.parametrize("control", [(), ("LimitRanger",)])
def test_what_is_only_configured_is_kept_for_later(tmp_path: Path, control: tuple[str, ...]) -> None:
    file = configuration(tmp_path, "PVCProtection", "EventRateLimit", "LimitRanger")

    chain = {one.name: one for one in settings_of(AdmissionOptions(control=control, configuration=file))}

    assert chain["EventRateLimit"] == PluginSetting("EventRateLimit", False, {"for": "EventRateLimit"})
    assert chain["LimitRanger"] == PluginSetting("LimitRanger", True, {"for": "LimitRanger"})
    protection = chain["StorageObjectInUseProtection"]
    assert (protection.enabled, protection.configuration) == (not control, {"for": "PVCProtection"})
