"""One case: an image, made from a seed and a number alone, with its recipe in words."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz import mutations
from tests.fuzz.heavy import heavy_layers
from tests.fuzz.images import PACKINGS, Form, Members, Recipe, archive, members, packed, random_steps, write
from tests.fuzz.layers import LayerMaker

VALID_SHARE = 0.35
"""The share of valid images, which the oracle judges."""

HEAVY_SHARE = 0.04


@dataclass
class Case:
    """An image on the disk; ``layers`` are the plain tars of a valid one, for the oracle."""

    seed: int
    number: int
    dice: random.Random
    image: Path
    form: Form
    layers: list[bytes]
    names: list[bytes]
    valid: bool
    notes: list[str] = field(default_factory=list)

    def recipe(self) -> str:
        """Return the recipe as lines of text."""
        kind = "valid" if self.valid else "spoiled"
        head = f"case {self.number} of seed {self.seed}: {kind} {self.form}, {len(self.layers)} layers"
        return "\n  ".join([head, *self.notes])


def make_case(seed: int, number: int, folder: Path) -> Case:
    """Make the image of a case below a folder."""
    dice = random.Random(f"{seed}:{number}")
    valid = dice.random() < VALID_SHARE
    heavy = not valid and dice.random() < HEAVY_SHARE / (1 - VALID_SHARE)
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
    if heavy:
        heavy_layers(dice, recipe, notes)
    where = (
        ""
        if valid or heavy
        else dice.choice(("tar", "tar", "tar", "json", "json", "members", "blob", "archive", "outer"))
    )
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
    case = Case(seed, number, dice, image, form, recipe.layers, names, valid, notes)
    case.notes.insert(0, f"layers {', '.join(recipe.packings[:20])}; archive {recipe.outer}; {len(recipe.steps)} steps")
    _write(case, recipe, files, where)
    return case


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
