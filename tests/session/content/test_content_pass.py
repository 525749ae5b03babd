"""A pass over the content in several processes against one in this process."""

from tests.samples import SAMPLES
from tests.session.reading.test_forked import printed

_PROGRAM = """
import io
from contextlib import redirect_stdout
from layerscope.cli.main import run
from layerscope.session.content import content_pass

content_pass._FILES_OF_PART = 3
outputs = []
for seconds, order_seconds in ((1000, 0), (-1, 0), (-1, 1000)):
    content_pass._LONG_SECONDS, content_pass._ORDER_SECONDS = seconds, order_seconds
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
