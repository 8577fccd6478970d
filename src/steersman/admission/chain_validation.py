"""Whether an AdmissionChain can be put in force here. To be imported when one is written."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

import orjson

from steersman.admission import catalog
from steersman.admission.chain_settings import Settings
from steersman.admission.plugin_pool import PluginPool
from steersman.apimachinery.errors import (
    FieldError,
    field_duplicate,
    field_forbidden,
    field_invalid,
    field_not_supported,
    field_too_long,
    field_too_many,
)

MAX_PLUGINS = 256
MAX_BYTES = 1 << 20
"""How long the configurations may be together, as JSON."""

MAX_ERRORS = 16
"""How many wrong names are told, each with those that would be right."""

_PLUGINS = "spec.plugins"


def chain_errors(settings: Settings, pool: PluginPool, made: ExitStack) -> list[FieldError]:
    """What is wrong with each of the plugins, its name first: where a name is wrong, none is made to find out more.

    What is made is kept until ``made`` is closed.
    """
    if len(settings) > MAX_PLUGINS:
        return [field_too_many(_PLUGINS, len(settings), MAX_PLUGINS)]
    if sum(len(orjson.dumps(one.configuration)) for one in settings) > MAX_BYTES:
        return [field_too_long(_PLUGINS, MAX_BYTES)]
    if errors := list(islice(_wrong_names(settings, pool), MAX_ERRORS)):
        return errors
    return [_field_error(wrong.at, wrong.field, str(wrong)) for wrong in pool.try_out(settings, made)]


def _wrong_names(settings: Settings, pool: PluginPool) -> Iterator[FieldError]:
    names = {one.name for one in settings}
    # Looking through other packages takes time: it is done once, and only for names that are not at hand.
    known = names if all(map(pool.is_at_hand, names)) else {*pool.known_names()}
    seen: set[str] = set()
    for at, setting in enumerate(settings):
        name, field = setting.name, f"{_PLUGINS}[{at}].name"
        if name in seen:
            yield field_duplicate(field, name)
        elif name not in known:
            present = catalog.present_name(name)
            if present != name:
                yield field_invalid(field, name, f"this plugin is called {present} now")
            else:
                yield field_not_supported(field, name, sorted(known))
        seen.add(name)


def _field_error(at: int, field: str, why: str) -> FieldError:
    path = f"{_PLUGINS}[{at}].{field}"
    if field == "enabled":
        return field_forbidden(path, why)
    # The value is left out: a configuration is long, and says where keys are.
    return FieldError("FieldValueInvalid", path, f"Invalid value: {why}")
