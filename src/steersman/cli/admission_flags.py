"""Flags of ``serve`` that say which admission plugins there are, as long as nobody says otherwise through the API."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from steersman.admission.selection import AdmissionOptions

AdmissionControl = Annotated[
    str,
    typer.Option(
        metavar="A,B,C",
        help="The admission plugins, all of them and in this order, or the name of a recommended chain: "
        "1.6, 1.7, 1.8, 1.9, default.",
        show_default="the default ones",
    ),
]
EnablePlugins = Annotated[
    str, typer.Option(metavar="A,B", help="Admission plugins to have besides the default ones.", show_default="none")
]
DisablePlugins = Annotated[
    str, typer.Option(metavar="A,B", help="Default admission plugins to do without.", show_default="none")
]
AdmissionConfig = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="An AdmissionConfiguration: what plugins are told at start.",
        show_default="none",
    ),
]
ResetChain = Annotated[
    bool,
    typer.Option(
        "--reset-admission-chain",
        help="Store the chain of these flags, whatever the stored AdmissionChain has become.",
        show_default="off",
    ),
]


@dataclass(frozen=True, slots=True)
class AdmissionFlags:
    """A field for each flag, named as it."""

    PANEL: ClassVar = "Admission"

    admission_control: AdmissionControl = ""
    enable_admission_plugins: EnablePlugins = ""
    disable_admission_plugins: DisablePlugins = ""
    admission_control_config_file: AdmissionConfig = None
    reset_admission_chain: ResetChain = False

    def options(self) -> AdmissionOptions:
        return AdmissionOptions(
            control=_names(self.admission_control),
            enable=_names(self.enable_admission_plugins),
            disable=_names(self.disable_admission_plugins),
            configuration=self.admission_control_config_file,
            reset=self.reset_admission_chain,
        )


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]
