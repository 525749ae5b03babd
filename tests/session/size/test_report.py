from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.analysis.advice.advice import AdviceKind
from layerscope.analysis.content import ContentNeed
from layerscope.analysis.size.base_image import BaseImage
from layerscope.analysis.size.dead import DeadReason
from layerscope.analysis.size.live import live_files
from layerscope.model.image import Compression, Layer
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.report import SizeReport, size_report
from layerscope.sources.layer import content
from layerscope.sources.layer.content import LayerContent, open_layer_content
from tests.builders import (
    OCI_CONFIG,
    OCI_LAYER,
    OciStore,
    docker_archive,
    file,
    hardlink,
    image,
    layer,
    oci_archive,
    oci_layout,
    opaque,
    whiteout,
    write_tar,
)
from tests.samples import SAMPLES

LONG = bytes(5000)
"""More bytes than are first looked at."""

BASE = layer(
    file("srv/model", LONG + b"the same"),
    file("srv/late", LONG + b"differs"),
    file("srv/early", b"first!" + LONG),
    file("srv/touched", b"untouched", mtime=1),
    file("var/lib/apt/lists/x_Packages", b"p" * 3000),
    file("root/.ssh/id_rsa", b"no real key"),
    file("old/a", b"aaa"),
    file("old/b", b"bbbb"),
)
MIDDLE = layer(
    file("srv/model", LONG + b"the same", uid=33),
    file("srv/late", LONG + b"changed"),
    file("srv/early", b"second" + LONG),
    file("srv/touched", b"untouched", mtime=2),
    whiteout("var/lib/apt/lists"),
    whiteout("root/.ssh/id_rsa"),
)
TOP = layer(
    file("srv/copy", LONG + b"the same", uid=33),
    file("srv/other", LONG + b"not same"),
    opaque("old"),
    file("old/b", b"!"),
)
RECIPE = image(BASE, MIDDLE, TOP, tags=["app:1"])


@pytest.fixture
def sessions() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def opened(stack: ExitStack, path: Path) -> ImageSession:
    return stack.enter_context(open_image(str(path)))


def report_of(stack: ExitStack, path: Path) -> SizeReport:
    return size_report(opened(stack, path).load())


def every_form(folder: Path) -> list[Path]:
    return [
        docker_archive(folder / "plain.tar", RECIPE),
        oci_archive(folder / "gzip.tar", RECIPE, compression=Compression.GZIP),
        oci_layout(folder / "zstd", RECIPE, compression=Compression.ZSTD),
    ]


def test_all_forms_of_an_image_give_the_same_report(tmp_path: Path, sessions: ExitStack) -> None:
    for path in every_form(tmp_path):
        why = report_of(sessions, path)
        assert {entry.path.decode(): entry.reason for entry in why.dead.entries} == {
            "srv/model": DeadReason.METADATA_ONLY,
            "srv/late": DeadReason.OVERWRITTEN,
            "srv/early": DeadReason.OVERWRITTEN,
            "srv/touched": DeadReason.IDENTICAL,
            "var/lib/apt/lists/x_Packages": DeadReason.DELETED,
            "root/.ssh/id_rsa": DeadReason.DELETED,
            "old/a": DeadReason.OPAQUE,
            "old/b": DeadReason.OVERWRITTEN,
        }
        (duplicate,) = why.duplicates
        assert (duplicate.size, duplicate.layers) == (5008, (3, 2))
        assert why.duplicates_complete
        assert why.unknowns == ()


def test_the_sums_are_those_of_the_tallies(tmp_path: Path, sessions: ExitStack) -> None:
    session = opened(sessions, docker_archive(tmp_path / "a.tar", RECIPE))
    why, tallies = size_report(session.load()), session.tallies
    assert (why.total_size, why.dead_size, why.efficiency) == (
        tallies.content_size,
        tallies.dead_size,
        tallies.efficiency,
    )
    assert why.dead.by_writer == tallies.dead
    assert why.blob_size == session.image.blob_size
    assert {layer_size.layer: layer_size.content_size for layer_size in why.layers} == {
        number: tally.content_size for number, tally in tallies.layers.items()
    }
    assert why.total_size == sum(why.live.sizes) + why.dead.total


def test_the_verdict_names_the_heaviest_layer_and_the_dead_part(tmp_path: Path, sessions: ExitStack) -> None:
    why = report_of(sessions, docker_archive(tmp_path / "a.tar", RECIPE))
    assert why.verdict == (
        "Layer 1 (COPY layer-1 /) makes up 42 % of the 43 kB, and 18 kB (42 %) are dead,"
        " most of it overwritten by a later layer."
    )


def test_an_image_without_waste_says_so(tmp_path: Path, sessions: ExitStack) -> None:
    why = report_of(sessions, docker_archive(tmp_path / "a.tar", image(layer(file("a", b"1")))))
    assert why.verdict == "Layer 1 (COPY layer-1 /) makes up all of the 1 B, and no bytes are dead."
    assert (why.dead_size, why.dead_blob_size, why.efficiency, why.advice) == (0, 0, 1.0, ())


@pytest.mark.parametrize(
    ("layers", "verdict"), [((), "The image has no layers."), ((layer(),), "The image holds no content.")]
)
def test_an_image_without_content_says_so(
    layers: tuple[bytes, ...], verdict: str, tmp_path: Path, sessions: ExitStack
) -> None:
    why = report_of(sessions, docker_archive(tmp_path / "a.tar", image(*layers)))
    assert (why.verdict, why.efficiency, why.total_size) == (verdict, 1.0, 0)


def test_the_largest_files_are_named_with_their_layers(tmp_path: Path, sessions: ExitStack) -> None:
    why = report_of(sessions, docker_archive(tmp_path / "a.tar", RECIPE))
    assert [(each.path, each.layer) for each in why.largest[:2]] == [(b"srv/copy", 3), (b"srv/model", 2)]
    hidden = {(each.path, each.layer, each.hidden_by) for each in why.largest_written}
    assert (b"srv/model", 1, 2) in hidden
    assert (b"srv/model", 2, None) in hidden


def test_advice_names_caches_secrets_and_copies(tmp_path: Path, sessions: ExitStack) -> None:
    why = report_of(sessions, docker_archive(tmp_path / "a.tar", RECIPE))
    assert {AdviceKind.PACKAGE_CACHE, AdviceKind.METADATA_COPY, AdviceKind.DUPLICATES} <= {
        piece.kind for piece in why.advice
    }
    assert why.secrets
    assert [piece.saves for piece in why.advice] == sorted((piece.saves for piece in why.advice), reverse=True)


def test_the_stored_size_of_dead_bytes_is_estimated_from_each_layers_compression(
    tmp_path: Path, sessions: ExitStack
) -> None:
    why = report_of(sessions, oci_archive(tmp_path / "a.tar", RECIPE))
    blobs = {layer_size.layer: (layer_size.blob_size or 0, layer_size.content_size or 0) for layer_size in why.layers}
    expected = sum(size * blobs[layer][0] // blobs[layer][1] for layer, size in why.dead.by_writer.items())
    assert why.dead_blob_size == expected
    assert 0 < expected < why.dead.total


def test_labels_name_the_base_image_unless_the_user_does(tmp_path: Path, sessions: ExitStack) -> None:
    labels = {"Labels": {"org.opencontainers.image.base.name": "debian:13"}}
    session = opened(sessions, docker_archive(tmp_path / "a.tar", image(BASE, MIDDLE, config=labels)))
    assert size_report(session.load()).base == BaseImage("debian:13")
    chosen = size_report(session.load(), BaseImage("debian:13", layers=1))
    assert chosen.base == BaseImage("debian:13", layers=1)
    copies = [each for each in chosen.advice if each.kind is AdviceKind.METADATA_COPY]
    assert "Change as few of them as you can" in copies[0].text


def test_annotations_of_the_manifest_name_the_base_image(tmp_path: Path, sessions: ExitStack) -> None:
    store, recipe = OciStore(), image(BASE)
    annotations = {"org.opencontainers.image.base.name": "debian:13"}
    descriptor = store.manifest(
        store.add(recipe.config_json, OCI_CONFIG), [store.add(BASE, OCI_LAYER)], manifest_annotations=annotations
    )
    path = write_tar(tmp_path / "a.tar", store.files([descriptor]))
    assert report_of(sessions, path).base == BaseImage("debian:13")


def test_an_unreadable_layer_leaves_the_sums_unknown(tmp_path: Path, sessions: ExitStack) -> None:
    broken = MIDDLE[: len(MIDDLE) // 2 + 512]
    why = report_of(sessions, docker_archive(tmp_path / "a.tar", image(BASE, broken, TOP)))
    assert (why.total_size, why.dead_size, why.dead_blob_size, why.efficiency) == (None, None, None, None)
    assert why.verdict == (
        "1 layer could not be read whole, so the sums are unknown; the largest of the others is layer 1"
        " (COPY layer-1 /) with 18 kB."
    )
    assert [
        (layer_size.layer, layer_size.content_size, layer_size.share, layer_size.dead_size) for layer_size in why.layers
    ][-1] == (
        2,
        None,
        None,
        None,
    )
    broken_layer, cut_file = why.unknowns
    assert broken_layer.startswith("layer 2 could not be read whole, so its size and all dead bytes are unknown: ")
    assert cut_file == "the reason for 5.0 kB of dead bytes is unknown: they cannot be read"


def test_content_that_became_unreadable_leaves_reasons_unknown(tmp_path: Path, sessions: ExitStack) -> None:
    path = docker_archive(tmp_path / "a.tar", RECIPE)
    session = opened(sessions, path)
    assert session.load().tree.layers == (1, 2, 3)
    path.unlink()
    why = size_report(session.load())
    assert why.dead_size == session.tallies.dead_size
    reasons = {entry.path: entry.reason for entry in why.dead.entries}
    assert (reasons[b"srv/model"], reasons[b"old/a"]) == (None, DeadReason.OPAQUE)
    assert why.duplicates == ()
    (unknown,) = why.unknowns
    assert unknown == "the reason for 15 kB of dead bytes is unknown: they cannot be read"


def test_a_compressed_layer_is_decompressed_once(
    tmp_path: Path, sessions: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens: list[int] = []

    def counted(layer: Layer, is_stopped: Callable[[], bool]) -> LayerContent:
        opens.append(layer.number)
        return open_layer_content(layer, is_stopped)

    monkeypatch.setattr(content, "open_layer_content", counted)
    session = opened(sessions, oci_archive(tmp_path / "a.tar", RECIPE))
    assert size_report(session.load()).secrets
    assert sorted(opens) == [1, 2, 3]


def test_prefixes_that_other_views_need_are_read_in_the_same_pass(
    tmp_path: Path, sessions: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(sessions, oci_archive(tmp_path / "a.tar", RECIPE))
    live = live_files(session.load().tree)
    why = size_report(
        session.load(),
        live=live,
        needs=[
            ContentNeed(lambda _path, _size: 0, lambda _files: dict.fromkeys(live.occurrences, 7)),
            ContentNeed(lambda _path, _size: 0, lambda _files: {live.occurrences[0]: 3}),
        ],
    )
    never_open(monkeypatch)
    assert set(why.prefixes(why.live.occurrences, 7).values()) == {LONG[:7], b"second\0", b"untouch", b"!"}


def never_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no layer be read from here on."""

    def never(layer: Layer, _is_stopped: Callable[[], bool]) -> LayerContent:
        raise AssertionError(f"layer {layer.number} is read")

    monkeypatch.setattr(content, "open_layer_content", never)


def test_nothing_is_read_if_all_sizes_differ(
    tmp_path: Path, sessions: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_open(monkeypatch)
    recipe = image(layer(file("a", b"1"), file("b", b"22")), layer(file("a", b"333"), whiteout("b")))
    assert report_of(sessions, docker_archive(tmp_path / "a.tar", recipe)).dead_size == 3


def test_the_report_is_computed_once(tmp_path: Path, sessions: ExitStack) -> None:
    session = opened(sessions, docker_archive(tmp_path / "a.tar", RECIPE))
    analysis = SizeAnalysis(session.load())
    assert analysis.report is analysis.report


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP])
def test_first_bytes_are_read_of_many_files_at_once(
    compression: Compression, tmp_path: Path, sessions: ExitStack
) -> None:
    recipe = image(layer(file("b", b"long content"), file("a", b"short"), hardlink("c", "b"), hardlink("d", "nowhere")))
    session = opened(sessions, oci_archive(tmp_path / "a.tar", recipe, compression=compression))
    tree = session.load().tree
    nodes = [tree.index.find(name) for name in (b"a", b"b", b"c", b"d")]
    found = [tree.index.occurrence(node, 1) for node in nodes if node is not None]
    assert list(session.load().contents.prefixes(found, 6).values()) == [b"short", b"long c", b"long c", None]


def test_first_bytes_that_are_known_are_not_read_again(tmp_path: Path, sessions: ExitStack) -> None:
    path = docker_archive(tmp_path / "a.tar", image(layer(file("a", b"content"))))
    session = opened(sessions, path)
    node = session.load().tree.index.find(b"a")
    assert node is not None
    occurrence = session.load().tree.index.occurrence(node, 1)
    contents = session.load().contents
    assert contents.prefixes([occurrence], 4) == {occurrence: b"cont"}
    path.unlink()
    assert contents.prefixes([occurrence], 3) == {occurrence: b"con"}
    assert contents.prefixes([occurrence], 5) == {occurrence: None}


@pytest.mark.parametrize(
    ("name", "by_reason"),
    [
        (
            "my-app.tar",
            {"deleted": 138_755, "overwritten": 5_855, "identical": 5_760, "replaced": 2_627, "metadata-only": 625},
        ),
        ("opaque.oci.tar", {"overwritten": 3_137, "opaque": 3_054, "deleted": 87}),
        ("odd-names.tar", {"deleted": 199, "replaced": 44, "metadata-only": 19, "overwritten": 19}),
    ],
)
def test_the_samples_have_the_expected_dead_bytes(name: str, by_reason: dict[str, int], sessions: ExitStack) -> None:
    assert report_of(sessions, SAMPLES / name).dead.by_reason == by_reason


def test_all_forms_of_a_sample_give_the_same_report(sessions: ExitStack) -> None:
    names = ("my-app-v2.tar", "my-app-v2.oci.tar", "my-app-v2-zstd")
    first, *others = (report_of(sessions, SAMPLES / name) for name in names)
    for other in others:
        assert (other.dead, other.duplicates, other.advice, other.largest) == (
            first.dead,
            first.duplicates,
            first.advice,
            first.largest,
        )
