"""Measure `layerscope survey report FOLDER` on a made data set: the whole process, and its peak memory.

    python tests/benchmarks/survey_report.py /tmp/survey             # 1,000 images, 3,000 layers, 4,000,000 files
    python tests/benchmarks/survey_report.py /tmp/survey --images 100

The data set is made if the folder is not there. The goal is 5 s.
"""

import argparse
import sys
from multiprocessing import Process
from pathlib import Path
from statistics import median

import duckdb
from layers_command import Command

BASES, OWN_LAYERS, FILES, PACKAGES, DEAD = 50, 3, 1_300, 300, 200
"""Distinct bases; for each image, layers of its own, files of each of these, packages and dead files."""

TABLES = {
    "images": """
        SELECT 'i' || i AS image, 'registry://r.example/team' || i % 40 || '/app' || i % 200 || ':v' || i AS reference,
        ['app:v' || i]::VARCHAR[] AS tags, 'linux/amd64' AS platform, TIMESTAMPTZ '2026-01-01' AS created,
        1000000::BIGINT AS content_size, 400000::BIGINT AS blob_size, 'base:' || i % {bases} AS base,
        MAP {{'team': 't' || i % 40}} AS labels, NULL::VARCHAR AS error FROM range({images}) r(i)""",
    "image_layers": """
        SELECT 'i' || i AS image, (l + 1)::INT AS layer, {diff_id} AS diff_id, 'b' || diff_id AS digest,
        (1000 * (l + 1))::BIGINT AS blob_size, 'RUN step ' || l AS instruction, 'RUN step ' || l AS created_by
        FROM range({images}) r(i), range({layers}) s(l)""",
    "layers": """
        SELECT DISTINCT {diff_id} AS diff_id, (2000 * (l + 1))::BIGINT AS content_size, {files}::BIGINT AS entries,
        NULL::VARCHAR AS error FROM range({images}) r(i), range({layers}) s(l)""",
    "files": """
        SELECT diff_id, '/usr/lib/python3/dist-packages/module' || f % 97 || '/' || hash(diff_id, f) AS path,
        'file' AS kind, (hash(f, diff_id) % 50000)::BIGINT AS size, 420::INT AS mode, 0::BIGINT AS uid,
        0::BIGINT AS gid, f::BIGINT AS mtime, NULL::VARCHAR AS link
        FROM (SELECT DISTINCT {diff_id} AS diff_id FROM range({images}) r(i), range({layers}) s(l)), range({files}) t(f)
        ORDER BY diff_id, path""",
    "packages": """
        SELECT 'i' || i AS image, 1::INT AS layer, 'dpkg' AS manager, 'package' || p AS name,
        '1.' || (i + p) % 5 AS version, 1000::BIGINT AS size FROM range({images}) r(i), range({packages}) s(p)""",
    "dead": """
        SELECT 'i' || i AS image, '/usr/lib/file' || d AS path, 100::BIGINT AS size, 2::INT AS writer,
        3::INT AS hidden_by, 'removed' AS reason FROM range({images}) r(i), range({dead}) s(d)""",
    "secrets": """
        SELECT 'i' || i AS image, '/root/.netrc' AS path, 'password' AS kind, 2::INT AS layer, 3::INT AS removed_in
        FROM range({images}) r(i)""",
}
DIFF_ID = f"'sha256:' || sha256(CASE WHEN l = 0 THEN 'base' || i % {BASES} ELSE 'own' || i || '-' || l END)"


def make(folder: Path, images: int) -> None:
    """Write the data set."""
    values = {"images": images, "bases": BASES, "layers": OWN_LAYERS + 1, "files": FILES, "diff_id": DIFF_ID}
    with duckdb.connect() as connection:
        for table, query in TABLES.items():
            (folder / table).mkdir(parents=True)
            target = folder / table / "part.parquet"
            sql = query.format(**values, packages=PACKAGES, dead=DEAD)
            connection.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if not options.folder.exists():
        # in a process of its own: a child's peak memory begins with that of its parent
        maker = Process(target=make, args=(options.folder, options.images))
        maker.start()
        maker.join()
    layerscope = Path(sys.executable).with_name("layerscope")
    for form in ("", "--json"):
        command = Command(f"{layerscope} survey report {{}} {form}".strip(), str(options.folder))
        seconds = median(command.run() for _ in range(options.runs))
        print(f"survey report {form or '(table)'}: {seconds:.2f} s, {command.peak:.0f} MiB")


if __name__ == "__main__":
    main()
