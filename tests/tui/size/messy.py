"""A small image with the shapes that make images large: lists deleted too late, a chmod, a chown, a secret, a copy."""

from pathlib import Path

from tests.builders import docker_archive, file, image, layer, whiteout

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
INSTRUCTIONS = (
    "ADD rootfs.tar /",
    "RUN apt-get update && apt-get install -y --no-install-recommends python3",
    "COPY model.bin /srv/model.bin",
    "COPY id_rsa /root/.ssh/id_rsa",
    "RUN chmod -R g+w /usr/lib/python3",
    "RUN cp /srv/model.bin /srv/copy.bin",
    "RUN rm -rf /var/lib/apt/lists/* /var/cache/apt && rm /root/.ssh/id_rsa",
    "RUN chown 33:33 /srv/model.bin",
)
MODEL = b"model" * 6_000
LIBRARY = b"library" * 4_000


def messy_image(folder: Path) -> Path:
    """Write the image, of 350 kB, and return its path."""
    layers = (
        layer(file("usr/bin/sh", b"\x7fELF" + bytes(99_996)), file("etc/motd", b"hello\n")),
        layer(file("var/lib/apt/lists/main_Packages", b"p" * 90_000), file("usr/lib/python3/os.py", LIBRARY)),
        layer(file("srv/model.bin", MODEL)),
        layer(file("root/.ssh/id_rsa", KEY, mode=0o600)),
        layer(file("usr/lib/python3/os.py", LIBRARY, mode=0o664)),
        layer(file("srv/copy.bin", MODEL), file("srv/state", b"same"), file("srv/state-copy", b"same")),
        layer(whiteout("var/lib/apt/lists/main_Packages"), whiteout("root/.ssh/id_rsa")),
        layer(file("srv/model.bin", MODEL, uid=33, gid=33)),
    )
    steps = [{"created_by": f"{text} # buildkit"} for text in INSTRUCTIONS]
    return docker_archive(folder / "messy.tar", image(*layers, tags=["messy:1"], history=steps))
