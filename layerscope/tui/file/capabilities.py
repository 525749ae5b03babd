"""What a program may do without being root: the extended attribute ``security.capability``, decoded.

It is a ``struct vfs_cap_data`` of Linux (include/uapi/linux/capability.h), written down as ``getcap`` does.
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
    """Return ``cap_net_raw,cap_net_admin+ep``, with the root user's id of a namespace if it has one; None if broken."""
    if len(value) < 4:  # noqa: PLR2004  # the head
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
    """Return the capabilities, those of equal flags together."""
    groups: dict[str, list[str]] = {}
    for bit in range(64):
        flags = ("p" if permitted >> bit & 1 else "") + ("i" if inheritable >> bit & 1 else "")
        if flags:
            name = f"cap_{_NAMES[bit]}" if bit < len(_NAMES) else str(bit)
            groups.setdefault(("e" if effective else "") + flags, []).append(name)
    return " ".join(f"{','.join(names)}+{flags.replace('pi', 'ip')}" for flags, names in groups.items()) or "none"
