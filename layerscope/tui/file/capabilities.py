"""File capabilities: the extended attribute ``security.capability``, decoded.

The value is a ``struct vfs_cap_data`` (Linux, include/uapi/linux/capability.h); the text has the format of ``getcap``.
"""

import struct

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
