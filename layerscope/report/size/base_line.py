"""What is known of the base image, in one sentence."""

from layerscope.report.size.document import base_part
from layerscope.session.size.report import SizeReport
from layerscope.text import human_size, plural, printable_line


def base_line(why: SizeReport) -> str | None:
    """Return the sentence, safe for a screen; None where nothing is known."""
    base = base_part(why)
    if base is None:
        return None
    name = f" {printable_line(base['name'])}" if base["name"] else ""
    if base["layers"] is None:
        return f"Base image{name}: which layers are its own is not recorded (--base tells)."
    own = why.total_size - base["content_size"] if why.total_size and base["content_size"] is not None else None
    return (
        f"Base image{name}: the lowest {plural(base['layers'], 'layer')}, {human_size(base['content_size'])};"
        f" {human_size(own)} came on top."
    )
