"""What ``get`` was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from steersman.cli.cluster.selection_flags import Selectors
from steersman.cli.getting.appearance import Appearance
from steersman.cli.printing.output_format import ALL_FORMATS, Output
from steersman.cli.printing.table import Columns


@dataclass(frozen=True)
class Request:
    selectors: Selectors
    output: Output
    appearance: Appearance
    ignore_not_found: bool
    include_uninitialized: bool
    all_namespaces: bool

    @property
    def is_table(self) -> bool:
        return self.output.kind in ("", "wide")

    def columns(self) -> Columns:
        return Columns(
            wide=self.output.kind == "wide",
            namespace=self.all_namespaces,
            labels=self.appearance.labels,
            all_labels=self.appearance.show_labels,
        )

    def query(self, name: str = "") -> dict[str, str]:
        """The parameters of a list, and of a watch; for one object with its name as a field selector."""
        fields: Sequence[str] = (self.selectors.field_selector, f"metadata.name={name}" if name else "")
        said = {
            "labelSelector": self.selectors.selector,
            "fieldSelector": ",".join(filter(None, fields)),
            "includeUninitialized": "true" if self.include_uninitialized else "",
        }
        return {key: value for key, value in said.items() if value}


def parse_output(text: str) -> Output:
    """Raises UsageError."""
    return Output.parse(text, ("", "wide", *ALL_FORMATS))
