"""Permissions that deserve a word of explanation, such as setuid."""

from collections.abc import Iterator

from layerscope.model.entries import FileEntry, Kind

_SETUID, _SETGID, _STICKY = 0o4000, 0o2000, 0o1000
_GROUP_RUNS, _ANYONE_RUNS, _ANYONE_WRITES = 0o010, 0o111, 0o002


def mode_words(entry: FileEntry) -> tuple[str, ...]:
    """Return explanations of unusual mode bits; those of a symlink have no effect."""
    return () if entry.kind is Kind.SYMLINK else tuple(_words(entry))


def _words(entry: FileEntry) -> Iterator[str]:
    mode, is_folder = entry.mode, entry.kind is Kind.DIR
    if mode & _SETUID and not is_folder:
        owner = "root" if entry.uid == 0 else f"user {entry.uid}"
        yield f"setuid: runs as {owner}" if mode & _ANYONE_RUNS else "setuid, but not executable"
    if mode & _SETGID:
        group = "group root" if entry.gid == 0 else f"group {entry.gid}"
        if is_folder:
            yield f"setgid: new files in it belong to {group}"
        else:
            yield f"setgid: runs as {group}" if mode & _GROUP_RUNS else "setgid, but not executable by its group"
    if mode & _STICKY:
        yield "sticky: only owners may delete files in it" if is_folder else "sticky"
    if mode & _ANYONE_WRITES and not mode & _STICKY:
        yield "anyone may write"
