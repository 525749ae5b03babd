"""One case: an image, made from a seed and a number alone, with its recipe in words."""

import random
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.fuzz import mutations
from tests.fuzz.heavy import heavy_layers
from tests.fuzz.images import PACKINGS, Form, Members, Recipe, archive, members, packed, random_steps, write
from tests.fuzz.layers import LayerMaker

VALID_SHARE = 0.35
"""The share of valid images, which the oracle judges."""

HEAVY_SHARE = 0.04


class Kind(StrEnum):
    """A kind of case."""

    VALID = "valid"
    SPOILED = "spoiled"
    HEAVY = "heavy"


@dataclass
class Case:
    """An image on the disk, and another one to compare it with.

    ``layers`` are the plain tars of a valid image, for the oracle.
    """

    seed: int
    number: int
    dice: random.Random
    image: Path
    other: Path
    form: Form
    layers: list[bytes]
    names: list[bytes]
    kind: Kind
    notes: list[str] = field(default_factory=list)

    def recipe(self) -> str:
        """Return the recipe as lines of text."""
        head = f"case {self.number} of seed {self.seed}: {self.kind} {self.form}, {len(self.layers)} layers"
        return "\n  ".join([head, *self.notes])


def kind_of(seed: int, number: int) -> Kind:
    """Return the kind of a case without making it."""
    return _thrown_kind(random.Random(f"{seed}:{number}"))


def _thrown_kind(dice: random.Random) -> Kind:
    share = dice.random()
    if share < VALID_SHARE:
        return Kind.VALID
    return Kind.HEAVY if share < VALID_SHARE + HEAVY_SHARE else Kind.SPOILED


def make_case(seed: int, number: int, folder: Path) -> Case:
    """Make the image of a case below a folder."""
    dice = random.Random(f"{seed}:{number}")
    kind = _thrown_kind(dice)
    notes: list[str] = []
    maker = LayerMaker(dice)
    lists = [maker.entries() for _ in range(dice.choice((1, 2, 2, 3, 3, 4, 6)))]
    layers = [maker.tar(entries) for entries in lists]
    names = [entry.name for entries in lists for entry in entries]
    form = dice.choice(list(Form))
    recipe = Recipe(
        form, layers, [dice.choice(PACKINGS) for _ in layers], tags=dice.choice(([], ["app:v1"], ["a:1", "b:2"]))
    )
    recipe.steps = random_steps(dice, len(layers))
    recipe.outer = dice.choice(("none", "none", "none", *PACKINGS))
    if kind is Kind.HEAVY:
        heavy_layers(dice, recipe, notes)
    places = ("tar", "tar", "tar", "json", "json", "members", "blob", "archive", "outer")
    where = dice.choice(places) if kind is Kind.SPOILED else ""
    if where == "tar":
        at = dice.randrange(len(layers))
        notes.append(f"in layer {at + 1}:")
        recipe.layers[at] = mutations.spoiled_tar(dice, lists[at], notes)
    kinds = ("config", "manifest", "index", "nested index", "manifest.json")
    chosen = dice.sample(kinds, dice.choice((1, 2))) if where == "json" else []

    def tweak(kind: str, value: Any) -> Any:
        if kind not in chosen:
            return value
        notes.append(f"in the {kind}:")
        return mutations.spoiled_json(dice, value, notes)

    files = members(recipe, tweak)
    image = folder / dice.choice(("image.tar", "image", "my app.tar"))
    case = Case(seed, number, dice, image, _other_image(dice, folder), form, recipe.layers, names, kind, notes)
    case.notes.insert(0, f"layers {', '.join(recipe.packings[:20])}; archive {recipe.outer}; {len(recipe.steps)} steps")
    _write(case, recipe, files, where)
    return case


def _other_image(dice: random.Random, folder: Path) -> Path:
    """Write a small valid image beside the one of the case."""
    maker = LayerMaker(dice)
    layers = [maker.tar(maker.entries()) for _ in range(2)]
    recipe = Recipe(Form.DOCKER, layers, ["none"] * 2, tags=["other:v2"], steps=random_steps(dice, 2))
    return write(recipe, members(recipe, lambda _kind, value: value), folder / "other.tar")


def _write(case: Case, recipe: Recipe, files: Members, where: str) -> None:
    dice = case.dice
    if where in ("members", "blob"):
        files = mutations.spoiled_members(dice, files, case.notes)
    if where in ("archive", "outer") and recipe.form is not Form.OCI_FOLDER:
        data = mutations.odd_archive(dice, files, case.notes) if where == "archive" else archive(files)
        data = packed(data, recipe.outer)
        case.image.write_bytes(mutations.spoiled_bytes(dice, data, case.notes) if where == "outer" else data)
        return
    if recipe.form is Form.OCI_FOLDER:
        files = {name: data for name, data in files.items() if not name.startswith("..")}
    write(recipe, files, case.image)
    if where in ("archive", "outer"):
        mutations.spoil_folder(dice, case.image, case.notes)
