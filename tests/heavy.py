"""An image with every kind of waste, an image without waste, and one with harmful names, for tests of reports.

``HEAVY`` has 18,165 bytes in three layers; 8,035 of them are dead.
"""

from tests.builders import directory, file, image, layer, whiteout

MODEL = b"m" * 5000
KEY = b"-----BEGIN KEY\n"

HISTORY = [
    {"created_by": "/bin/sh -c #(nop) ADD rootfs.tar / "},
    {"created_by": "ENV LANG=C", "empty_layer": True},
    {"created_by": "RUN /bin/sh -c chown 33 /srv/model.bin && cp /srv/model.bin /srv/copy.bin # buildkit"},
    {"created_by": "RUN /bin/sh -c rm -rf /var/cache/apt /root/.ssh/id_rsa # buildkit"},
]

BASE = layer(
    directory("etc"),
    file("etc/passwd", b"p" * 20),
    file("var/cache/apt/pkgcache.bin", b"c" * 3000),
    file("srv/model.bin", MODEL),
    file("root/.ssh/id_rsa", KEY),
)
COPIES = layer(
    file("srv/model.bin", MODEL, uid=33),
    file("srv/copy.bin", MODEL),
    file("usr/bin/su", b"s" * 100, mode=0o4755),
)
TOP = layer(whiteout("var/cache/apt"), whiteout("root/.ssh/id_rsa"), file("etc/passwd", b"q" * 30))

HEAVY = image(BASE, COPIES, TOP, tags=["heavy:1"], history=HISTORY)
CLEAN = image(layer(file("etc/hosts", b"localhost"), file("bin/app", b"a" * 900)), tags=["clean:1"])

HARMFUL_NAMES = (
    "</script><script>document.title='evil'</script>",
    '"><img src=x onerror="document.title=\'evil\'">',
    "=cmd|' /C calc'!A0",
    "+1",
    "@everyone #1",
    "a|b|c",
    "`code` ``two``",
    "[link](http://evil.example) www.evil.example",
    "%0A::error::forged",
    "::error::forged",
    "]]><x/>&amp;",
    "\x1b[31mred\x07",
    "line\nbreak\r\n::error::forged",
    "\u202egpj.exe",
    "back\\slash",
    "{{TREE}}",
    "$(id) ${HOME}",
)
"""Names with a special meaning in an output format or to a terminal."""

RAW_NAME = b"raw\xff\xfe".decode("utf-8", "surrogateescape")

HARMFUL = image(
    layer(
        *(file(f"srv/{name}", b"x" * (100 + place)) for place, name in enumerate([*HARMFUL_NAMES, RAW_NAME])),
        *(file(f"gone/{name}", b"y" * (1000 + place)) for place, name in enumerate(HARMFUL_NAMES)),
    ),
    layer(whiteout("gone")),
    tags=["harmful:1"],
    history=[
        {"created_by": "COPY </script><b>bold</b> \u202e | ` `` /srv\n::error::forged"},
        {"created_by": "RUN rm -rf /gone @someone =1+1"},
    ],
)
