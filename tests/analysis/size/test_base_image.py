import json

import pytest

from layerscope.analysis.size.base_image import BaseImage, base_by_diff_ids, base_by_number, stated_base
from layerscope.errors import UsageError

NAME, DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
DIFF_IDS = ["sha256:1", "sha256:2", "sha256:3"]


def test_annotations_name_the_base_before_labels_do() -> None:
    annotations, labels = {NAME: "docker.io/library/debian:13", DIGEST: "sha256:d"}, {NAME: "other"}
    assert stated_base(annotations, labels, DIFF_IDS) == BaseImage("docker.io/library/debian:13", "sha256:d")
    assert stated_base({}, labels, DIFF_IDS) == BaseImage("other")


def test_the_names_of_the_drafts_count_too() -> None:
    labels = {"image.base.ref.name": "debian", "image.base.digest": "sha256:d"}
    assert stated_base({}, labels, DIFF_IDS) == BaseImage("debian", "sha256:d")


def test_an_image_that_states_nothing_has_no_known_base() -> None:
    assert stated_base({}, {"maintainer": "me", NAME: ""}, DIFF_IDS) is None


def test_buildpacks_record_the_last_layer_of_the_base() -> None:
    labels = {"io.buildpacks.lifecycle.metadata": json.dumps({"runImage": {"topLayer": "sha256:2"}})}
    assert stated_base({}, labels, DIFF_IDS) == BaseImage(layers=2)
    assert stated_base({NAME: "run"}, labels, DIFF_IDS) == BaseImage("run", layers=2)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"runImage": 1}', '{"runImage": {"topLayer": "sha256:9"}}'])
def test_a_malformed_buildpacks_label_is_ignored(text: str) -> None:
    assert stated_base({}, {"io.buildpacks.lifecycle.metadata": text}, DIFF_IDS) is None


def test_an_image_is_the_base_if_its_layers_are_the_lowest_ones() -> None:
    assert base_by_diff_ids(DIFF_IDS, DIFF_IDS[:2], "debian") == BaseImage("debian", layers=2)
    assert base_by_diff_ids(DIFF_IDS, DIFF_IDS, "debian").layers == 3


@pytest.mark.parametrize("other", [[], ["sha256:2"], [*DIFF_IDS, "sha256:4"]])
def test_an_image_with_other_layers_is_no_base(other: list[str]) -> None:
    with pytest.raises(UsageError, match=r"debian\.tar is not the base of this image"):
        base_by_diff_ids(DIFF_IDS, other, "debian.tar")


def test_a_chosen_layer_ends_the_base_that_the_image_states() -> None:
    assert base_by_number(BaseImage("debian"), 2, 3) == BaseImage("debian", layers=2)
    assert base_by_number(None, 0, 3) == BaseImage(layers=0)
    with pytest.raises(UsageError, match="the base cannot end at layer 4: the image has 3 layers"):
        base_by_number(None, 4, 3)
