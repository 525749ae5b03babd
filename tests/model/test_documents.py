"""The JSON documents of an image."""

import pytest

from layerscope.model.documents import HistoryEntry, ImageConfig, decode
from tests.builders import to_json


@pytest.mark.parametrize("zero", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000000Z"])
def test_the_zero_time_of_go_is_unknown(zero: str) -> None:
    config = decode(to_json({"created": zero, "history": [{"created": zero}]}), ImageConfig, "x")
    assert config.created is None
    assert config.history == [HistoryEntry()]


def test_other_times_are_kept() -> None:
    for text in ("1970-01-01T00:00:00Z", "2026-11-25T10:00:00.5+01:00"):
        assert decode(to_json({"created": text}), ImageConfig, "x").created == text


def test_a_digest_that_documents_repeat_is_kept_once() -> None:
    config = decode(to_json({"rootfs": {"diff_ids": [f"sha256:{'a' * 64}"] * 2}}), ImageConfig, "x")
    assert config.diff_ids[0] is config.diff_ids[1]
