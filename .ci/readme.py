"""Gives the package the start of the README as its description: the rest is in the help and in the man page."""

from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

_FIRST_LEFT_OUT = "## Use"


class DescriptionHook(MetadataHookInterface):
    """Takes what comes before the section, without the pictures, which are not in the package."""

    def update(self, metadata: dict[str, object]) -> None:
        """Set the description."""
        lines = (Path(self.root) / "README.md").read_text(encoding="utf-8").splitlines(keepends=True)
        shown = lines[: lines.index(f"{_FIRST_LEFT_OUT}\n")]
        text = "".join(line for line in shown if not line.startswith("!["))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
