"""``layerscope config``: list the settings of the explorer."""

import sys

from layerscope.cli.opening import warn_of
from layerscope.cli.options import AsJson, DebugLog
from layerscope.debug_log import start_log
from layerscope.report.settings import write_settings_document, write_settings_table
from layerscope.settings.preferences import ValueOrigin, load_preferences

EXAMPLES = """\b
Write settings into config.toml, whose path the command prints:
  theme = "layerscope-light"       any theme of the command palette
  sort = "size"                    the order of the tree: name or size
  columns = ["mode", "owner"]      also mtime and layer
  unfold = 2                       the depth to which the tree is unfolded
  units = "binary"                 KiB and MiB on the screen; data stay bytes
  keys."explorer.size" = "W"       another key for a command"""


def config(as_json: AsJson = False, debug: DebugLog = None) -> None:
    """List the settings: value, and whether it comes from config.toml, from the last run, or is the default."""
    start_log(debug)
    preferences = load_preferences()
    if ValueOrigin.CONFIG in (preferences.origins["theme"], preferences.origins["keys"]):
        from layerscope.tui.app import checked_preferences  # noqa: PLC0415  # 300 ms: only the explorer knows its themes

        preferences = checked_preferences()
    (write_settings_document if as_json else write_settings_table)(preferences, sys.stdout)
    for problem in preferences.problems:
        warn_of(problem)
