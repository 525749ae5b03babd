"""Questions about the data set of a survey, answered by DuckDB.

It reads the files of the data set alone, and a query that is not ours may only select: no other file, no network, no
program, and nothing is written. https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
"""

from collections.abc import Iterator, Sequence
from typing import Any, Self

import duckdb
import pyarrow as pa

from layerscope.errors import UsageError
from layerscope.survey.schema import Table, schema
from layerscope.survey.store import Store
from layerscope.text import printable_line

_BATCH = 1_000

_CONFIG = {
    "python_enable_replacements": "false",
    # what does not fit into memory is an error
    "temp_directory": "",
}

_VIEWS = """
CREATE TABLE references_ AS SELECT reference, platform, image, base, labels,
    regexp_replace(regexp_replace(CASE WHEN reference LIKE '%://%' OR len(coalesce(tags, [])) = 0 THEN reference
    ELSE tags[1] END, '^[a-z]+://', ''), '(:[^:/@]+)?(@.*)?$', '') AS repository
FROM images WHERE error IS NULL AND image IS NOT NULL;
CREATE TABLE held AS SELECT image, layer, diff_id, coalesce(digest, diff_id) AS blob, blob_size, instruction
FROM image_layers WHERE image IN (SELECT image FROM references_);
CREATE TABLE blobs AS SELECT blob, max(coalesce(blob_size, 0)) AS size, count(DISTINCT image) AS holders
FROM held GROUP BY blob;
CREATE TABLE charged AS SELECT image, sum(size / holders) AS charged_size
FROM (SELECT DISTINCT image, blob FROM held) JOIN blobs USING (blob) GROUP BY image;
-- an image of several references is charged to each by its share
CREATE TABLE owners AS SELECT r.*, charged_size / names AS charged_size
FROM references_ r JOIN (SELECT image, count(*) AS names FROM references_ GROUP BY image) USING (image)
JOIN charged USING (image);
-- what a blob is kept for: without its only reference or repository, nothing holds it
CREATE TABLE reached AS SELECT DISTINCT reference, repository, blob, size,
    blob IN (SELECT blob FROM references_ JOIN held USING (image) GROUP BY blob HAVING count(DISTINCT reference) = 1)
        AS is_of_one_reference,
    blob IN (SELECT blob FROM references_ JOIN held USING (image) GROUP BY blob HAVING count(DISTINCT repository) = 1)
        AS is_of_one_repository
FROM references_ JOIN held USING (image) JOIN blobs USING (blob);
-- a file is wasted where all images that hold its layer hide it; hidden by some, it serves the others
CREATE TABLE wasted AS SELECT diff_id, path, any_value(size) AS size
FROM (SELECT h.diff_id, d.path, max(d.size) AS size, count(*) AS hidden FROM dead d JOIN held h
    ON d.image = h.image AND d.writer = h.layer GROUP BY ALL)
JOIN (SELECT diff_id, count(*) AS times FROM held GROUP BY diff_id) USING (diff_id) WHERE hidden = times GROUP BY ALL;
CREATE TABLE known AS SELECT DISTINCT ON (diff_id) * FROM layers WHERE diff_id IN (SELECT diff_id FROM held);
-- the last part of paths that should be in no image
CREATE TABLE leftovers AS SELECT unnest(names) AS name, kind FROM (VALUES
    (['.git', '.svn', '.hg'], 'version control'), (['id_rsa', 'id_dsa', 'id_ecdsa', 'id_ed25519'], 'private key'),
    (['.netrc', '.pgpass', '.npmrc', '.pypirc', '.git-credentials', '.dockercfg'], 'credentials'),
    (['.bash_history', '.ash_history', '.python_history', '.mysql_history'], 'history of a shell'),
    (['.DS_Store', 'Thumbs.db'], 'leftover of a desktop')) AS _(names, kind);
"""
"""The tables that several questions need; ``blob`` is what a registry stores once."""


QUESTIONS = {
    "summary": """
        SELECT (SELECT count(DISTINCT image) FROM references_), (SELECT count(DISTINCT reference) FROM references_),
            (SELECT count(*) FROM images WHERE error IS NOT NULL OR image IS NULL),
            (SELECT count(DISTINCT diff_id) FROM held),
            (SELECT count(DISTINCT diff_id) FROM held
                WHERE diff_id NOT IN (SELECT diff_id FROM known WHERE entries IS NOT NULL AND error IS NULL)),
            coalesce(sum(size), 0), coalesce(sum(size) FILTER (holders > 1), 0), coalesce(sum(size * holders), 0),
            (SELECT coalesce(sum(content_size), 0) FROM known), (SELECT coalesce(sum(size), 0) FROM wasted)
        FROM blobs""",
    "repositories": """
        SELECT repository, count(DISTINCT image), count(DISTINCT reference), sum(charged_size), coalesce(freed_size, 0)
        FROM owners LEFT JOIN (SELECT repository, sum(size) AS freed_size
            FROM (SELECT DISTINCT repository, blob, size FROM reached WHERE is_of_one_repository) GROUP BY repository)
            USING (repository)
        GROUP BY repository, freed_size ORDER BY 4 DESC, 1""",
    "bases": """
        SELECT coalesce(base, ''), count(DISTINCT image), sum(charged_size)
        FROM owners GROUP BY ALL ORDER BY 3 DESC, 1""",
    "labels": """
        SELECT each.key, each.value, count(DISTINCT image), sum(charged_size)
        FROM (SELECT image, charged_size, unnest(map_entries(labels)) AS each FROM owners)
        GROUP BY ALL ORDER BY 4 DESC, 1, 2""",
    "tags": """
        SELECT reference, platforms, sum(size), coalesce(sum(size) FILTER (is_of_one_reference), 0)
        FROM reached JOIN (SELECT reference, count(*) AS platforms FROM references_ GROUP BY reference)
            USING (reference)
        GROUP BY reference, platforms ORDER BY 4 DESC, 1""",
    "layers": """
        SELECT h.diff_id, count(DISTINCT image), max(blob_size),
            (SELECT content_size FROM known k WHERE k.diff_id = h.diff_id), mode(instruction)
        FROM held h GROUP BY h.diff_id HAVING count(DISTINCT image) > 1 ORDER BY 2 DESC, 3 DESC NULLS LAST, 1""",
    "same_but_for_times": """
        WITH same_counts AS (SELECT diff_id FROM known
            WHERE entries > 0 QUALIFY count(*) OVER (PARTITION BY entries, content_size) > 1),
        listings AS (SELECT diff_id, count(*) AS entries, sum(hash(path, kind, size, mode, uid, gid, link)) AS listing
            FROM files WHERE diff_id IN (SELECT diff_id FROM same_counts) GROUP BY diff_id)
        SELECT list(diff_id ORDER BY diff_id), any_value(l.entries), any_value(content_size),
            sum(blob_size) - max(blob_size), mode(instruction)
        FROM listings l JOIN known k USING (diff_id)
        JOIN (SELECT diff_id, max(blob_size) AS blob_size, mode(instruction) AS instruction FROM held GROUP BY ALL)
            USING (diff_id)
        GROUP BY listing, l.entries, content_size HAVING count(*) > 1 ORDER BY 4 DESC NULLS LAST, 1""",
    "instructions": """
        SELECT instruction, count(DISTINCT diff_id), count(*), sum(size)
        FROM wasted JOIN (SELECT diff_id, mode(instruction) AS instruction FROM held GROUP BY ALL) USING (diff_id)
        GROUP BY ALL ORDER BY 4 DESC, 1""",
    "packages": """
        SELECT manager, name, version, count(DISTINCT image), list(DISTINCT reference ORDER BY reference)[:20]
        FROM packages JOIN references_ USING (image) GROUP BY manager, name, version
        ORDER BY count(*) OVER (PARTITION BY manager, name) DESC, 1, 2, 4 DESC, 3""",
    "unwanted": """
        SELECT path, kind, count(DISTINCT image), count(DISTINCT layer_id), min(reference) FROM (
            SELECT s.path, s.kind, s.image, h.diff_id AS layer_id FROM secrets s
                JOIN held h ON s.image = h.image AND s.layer = h.layer
            UNION ALL SELECT f.path, l.kind, h.image, f.diff_id
                FROM (SELECT DISTINCT diff_id, path, parse_filename(path, false, 'forward_slash') AS name FROM files
                    WHERE kind <> 'whiteout' AND name IN (SELECT name FROM leftovers)) f
                JOIN leftovers l USING (name) JOIN held h USING (diff_id)
                WHERE (h.image, f.path) NOT IN (SELECT (image, path) FROM secrets))
        JOIN references_ USING (image) GROUP BY ALL ORDER BY 3 DESC, 1, 2""",
    "spread": """
        SELECT least(holders, 10), sum(size) FROM blobs GROUP BY ALL ORDER BY 1""",
}
"""The questions of the report."""


class SurveyTables:
    """The tables of a data set, as DuckDB sees them. A context manager."""

    def __init__(self, folder: str) -> None:
        """Open a data set in a folder or at a URL; raises UsageError if there is none."""
        store = Store(folder)
        self.title = store.root.rpartition("/")[2]
        """The last part of the folder's name."""
        self._connection = duckdb.connect(config=dict(_CONFIG))
        try:
            parts = {table: store.parts(table) for table in Table}
            if not parts[Table.IMAGES]:
                raise UsageError(f"{store.name} is not the data set of a survey: it has no table {Table.IMAGES}")
            if not store.is_local:
                self._connection.register_filesystem(store.files)
            for table in Table:
                self._add(table, [store.address(part) for part in parts[table]])
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise UsageError(f"cannot read the data set in {store.name}: {_first_line(error)}") from error
        self._connection.execute("SET allowed_directories = [$1]", [f"{store.address(store.root)}/"])
        self._connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        self._is_prepared = False

    def _add(self, table: Table, parts: list[str]) -> None:
        """Add a table of the data set; one that the depth of the survey has not is empty."""
        if parts:
            self._connection.read_parquet(parts).create_view(table)
        else:
            self._connection.register(table, schema(table).empty_table())

    def answer(self, question: str) -> list[tuple[Any, ...]]:
        """Return the rows that answer one of the questions."""
        if not self._is_prepared:
            self._run(_VIEWS)
            self._is_prepared = True
        # a variable, since mypy takes the answer for Any where duckdb is not installed
        rows: list[tuple[Any, ...]] = self._run(QUESTIONS[question]).fetchall()
        return rows

    def query(self, sql: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
        """Return the names of the columns of a query's answer, and its rows; raises UsageError for a bad one."""
        try:
            statements = duckdb.extract_statements(sql)
        except duckdb.Error as error:
            raise UsageError(f"the query fails: {_first_line(error)}") from error
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise UsageError("a query has to be one SELECT")
        columns = self._run(sql).description or []
        return [str(column[0]) for column in columns], self._rows()

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql)
        except duckdb.Error as error:
            raise UsageError(f"the query fails: {_first_line(error)}") from error

    def _rows(self) -> Iterator[Sequence[Any]]:
        while True:
            try:
                rows = self._connection.fetchmany(_BATCH)
            except duckdb.Error as error:
                raise UsageError(f"the query fails: {_first_line(error)}") from error
            if not rows:
                return
            yield from rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exit: object) -> None:
        self._connection.close()


def _first_line(error: Exception) -> str:
    return printable_line(str(error).strip().partition("\n")[0].rstrip("."))
