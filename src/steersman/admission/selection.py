"""Which plugins make the chain, in which order: kube-apiserver's three flags."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from steersman.admission import catalog, recommended
from steersman.admission.configuration import load_configurations
from steersman.apiserver.admission import AdmissionPlugin
from steersman.apiserver.admission.context import PluginContext


@dataclass(frozen=True, slots=True)
class AdmissionOptions:
    """``control`` is the whole chain in the caller's order, or the name of a recommended one (``1.9``); else
    ``enable`` and ``disable`` change the default one, which has the recommended order. ``extra`` are plugins made by
    the caller; ``configuration`` is the file of ``--admission-control-config-file``.
    """

    control: Sequence[str] = ()
    enable: Sequence[str] = ()
    disable: Sequence[str] = ()
    extra: Sequence[AdmissionPlugin] = ()
    configuration: Path | None = None


def selected_names(options: AdmissionOptions) -> list[str]:
    """The chain's plugins by name, without ``extra``. Raises ValueError, naming the flag and the known names."""
    if options.control:
        if options.enable or options.disable:
            raise ValueError(
                "admission-control and enable-admission-plugins/disable-admission-plugins flags are mutually exclusive"
            )
        return _checked("admission-control", recommended.resolve(options.control))
    enable = _checked("enable-admission-plugins", options.enable)
    disable = _checked("disable-admission-plugins", options.disable)
    if both := sorted({*enable} & {*disable}):
        raise ValueError(f"[{' '.join(both)}] in enable-admission-plugins and disable-admission-plugins overlapped")
    wanted = (catalog.DEFAULT | {*enable}) - {*disable}
    others = tuple(name for name in enable if not catalog.is_ours(name))
    return catalog.in_recommended_order(frozenset(wanted), others)


def make_plugins(options: AdmissionOptions, context: PluginContext) -> list[AdmissionPlugin]:
    """The chain's plugins, configured; those of the caller stand where other packages' do.

    Raises ValueError for names and configurations that are wrong, or that are of a plugin nobody knows.
    """
    loaded = load_configurations(options.configuration) if options.configuration is not None else {}
    _checked("admission configuration", loaded)
    configurations = {catalog.present_name(name): configuration for name, configuration in loaded.items()}
    made = [catalog.factory(name).create(context, configurations.get(name)) for name in selected_names(options)]
    ours = [plugin.name for plugin in made]
    at = ours.index(catalog.OTHERS_BEFORE) if catalog.OTHERS_BEFORE in ours and not options.control else len(made)
    return [*made[:at], *options.extra, *made[at:]]


def _checked(flag: str, names: Iterable[str]) -> list[str]:
    """The names as they are today. Raises ValueError for one that is unknown or doubled."""
    checked: list[str] = []
    for name in map(catalog.present_name, names):
        if name in checked:
            raise ValueError(f'{flag}: plugin "{name}" stands twice')
        if not catalog.is_known(name):
            raise ValueError(f'{flag}: plugin "{name}" is unknown; there are {", ".join(catalog.known_names())}')
        checked.append(name)
    return checked
