"""Which plugins make the chain, in which order: kube-apiserver's three flags."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from steersman.admission import catalog, recommended
from steersman.admission.chain_settings import PluginSetting
from steersman.admission.configuration import load_configurations
from steersman.apiserver.admission import AdmissionPlugin


class AdmissionOptions(Struct, frozen=True):
    """``control`` is the whole chain in the caller's order, or the name of a recommended one (``1.9``); else
    ``enable`` and ``disable`` change the default one, which has the recommended order. ``extra`` are plugins made by
    the caller; ``configuration`` is the file of ``--admission-control-config-file``. All this is the chain that a store
    begins with, and goes back to with ``reset``; in between it can be changed through the API.
    """

    control: Sequence[str] = ()
    enable: Sequence[str] = ()
    disable: Sequence[str] = ()
    extra: Sequence[AdmissionPlugin] = ()
    configuration: Path | None = None
    reset: bool = False


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


def settings_of(options: AdmissionOptions) -> list[PluginSetting]:
    """The chain of the flags; the caller's plugins stand where other packages' do.

    What is turned off is in it too, at its place, and so is what has a configuration and is not turned on.
    Raises ValueError for names that are wrong or unknown, and for a file that cannot be read.
    """
    loaded = load_configurations(options.configuration) if options.configuration is not None else {}
    _checked("admission configuration", loaded)
    configurations = {catalog.present_name(name): configuration for name, configuration in loaded.items()}
    extra, on = [plugin.name for plugin in options.extra], selected_names(options)
    if doubled := sorted({name for name in extra if [*on, *extra].count(name) > 1}):
        raise ValueError(f"admission plugins stand twice: {', '.join(doubled)}")
    enabled = {*on, *extra}
    off = [name for name in (*map(catalog.present_name, options.disable), *configurations) if name not in enabled]
    named = dict.fromkeys((*on, *off))
    if options.control:
        ordered = [*on, *extra, *dict.fromkeys(off)]
    else:
        others = (*(name for name in named if not catalog.is_ours(name)), *extra)
        ordered = catalog.in_recommended_order(frozenset(named), others)
    return [PluginSetting(name, name in enabled, configurations.get(name)) for name in ordered]


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
