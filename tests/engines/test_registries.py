"""Images in Debian's docker-registry, pushed by skopeo, against their archives."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.runner import ask, document, without
from tests.engines.registries import log_in, password_settings, serving, token_settings
from tests.engines.tools import skopeo
from tests.samples import SAMPLES

pytestmark = pytest.mark.engine

Capture = pytest.CaptureFixture[str]

SAMPLE_SOURCES = {
    "platforms": ("oci-archive", "platforms.oci.tar"),
    "opaque": ("oci-archive", "opaque.oci.tar"),
    "gzip": ("oci-archive", "my-app-v2.oci.tar"),
    "zstd": ("oci", "my-app-v2-zstd"),
}
ELSEWHERE = {"reference", "source", "tags", "digest"}
"""Fields that only an image in a registry has, or has otherwise."""

RECOMPRESSED = {*ELSEWHERE, "config_digest", "blob_size", "media_type", "compression", "listed_from"}
"""Fields that also differ once skopeo has compressed the layers of an archive."""


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the storage of registries, with the sample images in it."""
    folder = tmp_path_factory.mktemp("registry")
    with serving(folder, folder / "storage") as host:
        for name, (transport, sample) in SAMPLE_SOURCES.items():
            options = ("--all", "--preserve-digests", "--dest-tls-verify=false")
            skopeo(f"{transport}:{SAMPLES / sample}", f"docker://{host}/samples/{name}:1", *options)
    return folder / "storage"


@pytest.fixture(params=["open", "with a password", "with tokens"])
def host(
    storage: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Run a registry with the sample images."""
    with ExitStack() as stack:
        settings = {}
        if request.param == "with a password":
            settings = password_settings(tmp_path)
        elif request.param == "with tokens":
            settings = stack.enter_context(token_settings(tmp_path))
        host = stack.enter_context(serving(tmp_path, storage, **settings))
        log_in(tmp_path / "docker", host)
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
        yield host


def test_a_registry_gives_the_documents_of_the_samples(host: str, capsys: Capture) -> None:
    for name, (_, sample) in SAMPLE_SOURCES.items():
        platform = ("--platform", "linux/arm64") if name == "platforms" else ()
        for command in ("layers", "tree", "why"):
            found = document(capsys, command, f"registry://{host}/samples/{name}:1", *platform)
            assert without(found, ELSEWHERE) == without(
                document(capsys, command, SAMPLES / sample, *platform), ELSEWHERE
            )
    two = [f"registry://{host}/samples/{name}:1" for name in ("gzip", "opaque")]
    archives = [SAMPLES / SAMPLE_SOURCES[name][1] for name in ("gzip", "opaque")]
    found, expected = (document(capsys, "diff", *pair) for pair in (two, archives))
    assert without(found, {"from", "to"}) == without(expected, {"from", "to"})


def test_without_the_password_one_sentence_says_so(
    storage: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with serving(tmp_path, storage, **password_settings(tmp_path)) as host:
        complaint = ask(capsys, "layers", f"registry://{host}/samples/gzip:1").complaint
    assert f"docker login {host}" in complaint


@pytest.mark.parametrize("compression", ["gzip", "zstd", "zstd:chunked"])
def test_an_archive_that_was_pushed_gives_the_documents_of_the_archive(
    compression: str, archive: Path, tmp_path: Path, capsys: Capture
) -> None:
    with serving(tmp_path, tmp_path / "storage") as host:
        options = (f"--dest-compress-format={compression}", "--format=oci", "--dest-tls-verify=false")
        skopeo(f"docker-archive:{archive}", f"docker://{host}/app:1", *options)
        reference = f"registry://{host}/app:1"
        for command in ("layers", "tree"):
            found = document(capsys, command, reference)
            assert without(found, RECOMPRESSED) == without(document(capsys, command, archive), RECOMPRESSED)
        layers = document(capsys, "layers", reference)["layers"]
        assert {layer["compression"] for layer in layers} == {compression.partition(":")[0]}
        # the table of the first layer has lost bytes of a name
        tables = [layer["listed_from"] == "table" for layer in layers]
        assert tables == [False, *[compression == "zstd:chunked"] * (len(layers) - 1)]
        path = next(entry["path"] for entry in document(capsys, "tree", archive)["entries"] if entry["size"])
        assert ask(capsys, "cat", reference, path) == ask(capsys, "cat", archive, path)
