"""``layerscope survey report``: say what the images of a survey share, hold and waste."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from layerscope.cli.opening import say_left_out
from layerscope.cli.options import AsJson, DebugLog, Force, RowLimit
from layerscope.cli.streams import narrate
from layerscope.debug_log import start_log
from layerscope.errors import UsageError
from layerscope.report.atomic_write import refuse_existing, write_whole
from layerscope.report.json_document import Limit
from layerscope.report.page.survey import survey_page
from layerscope.report.survey import (
    survey_report as answers,
)
from layerscope.report.survey import (
    write_rows,
    write_rows_document,
    write_survey_report,
    write_survey_report_document,
)
from layerscope.text import printable_name

EXAMPLES = """\b
Examples:
  layerscope survey report survey
  layerscope survey report survey --html survey.html
  layerscope survey report survey --sql 'SELECT name, count(DISTINCT image) FROM packages GROUP BY ALL ORDER BY 2 DESC'

The tables are images, image_layers, layers, steps, files, packages, dead and secrets. A query sees these alone: no
other file and no network. A source of a survey that is named report is ./report."""

_MOST = 10


def survey_report(  # noqa: PLR0917  # Typer reads the options from the signature
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="The data set of a survey, or its URL.")],
    html: Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write a page with plots.")] = None,
    sql: Annotated[str | None, typer.Option("--sql", metavar="QUERY", help="Print the answer to a query.")] = None,
    limit: RowLimit = None,
    force: Force = False,
    as_json: AsJson = False,
    debug: DebugLog = None,
) -> None:
    """Say what the images of a survey share, hold and waste."""
    start_log(debug)
    if html is not None and (sql is not None or as_json):
        raise UsageError("--html goes with neither --sql nor --json")
    if html is not None:
        refuse_existing(Path(html), force=force)
    try:
        from layerscope.survey.queries import SurveyTables  # noqa: PLC0415  # an extra: not everybody has it
    except ModuleNotFoundError as error:
        raise UsageError(f"a report on a survey needs {error.name}: pip install 'layerscope[survey]'") from error
    rows = Limit(limit)
    with SurveyTables(folder) as tables:
        if sql is not None:
            columns, found = tables.query(sql)
            (write_rows_document if as_json else write_rows)(columns, rows(found), sys.stdout)
        elif as_json:
            write_survey_report_document(answers(tables, rows), sys.stdout, rows)
        elif html is not None:
            write_whole(Path(html), survey_page(answers(tables), printable_name(tables.title)), force=force)
            narrate(f"wrote {printable_name(html)}")
        else:
            write_survey_report(answers(tables), limit or _MOST, sys.stdout)
    say_left_out(rows)
