import sys
from pathlib import Path

import pytest

from steersman.admission.configuration import load_configurations
from steersman.admission.selection import AdmissionOptions, selected_names
from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.kinds import core_v1
from steersman.controlplane import ControlPlane


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (AdmissionOptions(), ["NamespaceLifecycle"]),
        (
            AdmissionOptions(enable=("AlwaysPullImages", "AlwaysDeny", "AlwaysAdmit")),
            ["AlwaysAdmit", "NamespaceLifecycle", "AlwaysPullImages", "AlwaysDeny"],
        ),
        (AdmissionOptions(disable=("NamespaceLifecycle",)), []),
        (AdmissionOptions(control=("AlwaysPullImages", "AlwaysAdmit")), ["AlwaysPullImages", "AlwaysAdmit"]),
    ],
    ids=["default", "enabled in the recommended order", "disabled", "the caller's order"],
)
def test_the_flags_make_a_chain(options: AdmissionOptions, names: list[str]) -> None:
    chosen = [name for name in selected_names(options) if name in _OLDEST]

    assert chosen == names


_OLDEST = frozenset(("AlwaysAdmit", "NamespaceLifecycle", "AlwaysPullImages", "AlwaysDeny"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (AdmissionOptions(enable=("Nope",)), 'enable-admission-plugins: plugin "Nope" is unknown; there are AlwaysAdm'),
        (AdmissionOptions(disable=("Nope",)), 'disable-admission-plugins: plugin "Nope" is unknown'),
        (AdmissionOptions(control=("AlwaysDeny", "AlwaysDeny")), 'admission-control: plugin "AlwaysDeny" stands twice'),
        (AdmissionOptions(enable=("AlwaysDeny",), disable=("AlwaysDeny",)), "overlapped"),
        (AdmissionOptions(control=("AlwaysDeny",), enable=("AlwaysAdmit",)), "mutually exclusive"),
    ],
)
def test_flags_that_are_wrong_are_refused_before_anything_starts(options: AdmissionOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ControlPlane(admission=options)


HEAD = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n"


def test_a_configuration_stands_in_the_file_or_in_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("limits: [1]\n")
    file = tmp_path / "admission.yaml"
    file.write_text(HEAD + "plugins:\n- {name: A, configuration: {x: 1}}\n- {name: B, path: b.yaml}\n- {name: C}\n")

    assert load_configurations(file) == {"A": {"x": 1}, "B": {"limits": [1]}, "C": {}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Pod\napiVersion: v1", "must be an AdmissionConfiguration"),
        ("[]", "must be an object"),
        ("a: [", "admission.yaml: "),
        (HEAD + "plugins: {}", "plugins: must be a list"),
        (HEAD + "plugins: [{}]", r"plugins\[0\].name: Required value"),
        (HEAD + "plugins: [{name: A}, {name: A}]", r'plugins\[1\].name: Duplicate value: "A"'),
        (HEAD + "plugins: [{name: A, configuration: 3}]", r"plugins\[0\].configuration: must be an object"),
        (HEAD + "plugins: [{name: A, configuration: {}, path: x}]", "only one of path and configuration"),
        (HEAD + "plugins: [{name: A, path: missing.yaml}]", "missing.yaml: No such file"),
    ],
)
def test_a_configuration_file_that_is_wrong_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "admission.yaml"
    file.write_text(text)

    with pytest.raises(ValueError, match=message) as refusal:
        load_configurations(file)

    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("plugins", "message"),
    [
        ("[{name: Nope}]", 'plugin "Nope" is unknown'),
        ("[{name: AlwaysDeny, configuration: {a: 1}}]", "AlwaysDeny takes no configuration"),
    ],
)
async def test_a_configuration_is_checked_at_start(tmp_path: Path, plugins: str, message: str) -> None:
    file = tmp_path / "admission.yaml"
    file.write_text(f"{HEAD}plugins: {plugins}")
    control_plane = ControlPlane(admission=AdmissionOptions(enable=("AlwaysDeny",), configuration=file))

    with pytest.raises(ValueError, match=message):
        await control_plane.start()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("tiny:Plugin", None),
        ("tiny:Missing", "cannot be loaded from tiny:Missing"),
        ("missing:Plugin", "No module named 'missing'"),
        ("tiny:NO_FACTORY", "has no method create"),
    ],
)
async def test_another_package_brings_a_plugin_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, message: str | None
) -> None:
    (tmp_path / "tiny.py").write_text(TINY)
    information = tmp_path / "tiny-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
    (information / "entry_points.txt").write_text(f"[steersman.admission]\nTiny = {value}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tiny", raising=False)
    control_plane = ControlPlane(admission=AdmissionOptions(enable=("Tiny",)))

    if message is None:
        async with control_plane, Client(control_plane.client_config()) as client:
            with pytest.raises(ApiError, match="too tiny"):
                await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}})
    else:
        with pytest.raises(ValueError, match=message):
            await control_plane.start()


TINY = """
from steersman.apimachinery.errors import forbidden

NO_FACTORY = "not a plugin"


class Plugin:
    name, operations, resources = "Tiny", frozenset(("CREATE",)), None

    @classmethod
    def create(cls, context, configuration):
        return cls()

    def validate(self, attributes):
        if attributes.resource.group_resource.resource == "configmaps":
            raise forbidden(attributes.group_resource, attributes.name, "too tiny")
"""
