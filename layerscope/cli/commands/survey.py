"""``layerscope survey``: write what many images hold as a Parquet data set."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli.errors import ExitStatus
from layerscope.cli.opening import warn_of
from layerscope.cli.options import DebugLog, NoCache, PlainHttp, WhichPlatform
from layerscope.cli.progress import StageProgress
from layerscope.debug_log import start_log
from layerscope.errors import UsageError
from layerscope.text import short_name

if TYPE_CHECKING:
    from layerscope.survey.executors import Workers
    from layerscope.survey.store import Shard

EXAMPLES = """\b
Examples:
  layerscope survey archives/ my-app.tar -o survey
  layerscope survey 'docker://*' --newer 30d -o survey
  layerscope survey registry://registry.example/ --match 'team/*' -o survey
  layerscope survey registry://docker.io/ --names names.txt --depth manifests -o survey
  layerscope survey archives/ -o s3://bucket/survey --dask tcp://scheduler:8786
  layerscope survey report survey

A source is an image, a folder of archives, docker://* (all images of an
engine), or registry://HOST/ (its catalog, or --names). A second survey of the
same folder reads only new layers, and one that was ended goes on. --shard I/N
does the I-th of N shares, from 0, on any machine that reaches the folder: run
the survey without it at the end. --dask trusts its cluster: workers open the
sources with their own credentials. Status: 2 if an image cannot be read; its
row in the table images has the reason."""


def survey(  # noqa: PLR0917  # Typer reads the options from the signature
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Images, folders, docker://*, registries.")],
    folder: Annotated[str, typer.Option("-o", "--output", metavar="FOLDER", help="The data set: a folder or a URL.")],
    match: Annotated[str, typer.Option("--match", metavar="GLOB", help="Only images NAME or NAME:TAG.")] = "",
    newer: Annotated[
        str | None, typer.Option("--newer", metavar="DATE", help="Only images created after a date, or 30d.")
    ] = None,
    names: Annotated[Path | None, typer.Option("--names", metavar="FILE", help="The names in a registry.")] = None,
    depth: Annotated[str, typer.Option("--depth", help="What to read: manifests, tables or layers.")] = "layers",
    instruction: Annotated[
        str, typer.Option("--instruction", metavar="COPY,ADD", help="Only layers that these instructions made.")
    ] = "",
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", min=1, help="Processes, by default all cores.")
    ] = None,
    shard: Annotated[str | None, typer.Option("--shard", metavar="I/N", help="Only a share of the layers.")] = None,
    dask: Annotated[str | None, typer.Option("--dask", metavar="ADDRESS", help="The scheduler of a cluster.")] = None,
    platform: WhichPlatform = None,
    plain_http: PlainHttp = False,
    no_cache: NoCache = False,
    debug: DebugLog = None,
) -> int:
    """Write the layers, files, packages, dead bytes and secrets of many images as a Parquet data set."""
    start_log(debug)
    try:
        from layerscope.survey import images, run, tasks  # noqa: PLC0415  # an extra: not everybody has it
    except ModuleNotFoundError as error:
        raise UsageError(f"a survey needs {error.name}: pip install 'layerscope[survey]'") from error
    if depth not in list(tasks.Depth):
        raise UsageError(f"--depth takes {', '.join(tasks.Depth)}, not {short_name(depth)}")
    filters = images.Filters(match, None if newer is None else images.parse_age(newer))
    instructions = [word.strip().upper() for word in instruction.split(",") if word.strip()]
    question = run.Question(sources, names, filters, platform, instructions, _shard(shard))
    setup = tasks.Setup(folder, tasks.Depth(depth), uses_cache=not no_cache, plain_http=plain_http)
    with _workers(dask, jobs) as workers, StageProgress() as progress:
        failures = run.survey(question, setup, workers, progress)
    for failure in failures:
        warn_of(f"{failure.wanted.reference}: {failure.reason}")
    return ExitStatus.ERROR if failures else ExitStatus.SUCCESS


def _shard(text: str | None) -> "Shard | None":
    """Return the share that ``I/N`` names; raises UsageError."""
    from layerscope.survey.store import Shard  # noqa: PLC0415  # an extra

    if text is None:
        return None
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and int(index) < int(count)):
        raise UsageError(f"--shard takes I/N with I from 0 to N - 1, not {short_name(text)}")
    return Shard(int(index), int(count))


def _workers(dask: str | None, jobs: int | None) -> "Workers":
    from layerscope.survey.executors import DaskWorkers, Workers  # noqa: PLC0415  # an extra

    return Workers(jobs or os.cpu_count() or 1) if dask is None else DaskWorkers(dask)
