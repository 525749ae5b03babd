"""Passes over the content: in several processes against one in this process, and over a file that changes."""

import os
from pathlib import Path

from layerscope.model.content_facts import WHOLE
from layerscope.session.content.content_reader import ContentReader
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.loaded_image import sparse_sizes
from layerscope.session.open import open_image
from tests.builders import docker_archive, file, image, layer
from tests.samples import SAMPLES
from tests.session.reading.test_forked import printed

_PROGRAM = """
import io
from contextlib import redirect_stdout
from layerscope.cli.main import run
from layerscope.session.content import content_reader

content_reader._FILES_OF_PART = 3
outputs = []
for seconds, order_seconds in ((1000, 0), (-1, 0), (-1, 1000)):
    content_reader._LONG_SECONDS, content_reader._ORDER_SECONDS = seconds, order_seconds
    for arguments in (["why", name] for name in sys.argv[1:]):
        with redirect_stdout(io.StringIO()) as output:
            run([*arguments, "--json", "--no-cache"])
        outputs.append(output.getvalue())
third = len(outputs) // 3
print(outputs[:third] == outputs[third : 2 * third] == outputs[2 * third :], all(outputs), left())
"""


def test_a_pass_in_several_processes_finds_what_one_in_this_process_finds() -> None:
    images = [SAMPLES / "my-app.tar", SAMPLES / "my-app-v2.oci.tar", SAMPLES / "my-app-v2-zstd"]
    assert printed(_PROGRAM, *images) == ["True True no process is left"]


def test_nothing_is_known_of_files_whose_archive_is_written_to_while_they_are_read(tmp_path: Path) -> None:
    archive = docker_archive(tmp_path / "image.tar", image(layer(file("a", b"1"), file("b", b"2"))))
    with open_image(str(archive)) as session:
        tree, stated = session.load().tree, session.image
        files = [node for node in map(tree.index.find, (b"a", b"b")) if node is not None]

        def written_to() -> bool:
            """Change the archive's time, as who writes to it does, once it is open; do not stop."""
            os.utime(archive, ns=(0, 0))
            return False

        for is_stopped, count in ((bool, 2), (written_to, 0)):
            reader = ContentReader(OpenLayers(stated), tree.index, tree.tables, sparse_sizes(tree.tables), is_stopped)
            digests, _ = reader.read({tree.index.occurrence(node, 1): WHOLE for node in files}, {})
            assert len(digests) == count
