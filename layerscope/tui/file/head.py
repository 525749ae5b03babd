"""The lines above a file: path, type and size, mode and owner, and the layer that wrote the revision.

Capabilities are a ``struct vfs_cap_data`` (Linux, include/uapi/linux/capability.h), shown in the format of ``getcap``.
"""

import struct
from collections.abc import Iterator
from posixpath import dirname, join, normpath

from rich.text import Text

from layerscope.model.entries import FileEntry, Kind
from layerscope.session.files.revision import FileRevision, Shown
from layerscope.text import human_size, mode_text, plural, printable_line, printable_name
from layerscope.tui.drawing.cells import one_line
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file.state import FileState
from layerscope.tui.tree.columns import owner_text, time_text

_SETUID, _SETGID, _STICKY = 0o4000, 0o2000, 0o1000
_GROUP_RUNS, _ANYONE_RUNS, _ANYONE_WRITES = 0o010, 0o111, 0o002
XATTR = b"security.capability"
_REVISION_1, _REVISION_2, _REVISION_3 = 0x01000000, 0x02000000, 0x03000000
_REVISION = 0xFF000000
_EFFECTIVE = 1
_BODIES = {_REVISION_1: "<2I", _REVISION_2: "<4I", _REVISION_3: "<5I"}
_NAMES = (
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
)

_EXACT = 1000
"""Sizes from here on are rounded, and followed by the exact number of bytes."""


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


def capabilities_text(value: bytes) -> str | None:
    """Return a text like ``cap_net_raw+ep [rootid=1000]``; None if the value is invalid."""
    if len(value) < 4:  # noqa: PLR2004  # the header
        return None
    (head,) = struct.unpack_from("<I", value)
    body = _BODIES.get(head & _REVISION)
    if body is None or len(value) != 4 + struct.calcsize(body):
        return None
    numbers = struct.unpack_from(body, value, 4)
    permitted, inheritable = numbers[0], numbers[1]
    if head & _REVISION != _REVISION_1:
        permitted, inheritable = permitted | numbers[2] << 32, inheritable | numbers[3] << 32
    text = _flagged(permitted, inheritable, effective=bool(head & _EFFECTIVE))
    root = numbers[4] if head & _REVISION == _REVISION_3 else 0
    return f"{text} [rootid={root}]" if root else text


def _flagged(permitted: int, inheritable: int, *, effective: bool) -> str:
    """Return the capabilities, grouped by their flags."""
    groups: dict[str, list[str]] = {}
    for bit in range(64):
        flags = ("p" if permitted >> bit & 1 else "") + ("i" if inheritable >> bit & 1 else "")
        if flags:
            name = f"cap_{_NAMES[bit]}" if bit < len(_NAMES) else str(bit)
            groups.setdefault(("e" if effective else "") + flags, []).append(name)
    return " ".join(f"{','.join(names)}+{flags.replace('pi', 'ip')}" for flags, names in groups.items()) or "none"


def file_head(state: FileState, glyphs: Glyphs, most: int) -> Text:
    """Return the lines above a file, with the start of a longer instruction than ``most`` cells."""
    separator = f" {glyphs.separator} "
    revision, shown = state.revision, state.shown
    text = Text(path_with_target(revision, shown, glyphs), style="bold", overflow="fold")
    described = shown_entry(revision, shown)
    digest = f"sha256 {state.digest}" if state.digest else ""
    for parts in ([_description(state), *_size(state)], metadata(described), [digest], _story(state, glyphs, most)):
        line = separator.join(part for part in parts if part)
        text.append(f"\n{line}" if line else "", style="not bold")
    return text


def path_with_target(revision: FileRevision, shown: Shown, glyphs: Glyphs) -> str:
    """Return the path, and the target of a link."""
    entry = revision.entry
    path = f"/{printable_name(entry.path)}"
    if entry.link is None:
        return path
    target = printable_name(entry.link)
    if entry.kind is Kind.HARDLINK:
        return f"{path} = /{target} (hard link)"
    path = f"{path} {glyphs.arrow} {target}"
    if shown.leads_to is None:
        return path
    real = revision.opened.tree.index.path(shown.leads_to)
    is_plain = normpath(join(b"/", dirname(entry.path), entry.link)).lstrip(b"/") == real
    return path if is_plain else f"{path} (that is /{printable_name(real)})"


def shown_entry(revision: FileRevision, shown: Shown) -> FileEntry:
    """Return the entry that the head describes: for a symlink, its target if there is one."""
    if shown.leads_to is None:
        return revision.entry
    return revision.opened.tree.entry(shown.leads_to, revision.at) or revision.entry


def metadata(entry: FileEntry) -> Iterator[str]:
    """Yield mode, owner, time and extended attributes."""
    yield f"{entry.mode:04o} {mode_text(entry.kind.letter, entry.mode)}"
    yield from mode_words(entry)
    yield owner_text(entry)
    if entry.row is not None:
        yield time_text(entry.mtime, "%Y-%m-%d %H:%M:%S")
    yield from xattr_words(entry)


def xattr_words(entry: FileEntry) -> Iterator[str]:
    """Yield each extended attribute, capabilities decoded."""
    for name, value in entry.xattrs:
        capabilities = capabilities_text(value) if name == XATTR else None
        yield f"capabilities {capabilities}" if capabilities else f"xattr {printable_name(name)}"


def _description(state: FileState) -> str:
    return printable_line(state.file.description or "") if state.file else ""


def _size(state: FileState) -> Iterator[str]:
    if state.shown.file is not None:
        yield size_words(state.opened.contents.size(state.shown.file))


def size_words(size: int) -> str:
    """Return a size, followed by the exact number of bytes if it is rounded."""
    exact = plural(size, "byte")
    return f"{human_size(size)} ({exact})" if size >= _EXACT else exact


def _story(state: FileState, glyphs: Glyphs, most: int) -> Iterator[str]:
    revision, shown, count = state.revision, state.shown, len(state.revisions)
    if count > 1:
        yield f"version {state.position + 1} of {count}"
    if shown.leads_to is not None:
        yield f"the link was written by layer {revision.layer}"
        entry = shown_entry(revision, shown)
        yield f"the file by layer {entry.layer}: {_instruction(revision, entry.layer, glyphs, most)}"
    elif revision.entry.row is None:
        yield f"implied by paths below it in layer {revision.layer}"
    else:
        yield f"written by layer {revision.layer}: {_instruction(revision, revision.layer, glyphs, most)}"
    if revision.removed_by is not None:
        yield f"removed by layer {revision.removed_by}"


def _instruction(revision: FileRevision, layer: int, glyphs: Glyphs, most: int) -> str:
    return one_line(revision.opened.image.step(layer).title, most, glyphs)
