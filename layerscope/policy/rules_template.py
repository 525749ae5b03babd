"""A first rules file, with the current figures of an image as limits."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from layerscope.errors import UsageError
from layerscope.policy.facts import CheckedImage
from layerscope.policy.paths import listed_secrets, setuid_files
from layerscope.policy.rules import Rules
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_size, path_text, printable_name

_TEMPLATE = """\
# Rules for `layerscope check`, with the figures of {name} as limits. Change or remove lines as needed.
# Sizes are bytes, or a text such as "20 MB"; shares are fractions, or a text such as "5 %".
# Globs: "/etc/*.conf" from the root, "*.pyc" anywhere, "**" for folders at any depth.

# The share of all content that the final image shows; the rest is dead: overwritten or deleted by a later layer.
min-efficiency = {efficiency}
max-dead-size = {dead}  # {dead_text}
# max-dead-share = "5 %"

# The content of all layers, the download size, the content of the largest layer, the number of layers.
max-content-size = {content}  # {content_text}
{blob}
max-layer-size = {layer}  # {layer_text}
max-layers = {layers}

# What another image has not: `layerscope check IMAGE --baseline OTHER`. Its `layers --json` is enough for sizes.
# max-growth = "5 MB"
# max-pull-size = "20 MB"
# allowed-new-packages = ["lib*"]
# allowed-new-setuid = []
# allowed-new-secrets = []
# baseline = "my-app:latest"

# Paths that the final image must not, or must, contain.
# forbidden-paths = ["/root/.ssh/**", ".git", "*.pyc"]
# required-paths = ["/etc/passwd"]

# Setuid files run with the rights of their owner. Only these are allowed; remove the line to allow all.
allowed-setuid = [{setuid}]

# Keys and credentials in any layer, even if a later layer deletes them. Only those listed are allowed.
{secrets_note}allowed-secrets = [{secrets}]

# Paths that the rules about dead bytes, paths, setuid files and secrets ignore.
ignore = []
"""

_SECRETS_NOTE = """\
# The image contains these today. Delete the lines of those that are real secrets, and remove them from the image.
"""


class RulesTemplate(NamedTuple):
    """The text of the file, and the paths of the secrets that it allows because the image holds them."""

    text: str
    secrets: list[bytes]


def rules_template(loaded: LoadedImage) -> RulesTemplate:
    """Return rules that the image passes; raises UsageError if it cannot be read whole."""
    facts = CheckedImage(SizeAnalysis(loaded), Rules())
    why = facts.analysis.report
    if facts.problems or facts.total is None or why.dead_size is None:
        cause = facts.problems[0] if facts.problems else "a layer is missing"
        raise UsageError(f"cannot take limits from {printable_name(loaded.image.name)}: {cause}")
    efficiency = 1 - why.dead_size / facts.total if facts.total else 1.0
    largest = max((layer_size.content_size or 0 for layer_size in why.layers), default=0)
    secrets = sorted({secret.path for secret in listed_secrets(facts)})
    text = _TEMPLATE.format(
        name=printable_name(loaded.image.name),
        efficiency=math.floor(efficiency * 10_000) / 10_000,
        dead=why.dead_size,
        dead_text=human_size(why.dead_size),
        content=facts.total,
        content_text=human_size(facts.total),
        blob=_blob_line(why.blob_size),
        layer=largest,
        layer_text=human_size(largest),
        layers=len(why.layers),
        setuid=_listed(map(facts.analysis.tree.index.path, setuid_files(facts))),
        secrets_note=_SECRETS_NOTE if secrets else "",
        secrets=_listed(secrets),
    )
    return RulesTemplate(text, secrets)


def _blob_line(size: int | None) -> str:
    """Return the line about the download size, which is unknown where an engine stores the layers unpacked."""
    return '# max-blob-size = "100 MB"' if size is None else f"max-blob-size = {size}  # {human_size(size)}"


def _listed(paths: Iterable[bytes]) -> str:
    lines = [f"    {_pattern(path)},\n" for path in paths]
    return "\n" + "".join(lines) if lines else ""


def _pattern(path: bytes) -> str:
    """Return a TOML string with a glob that matches the path; characters that TOML cannot hold become ``*``."""
    return '"' + "".join(map(_character, path_text(path))) + '"'


def _character(character: str) -> str:
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004  # a byte that is not UTF-8
        return "*"
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{code:08X}"
