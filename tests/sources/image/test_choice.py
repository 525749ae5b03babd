"""The choice of one image among several."""

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from layerscope.errors import AmbiguousImage, ImageNotFound, UnsupportedFormat
from layerscope.model.candidate import Candidate
from layerscope.model.documents import Digest, ImageConfig, Platform
from layerscope.model.image import Image
from layerscope.sources.image.choice import choices, choose, this_platform


def candidate(
    tag: str = "",
    platform: str = "linux/amd64",
    digit: str = "1",
    *,
    complete: bool = True,
    set_aside: str | None = None,
) -> Candidate:
    os, architecture, *variant = platform.split("/")
    return Candidate(
        lambda: Image(tag, "docker-archive", ImageConfig(), (), ()),
        tags=(tag,) if tag else (),
        platform=Platform(os, architecture, variant[0] if variant else None),
        digest=Digest("sha256", digit * 64),
        config_digest=Digest("sha256", digit * 63 + "f"),
        complete=complete,
        set_aside=set_aside,
    )


V1 = candidate("docker.io/library/my-app:v1")
V2 = candidate("ghcr.io/me/my-app:v2", digit="2")
LATEST = candidate("docker.io/library/my-app:latest", digit="3")
REF_NAME = candidate("stable", digit="4")
TAGGED = [V1, V2, LATEST, REF_NAME]

AMD64 = candidate("app", "linux/amd64", "a")
ARM64 = candidate("app", "linux/arm64/v8", "b")
ARM_V6 = candidate("app", "linux/arm/v6", "c")
ARM_V7 = candidate("app", "linux/arm/v7", "d")
PLATFORMS = [ARM64, ARM_V6, ARM_V7, AMD64]
ATTESTATION = candidate("app", "unknown/unknown", "e", complete=False, set_aside="an attestation")


@pytest.fixture(autouse=True)
def _on_amd64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.uname", lambda: SimpleNamespace(machine="x86_64"))


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("docker.io/library/my-app:v1", V1),
        ("my-app:v1", V1),
        ("library/my-app:v1", V1),
        ("my-app", LATEST),
        ("ghcr.io/me/my-app:v2", V2),
        ("ghcr.io/me/my-app", V2),
        ("me/my-app:v2", V2),
        ("v1", V1),
        ("v2", V2),
        ("stable", REF_NAME),
        (f"sha256:{'2' * 64}", V2),
        ("sha256:222", V2),
        ("2222", V2),
        ("2" * 63 + "f", V2),
        (f"other@sha256:{'2' * 64}", V2),
        (f"my-app@sha256:{'2' * 64}", V2),
    ],
)
def test_an_image_is_found_by_each_of_its_names(wanted: str, meant: Candidate) -> None:
    assert choose(TAGGED, wanted) is meant


@pytest.mark.parametrize("wanted", ["my-app:v9", "sha256:", "222", "app:v1x", "other", "\x1b[0m", ""])
def test_an_unknown_name_lists_the_images(wanted: str) -> None:
    with pytest.raises(ImageNotFound, match=r"it holds docker.io/library/my-app:v1 \(linux/amd64\), ghcr.io") as caught:
        choose(TAGGED, wanted, name="x.tar")
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("linux/amd64", AMD64),
        ("linux/x86_64", AMD64),
        ("linux/arm64", ARM64),
        ("linux/arm64/v8", ARM64),
        ("linux/aarch64", ARM64),
        ("arm64", ARM64),
        ("LINUX/ARM64", ARM64),
        ("linux/arm", ARM_V7),
        ("linux/arm/v6", ARM_V6),
        ("linux/arm/v7", ARM_V7),
    ],
)
def test_an_image_is_found_by_its_platform(wanted: str, meant: Candidate) -> None:
    assert choose(PLATFORMS, platform=wanted) is meant


@pytest.mark.parametrize("wanted", ["linux/riscv64", "windows/amd64", "linux/arm/v5", "linux", "", "a/b/c/d", "/"])
def test_a_missing_platform_lists_the_others(wanted: str) -> None:
    with pytest.raises(
        ImageNotFound, match=r"x.tar holds no image .*; it holds app \(linux/arm64/v8\), app \(linux/arm/v6\)"
    ):
        choose(PLATFORMS, platform=wanted, name="x.tar")


def test_a_config_without_a_variant_has_the_default_variant() -> None:
    plain = candidate("app", "linux/arm64")
    assert choose([plain, AMD64], platform="linux/arm64/v8") is plain


def test_the_only_image_is_opened_whatever_its_platform() -> None:
    assert choose([ARM64]) is ARM64


def test_the_only_complete_image_is_opened() -> None:
    missing = candidate("app", "linux/amd64", complete=False)
    assert choose([missing, ARM64]) is ARM64


def test_the_image_for_this_machine_is_opened_among_several() -> None:
    assert choose(PLATFORMS) is AMD64


@pytest.mark.parametrize(
    ("machine", "platform", "meant"),
    [("aarch64", "linux/arm64", ARM64), ("armv7l", "linux/arm/v7", ARM_V7), ("armv6l", "linux/arm/v6", ARM_V6)],
)
def test_machine_names_are_mapped(
    monkeypatch: pytest.MonkeyPatch, machine: str, platform: str, meant: Candidate
) -> None:
    monkeypatch.setattr("os.uname", lambda: SimpleNamespace(machine=machine))
    assert this_platform() == platform
    assert choose(PLATFORMS) is meant


def test_several_images_for_this_machine_are_listed() -> None:
    with pytest.raises(
        AmbiguousImage, match=r"x\.tar holds 4 images; say which one with --image or --platform"
    ) as caught:
        choose(TAGGED, name="x.tar")
    assert caught.value.choices[0] == f"docker.io/library/my-app:v1  linux/amd64  sha256:{'1' * 64}"
    assert len(caught.value.choices) == 4


def test_several_images_for_other_machines_are_listed() -> None:
    with pytest.raises(AmbiguousImage):
        choose([ARM64, ARM_V7])


def test_attestations_are_not_offered() -> None:
    assert choices([AMD64, ATTESTATION]) == (AMD64,)
    assert choose([ATTESTATION, ARM64]) is ARM64
    assert choose([ATTESTATION, ARM64], "app") is ARM64


def test_an_attestation_is_found_by_its_digest() -> None:
    assert choose([AMD64, ATTESTATION], "sha256:eee") is ATTESTATION


def test_a_source_with_only_artifacts_names_them() -> None:
    with pytest.raises(UnsupportedFormat, match=r"x\.tar holds no image, only an attestation"):
        choose([ATTESTATION], name="x.tar")


def test_an_empty_list_holds_no_image() -> None:
    with pytest.raises(UnsupportedFormat, match="its list is empty"):
        choose([])


def test_a_label_is_safe_for_a_screen_and_marks_missing_blobs() -> None:
    label = candidate("a\x1b[2J\u202e", complete=False).label
    assert "\x1b" not in label
    assert "\u202e" not in label
    assert label.endswith("(not all of its blobs are there)")


def test_a_long_list_of_images_is_cut_and_counted() -> None:
    tags = tuple(f"registry.example.com/some/long/repository/name:{n}" for n in range(100))
    many = [replace(candidate(platform=f"linux/plan{n}"), tags=tags) for n in range(300)]
    with pytest.raises(ImageNotFound) as missing:
        choose(many, "other")
    assert len(str(missing.value)) < 800
    assert str(missing.value).endswith(" more")
    with pytest.raises(AmbiguousImage) as several:
        choose(many)
    assert len(several.value.choices) == 51
    assert several.value.choices[-1] == "and 250 more"
    assert max(map(len, several.value.choices)) < 400
    assert len(str(several.value)) < 200
