"""Waiting for changes of a build's context, without those files that Docker leaves out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

from layerscope.analysis.dockerfile.ignore import IgnorePattern, ignore_patterns, is_ignored
from layerscope.errors import UsageError
from layerscope.session.dockerfile.left_out import ignore_file
from layerscope.session.local.build_options import BuildOptions

_DEBOUNCE = 300
"""Milliseconds in which changes are collected: an editor writes several files."""


class WatchedContext:
    """The context of a build: a folder, with the Dockerfile, which may be elsewhere."""

    def __init__(self, options: BuildOptions, engine: str, written: Sequence[str]) -> None:
        """Watch a context; ``written`` are files that each build writes. Raises UsageError without a folder."""
        folder = options.folder
        if folder is None or not folder.is_dir():
            raise UsageError("--watch needs a folder as the context of the build")
        self.folder = folder.resolve()
        dockerfile = options.dockerfile(engine)
        self._dockerfile = dockerfile.resolve() if dockerfile else None
        names = [*written, options.id_file or "", options.metadata_file or ""]
        names += [output.destination for output in options.outputs]
        self._written = [Path(name).resolve() for name in names if name]

    def changes(self, stop: Event | None = None) -> Iterator[list[str]]:
        """Yield the names of changed files in the context, each time that some have changed, until ``stop`` is set.

        The first list is empty: it is yielded once changes are noticed, so that none is lost while a build runs.
        """
        from watchfiles import watch  # noqa: PLC0415  # 30 ms, and only for --watch

        paths = {self.folder, *([self._dockerfile.parent] if self._dockerfile else [])}
        patterns = self._patterns()
        is_watching = False
        notices = watch(
            *paths,
            watch_filter=None,
            debounce=_DEBOUNCE,
            rust_timeout=_DEBOUNCE,
            yield_on_timeout=True,
            stop_event=stop,
            raise_interrupt=True,
        )
        for changes in notices:
            names = {name for _, path in changes if (name := self._name(Path(path), patterns))}
            if names or not is_watching:
                is_watching = True
                patterns = self._patterns()
                yield sorted(names)

    def _name(self, path: Path, patterns: Sequence[IgnorePattern]) -> str | None:
        """Return the name of a changed file in the context, or None if no build reads it."""
        if path == self._dockerfile:
            return path.name
        if any(path == written or path.is_relative_to(written) for written in self._written):
            return None
        if not path.is_relative_to(self.folder):
            return None
        name = path.relative_to(self.folder).as_posix()
        return None if name == "." or is_ignored(name, patterns) else name

    def _patterns(self) -> list[IgnorePattern]:
        """Return the patterns of the file beside the Dockerfile, or else of the one in the context."""
        try:
            return ignore_patterns(ignore_file(self.folder, self._dockerfile).read_text("utf-8", "replace"))
        except OSError:
            return []
