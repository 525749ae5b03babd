"""The list and the title of each topic in the size view."""

from collections.abc import Callable
from typing import Any

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_size, printable_path
from layerscope.tui.size.lists.directories import directory_list, layer_list
from layerscope.tui.size.lists.duplicates import duplicate_list, duplicate_parts, duplicate_title
from layerscope.tui.size.lists.files import (
    advised_files,
    dead_files,
    dead_files_title,
    dead_list,
    secret_list,
    type_files,
    type_list,
)
from layerscope.tui.size.lists.model import SizeList
from layerscope.tui.size.lists.packages import package_files, package_files_title, package_list
from layerscope.tui.size.state import ALL_SECRETS, SizeView, Topic


def _overview_part(analysis: SizeAnalysis, number: int) -> SizeList[Any]:
    """Return all secrets, or the files of a piece of advice."""
    return secret_list(analysis) if number == ALL_SECRETS else advised_files(analysis, number)


def _overview_part_title(analysis: SizeAnalysis, number: int) -> str:
    return "Secrets" if number == ALL_SECRETS else f"Advice {number + 1}: {analysis.report.advice[number].cause}"


_LISTS: dict[SizeView, Callable[[SizeAnalysis], SizeList[Any]]] = {
    SizeView.LAYERS: layer_list,
    SizeView.DIRECTORIES: directory_list,
    SizeView.TYPES: type_list,
    SizeView.PACKAGES: package_list,
    SizeView.DEAD: dead_list,
    SizeView.DUPLICATES: duplicate_list,
}
_PARTS: dict[SizeView, Callable[[SizeAnalysis, int], SizeList[Any]]] = {
    SizeView.OVERVIEW: _overview_part,
    SizeView.DIRECTORIES: directory_list,
    SizeView.TYPES: type_files,
    SizeView.PACKAGES: package_files,
    SizeView.DEAD: dead_files,
    SizeView.DUPLICATES: duplicate_parts,
}
_PART_TITLES: dict[SizeView, Callable[[SizeAnalysis, int], str]] = {
    SizeView.OVERVIEW: _overview_part_title,
    SizeView.TYPES: lambda analysis, number: f"Files: {analysis.types.sizes[number].type.value}",
    SizeView.PACKAGES: package_files_title,
    SizeView.DEAD: dead_files_title,
    SizeView.DUPLICATES: duplicate_title,
}


def size_list(analysis: SizeAnalysis, topic: Topic) -> SizeList[Any]:
    """Return the list of a topic; this reads layers and file contents as needed."""
    return _LISTS[topic.view](analysis) if topic.subject is None else _PARTS[topic.view](analysis, topic.subject)


def topic_title(analysis: SizeAnalysis, topic: Topic) -> str:
    """Return the title of a topic, safe for a screen."""
    view, number = topic.view, topic.subject
    if view in (SizeView.DIRECTORIES, SizeView.MAP):
        folder = number or 0
        path = printable_path(analysis.tree.index.path(folder))
        live, dead = analysis.directories.size(folder), analysis.directories.dead(folder)
        return f"{path}  {human_size(live)}" + (f", {human_size(dead)} dead" if dead else "")
    return view.label.capitalize() if number is None else _PART_TITLES[view](analysis, number)
