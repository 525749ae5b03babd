"""Images that are small as files and large in what they state: the bounds of time and memory are for them."""

import random
from collections.abc import Callable

from tests.fuzz.images import Recipe
from tests.fuzz.mutations import heavy_record
from tests.tars import CHAR, DIRECTORY, END, FILE, Sparse, SparseStyle, TarEntry, encode, pax, raw_pax


def heavy_layers(dice: random.Random, recipe: Recipe, notes: list[str]) -> None:
    """Replace the layers or steps of a recipe with some that state much."""
    make = dice.choice(_MAKERS)
    notes.append(f"heavy: {make.__name__.strip('_').replace('_', ' ')}")
    make(dice, recipe)
    recipe.packings = (recipe.packings or ["none"]) * len(recipe.layers)
    recipe.packings = recipe.packings[: len(recipe.layers)]


def _tar(*entries: TarEntry) -> bytes:
    return b"".join([*(encode(entry) for entry in entries), END])


def _many_layers(dice: random.Random, recipe: Recipe) -> None:
    count = dice.choice((127, 600, 2000))
    recipe.layers = [_tar(TarEntry(b"f%d" % (number % 7), FILE, b"x")) for number in range(count)]
    recipe.steps = [f"RUN step {number}" for number in range(count)]


def _one_layer_many_times(dice: random.Random, recipe: Recipe) -> None:
    recipe.layers = [_tar(TarEntry(b"a", FILE, bytes(100_000)))] * dice.choice((200, 1000))
    recipe.packings = ["gzip"]


def _many_steps(dice: random.Random, recipe: Recipe) -> None:
    recipe.steps += ["ENV A=1"] * dice.choice((1000, 20_000))


def _a_long_instruction(dice: random.Random, recipe: Recipe) -> None:
    recipe.steps = [*recipe.steps, "RUN " + dice.choice(("x", "a && ", "\u957f")) * 300_000, *["ENV A=1"] * 300]


def _long_names(dice: random.Random, recipe: Recipe) -> None:
    depth = dice.choice((500, 2000, 8000))
    recipe.layers = [
        _tar(*(TarEntry(b"%d/" % number + b"d/" * depth + b"f", FILE) for number in range(dice.choice((3, 30)))))
    ]


def _a_deep_tree(dice: random.Random, recipe: Recipe) -> None:
    path, entries = b"", []
    for _ in range(dice.choice((300, 900, 1900))):
        path += b"d/"
        entries.append(TarEntry(path, DIRECTORY))
    recipe.layers = [_tar(*entries, TarEntry(path + b"f", FILE, b"x" * 700))] * 2


def _global_headers(dice: random.Random, recipe: Recipe) -> None:
    header = raw_pax(heavy_record(dice.choice((200, 1000))), b"g")
    entries = [header + encode(TarEntry(b"f%d" % number)) for number in range(dice.choice((10, 100)))]
    recipe.layers = [b"".join([*entries, END])]


def _many_xattrs(dice: random.Random, recipe: Recipe) -> None:
    header = raw_pax(heavy_record(dice.choice((2000, 20_000))), dice.choice((b"x", b"g")))
    entries = [encode(TarEntry(b"f%d" % number)) for number in range(2000)]
    recipe.layers = [b"".join([header, *entries, END])]
    recipe.packings = ["gzip"]


def _a_huge_sparse_file(dice: random.Random, recipe: Recipe) -> None:
    style, size = dice.choice(list(SparseStyle)), dice.choice((2**40, 2**62, 2**63 - 1))
    sparse = Sparse(style, size, ((0, 10), (size - 10, 10)))
    path = dice.choice(
        (b"f", b"var/lib/dpkg/status", b"etc/passwd", b"app/node_modules/a/package.json", b"root/.ssh/id_rsa")
    )
    recipe.layers = [_tar(TarEntry(path, FILE, bytes(20), sparse=sparse, mode=mode)) for mode in (0o600, 0o644)]
    if dice.random() < 0.5:
        recipe.layers = [_tar(*(TarEntry(b"%d" % n, FILE, bytes(20), sparse=sparse) for n in range(5)))] * 2


def _many_sparse_pieces(dice: random.Random, recipe: Recipe) -> None:
    count = dice.choice((1000, 100_000))
    length = dice.choice((0, 1))
    pieces = tuple((2 * number, length) for number in range(count))
    sparse = Sparse(dice.choice(list(SparseStyle)), 2 * count, pieces)
    entry = TarEntry(b"f", FILE, bytes(length * count), sparse=sparse)
    recipe.layers = [_tar(entry), _tar(entry, TarEntry(b"g", FILE, bytes(length * count), sparse=sparse))]
    recipe.packings = ["gzip"]


def _a_count_of_many_digits(dice: random.Random, recipe: Recipe) -> None:
    header = pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.realsize", b"9"))
    body = b"9" * dice.choice((20, 5000)) + b"\n0\n"
    recipe.layers = [b"".join([header, encode(TarEntry(b"f", FILE, body)), END])]


def _device_numbers(dice: random.Random, recipe: Recipe) -> None:
    numbers = [dice.choice((-1, 2**31, 2**32, 2**40, 2**55)) for _ in range(2)]
    recipe.layers = [_tar(TarEntry(b"dev", CHAR, device=(numbers[0], numbers[1])))]


def _a_long_database(dice: random.Random, recipe: Recipe) -> None:
    path = dice.choice(
        (
            b"var/lib/dpkg/status",
            b"lib/apk/db/installed",
            b"app/node_modules/a/package.json",
            b"usr/lib/python3/site-packages/a-1.dist-info/METADATA",
            b"usr/lib/python3/site-packages/a-1.dist-info/RECORD",
            b"var/lib/dpkg/info/a.list",
            b"var/lib/apt/extended_states",
            b"root/.ssh/id_rsa",
            b"srv/text.txt",
        )
    )
    line = dice.choice(
        (
            b"x",
            b"Package: a\nStatus: install ok installed\nVersion: 1\n\n",
            b"\n",
            b" a\n",
            b"P:a\nV:1\n\n",
            b"[",
            b"/a\n",
        )
    )
    content = line * (dice.choice((1, 16)) * 1_000_000 // len(line))
    recipe.layers = [_tar(TarEntry(path, FILE, content)), _tar(TarEntry(path, FILE, content + b"y"))]
    recipe.packings = ["gzip"]


def _many_packages(_dice: random.Random, recipe: Recipe) -> None:
    stanzas = (
        b"Package: p%d\nStatus: install ok installed\nVersion: 1\nDepends: p%d\n\n" % (n, n + 1) for n in range(20_000)
    )
    recipe.layers = [_tar(TarEntry(b"var/lib/dpkg/status", FILE, b"".join(stanzas)))]
    recipe.packings = ["gzip"]


def _many_entries(dice: random.Random, recipe: Recipe) -> None:
    layer = _tar(
        *(TarEntry(b"d%d/f%d" % (n % 90, n), FILE, b"x" * (n % 3)) for n in range(dice.choice((3000, 20_000))))
    )
    recipe.layers = [layer] * 3
    recipe.packings = ["gzip"]


def _zeros(dice: random.Random, recipe: Recipe) -> None:
    content = bytes(dice.choice((10, 60)) * 1_000_000)
    recipe.layers = [_tar(TarEntry(b"z%d" % n, FILE, content)) for n in range(2)]
    recipe.packings = [dice.choice(("gzip", "zstd"))]


_MAKERS: tuple[Callable[[random.Random, Recipe], None], ...] = (
    _many_layers,
    _one_layer_many_times,
    _many_steps,
    _a_long_instruction,
    _long_names,
    _a_deep_tree,
    _global_headers,
    _many_xattrs,
    _a_huge_sparse_file,
    _many_sparse_pieces,
    _a_count_of_many_digits,
    _device_numbers,
    _a_long_database,
    _many_packages,
    _many_entries,
    _zeros,
)
