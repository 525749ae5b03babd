"""Conda packages: https://docs.conda.io/projects/conda-build/en/latest/resources/package-spec.html."""

from collections.abc import Iterator

import msgspec

from layerscope.analysis.packages.final_files import LONGEST_PATH, ParseBudget
from layerscope.analysis.packages.package import BrokenDatabase, Package

DATABASES = ("**/conda-meta/*.json",)


class _Record(msgspec.Struct):
    """A record of conda about a package in an environment, with paths relative to the environment."""

    name: str = ""
    version: str = ""
    files: list[str] = []


def read(path: bytes, data: bytes, budget: ParseBudget) -> Iterator[Package]:
    """Yield the package of a record, which owns the record itself, too."""
    try:
        record = msgspec.json.decode(data, type=_Record)
    except (msgspec.MsgspecError, RecursionError):
        raise BrokenDatabase from None
    if record.name:
        home = path.rpartition(b"/")[0].rpartition(b"/")[0]
        names = (name.encode("utf-8", "surrogatepass") for name in budget.limited(record.files))
        paths = (b"/".join((home, name)).strip(b"/") for name in names if len(home) + len(name) < LONGEST_PATH)
        yield Package("conda", record.name, record.version, (*budget.paths(paths), path))
