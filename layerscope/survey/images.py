"""The images that a survey is asked for: archives, engines, registries, and the filters that choose among them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from layerscope.errors import UsageError
from layerscope.model.engine import Engine
from layerscope.model.progress import Progress
from layerscope.session.image_session import ImageRequest
from layerscope.session.local.listing import local_images
from layerscope.session.tags import registry_images
from layerscope.survey.tasks import Described, Wanted
from layerscope.text import printable_line, short_name

_REGISTRY = "registry://"


class Filters(NamedTuple):
    """The filters of images: a glob for ``NAME`` or ``NAME:TAG``, and the time that they are newer than."""

    match: str = ""
    newer: datetime | None = None

    def matches(self, name: str) -> bool:
        """Return whether the glob matches a name, with or without its registry; a glob without ``:`` takes each tag."""
        last = name.rpartition("/")[2]
        name = name if ":" in self.match else name.removesuffix(last) + last.partition(":")[0]
        return not self.match or any(fnmatchcase(each, self.match) for each in (name, name.partition("/")[2] or name))

    def take(self, described: Described) -> bool:
        """Return whether an image is among those that are asked for; one without a time is not newer."""
        reference = described.wanted.reference
        file = Path(reference).name.partition(".")[0] if "://" not in reference else reference.partition("://")[2]
        tags, created = described.row["tags"], described.row["created"]
        names = [*(tags if isinstance(tags, list) else []), file]
        is_newer = self.newer is None or (isinstance(created, datetime) and created > self.newer)
        return is_newer and any(map(self.matches, names))


def parse_age(text: str) -> datetime:
    """Return the time that ``2026-01-31`` or ``30d`` names; raises UsageError."""
    days = text.removesuffix("d")
    try:
        if days != text:
            return datetime.now(UTC) - timedelta(days=int(days))
        time = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        message = f"--newer takes a date or a number of days, as 2026-01-31 or 30d, not {short_name(text)}"
        raise UsageError(message) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def find_images(
    sources: Sequence[str], names: Path | None, filters: Filters, platform: str | None, progress: Progress
) -> list[Wanted]:
    """Return the images of the sources, those of a registry or an engine by the names that match.

    ``names`` is a file of repositories and images that is read in place of a registry's catalog. Raises UsageError,
    SourceError and EngineUnavailable.
    """
    found = dict[str, Wanted]()
    for source in sources:
        for reference in _references(source, names, filters, progress):
            opened = str(Path(reference).absolute()) if Path(reference).exists() else reference
            found[reference] = Wanted(reference, ImageRequest(opened, platform=platform))
    return list(found.values())


def _references(source: str, names: Path | None, filters: Filters, progress: Progress) -> Iterable[str]:
    scheme, _, name = source.partition("://")
    if source.startswith(_REGISTRY) and name.endswith("/"):
        listed = None if names is None else _listed_names(names)
        return registry_images(name.rstrip("/"), listed, filters.matches, progress)
    if name == "*" and scheme in list(Engine):
        tags = (tag for image in local_images(Engine(scheme)).checked().found for tag in image.tags)
        return [f"{scheme}://{tag}" for tag in sorted(tags) if filters.matches(tag)]
    return _archives(source)


def _listed_names(file: Path) -> list[str]:
    """Return the names in a file, one on each line; raises UsageError."""
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise UsageError(f"cannot read {printable_line(str(file))}: {reason}") from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _archives(source: str) -> Iterator[str]:
    """Yield the archives and layouts in a folder, or a source that is an image."""
    folder = Path(source)
    if not folder.is_dir() or _is_layout(folder):
        yield source
        return
    for path in sorted(folder.iterdir()):
        if _is_layout(path) or (path.is_file() and {".tar", ".tgz"} & {*path.suffixes}):
            yield str(path)


def _is_layout(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("index.json", "manifest.json"))
