"""An AdmissionExplanation as text: a line or more for each step that had something to say, and what came of it all."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from steersman.cli.printing.tab_writer import align

Json = dict[str, Any]

MAX_VALUE = 60
"""Characters of a value that are shown."""

_HEADER = ["#", "STEP", "PHASE", "TIME", "WHAT IT DID"]
_DONE = {"CREATE": "created", "UPDATE": "updated", "DELETE": "deleted"}
_TOLD = ("patch", "warnings", "failures", "failedOpen", "refusal")
"""Members of a step that somebody wants to see; that it ``skipped`` is one where it is not a matter of course."""


def step_table(label: str, explanation: Json, *, all_steps: bool) -> str:
    """``label`` is what the object is called: ``pod/web``; ``all_steps`` are also those with nothing to say."""
    steps: list[Json] = explanation["steps"]
    shown = [(str(at), one) for at, one in enumerate(steps, 1) if all_steps or _has_something_to_say(one)]
    told = explanation["result"].get("message", "")
    lines = [line for number, one in shown for line in _lines(number, one, told, all_steps)]
    table = align([_HEADER, *lines], min_width=0, padding=2) if lines else ""
    text = "".join(f"{line.rstrip()}\n" for line in (_asked(label, explanation["request"]), *table.splitlines()))
    if silent := len(steps) - len(shown):
        which = f"{'other ' if shown else ''}{'step' if silent == 1 else 'steps'}"
        text += f"{silent} {which} had nothing to say (see --all).\n"
    return f"{text}{_outcome(label, explanation)}\n"


def _has_something_to_say(step: Json) -> bool:
    if any(step.get(member) for member in _TOLD):
        return True
    return any(_is_shown(one) for one in step.get("steps", ()))


def _is_shown(inner: Json) -> bool:
    """Of the second round only what was asked again."""
    return not (inner.get("reinvoked") and inner.get("skipped"))


def _lines(number: str, step: Json, told: str, all_steps: bool, depth: int = 0) -> Iterator[list[str]]:
    """``told`` is the message that the outcome has: it need not stand here as well."""
    inner = [one for one in step.get("steps", ()) if all_steps or _is_shown(one)]
    said = list(_said(step, inner, told, all_steps)) or [""]
    phase = f"{step['phase']} (again)" if step.get("reinvoked") else step["phase"]
    yield [number, f"{'  ' * depth}{_name(step)}", phase, _time(step.get("durationMicroseconds")), said[0]]
    for more in said[1:]:
        yield ["", "", "", "", more]
    for at, one in enumerate(inner, 1):
        yield from _lines(f"{number}.{at}", one, told, all_steps, depth + 1)


def _name(step: Json) -> str:
    of = ", ".join(step[member] for member in ("configuration", "binding", "params") if step.get(member))
    return f"{step['type']} {step['name']} ({of})" if of else f"{step['type']} {step['name']}"


def _said(step: Json, inner: Sequence[Json], told: str, all_steps: bool) -> Iterator[str]:
    """What the step did, unless its inner steps tell it."""
    if step.get("skipped"):
        yield f"skipped: {_one_line(step['skipped'])}"
    if step.get("turn"):
        yield f"would be waited for, turn {step['turn']}"
    if step.get("failedOpen"):
        yield f"failed, which is passed over: {_one_line(step['failedOpen'])}"
    for operation in step.get("patch", ()) if not _tell(inner, "patch") else ():
        yield _changed(operation)
    for failure in step.get("failures", ()) if not step.get("refusal") else ():
        yield f"failed ({', '.join(step.get('validationActions', ()))}): {_one_line(failure['message'])}"
    for warning in step.get("warnings", ()) if not _tell(inner, "warnings") else ():
        yield f"warning: {_one_line(warning)}"
    if step.get("refusal") and not _tell(inner, "refusal"):
        message = step["refusal"]["message"]
        yield "REFUSED" if message == told else f"REFUSED: {_one_line(message)}"
    for key, value in step.get("auditAnnotations", {}).items() if all_steps and not inner else ():
        yield f"audit: {key}={_shortened(_one_line(value))}"
    if step["type"] != "Plugin" and not any(step.get(member) for member in (*_TOLD, "skipped", "turn")):
        yield "changed nothing" if step["phase"] == "Mutating" else "passed"


def _tell(inner: Sequence[Json], member: str) -> bool:
    return any(one.get(member) for one in inner)


def _changed(operation: Json) -> str:
    place = f"{operation['op']} {operation['path'] or '/'}"
    if "value" not in operation:
        return place
    return f"{place}: {_shortened(_one_line(json.dumps(operation['value'], ensure_ascii=False)))}"


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"


def _one_line(text: str) -> str:
    """What others have written must not break the table, or do things to the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _time(microseconds: int | None) -> str:
    return "" if microseconds is None else f"{microseconds / 1000:.2f}ms"


def _asked(label: str, request: Json) -> str:
    namespace = f" in namespace {request['namespace']}" if request.get("namespace") else ""
    return f"{request['operation']} {label}{namespace} as {request['user']}"


def _outcome(label: str, explanation: Json) -> str:
    if explanation["allowed"]:
        return f"{label} would be {_DONE[explanation['request']['operation']]}."
    by = explanation["refusedBy"]
    who = f"{by['type']} {by['name']}" if "name" in by else by["type"]
    where = f" ({by['plugin']})" if "plugin" in by else ""
    return f"{label} would be refused by {who}{where}: {_one_line(explanation['result']['message'])}"
