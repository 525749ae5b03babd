"""The report on a survey, on a data set written by hand whose answers are known.

Two applications of two releases on one base: ``base`` of 100 bytes below all images, ``one`` of 50 bytes and ``two`` of
30 in the releases, and in each the layer of a builder that differs only in times, of 20 bytes.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.cli.runner import ask

pytest.importorskip("duckdb")
pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

from layerscope.survey.schema import COLUMNS, Table, schema  # noqa: E402  # after the check for the extra

Capture = pytest.CaptureFixture[str]
Row = Mapping[str, Any]

CREATED = datetime(2026, 1, 2, tzinfo=UTC)


def write(folder: Path, tables: Mapping[Table, Sequence[Row]]) -> Path:
    """Write a data set; columns that a row leaves out are null."""
    for table, rows in tables.items():
        whole = [{column: row.get(column) for column in COLUMNS[table]} for row in rows]
        (folder / table).mkdir(parents=True)
        parquet.write_table(pa.Table.from_pylist(whole, schema(table)), folder / table / "part.parquet")
    return folder


def image(digest: str, reference: str, **facts: Any) -> Row:
    return {"image": digest, "reference": reference, "platform": "linux/amd64", "created": CREATED, **facts}


def held(digest: str, *diff_ids: str) -> list[Row]:
    return [
        {"image": digest, "layer": number, "diff_id": diff_id, "digest": f"blob-{diff_id}", **LAYERS[diff_id]}
        for number, diff_id in enumerate(diff_ids, 1)
    ]


def entry(diff_id: str, path: str, size: int, mtime: int = 0, kind: str = "file") -> Row:
    return {
        "diff_id": diff_id,
        "path": path,
        "kind": kind,
        "size": size,
        "mode": 0o644,
        "uid": 0,
        "gid": 0,
        "mtime": mtime,
    }


LAYERS = {
    "base": {"blob_size": 100, "instruction": "ADD rootfs.tar /"},
    "one": {"blob_size": 50, "instruction": "COPY app /"},
    "two": {"blob_size": 30, "instruction": "COPY app /"},
    "t1": {"blob_size": 20, "instruction": "RUN make"},
    "t2": {"blob_size": 20, "instruction": "RUN make"},
}
DEBIAN, TEAM = {"base": "debian:12"}, {"labels": [("team", "web")]}

TABLES: dict[Table, list[Row]] = {
    Table.IMAGES: [
        image("i1", "registry://r.example:5000/app:1", **DEBIAN, **TEAM),
        image("i2", "registry://r.example:5000/app:2", **DEBIAN),
        image("i3", "registry://r.example:5000/tool:1"),
        image("i3", "tool.tar", tags=["r.example:5000/tool:latest"]),
        {"reference": "registry://r.example:5000/broken:1", "error": "the manifest is cut"},
    ],
    Table.IMAGE_LAYERS: [*held("i1", "base", "one", "t1"), *held("i2", "base", "two", "t2"), *held("i3", "base")],
    Table.LAYERS: [
        {"diff_id": "base", "content_size": 1_000, "entries": 2},
        {"diff_id": "one", "content_size": 500, "entries": 2},
        {"diff_id": "two", "content_size": 300, "entries": 1},
        {"diff_id": "t1", "content_size": 200, "entries": 2},
        {"diff_id": "t2", "content_size": 200, "entries": 2},
    ],
    Table.FILES: [
        entry("base", "/etc/motd", 400),
        entry("base", "/etc/passwd", 600),
        entry("one", "/app", 490),
        entry("one", "/root/.netrc", 10),
        entry("two", "/app", 300),
        entry("t1", "/out", 150, 1),
        entry("t1", "/.git", 50, 1),
        # in another order of the tar
        entry("t2", "/.git", 50, 2),
        entry("t2", "/out", 150, 2),
        entry("two", "/root/.bash_history", 0, kind="whiteout"),
    ],
    Table.PACKAGES: [
        {"image": "i1", "layer": 1, "manager": "dpkg", "name": "zlib1g", "version": "1.2", "size": 5},
        {"image": "i2", "layer": 1, "manager": "dpkg", "name": "zlib1g", "version": "1.3", "size": 5},
        {"image": "i3", "layer": 1, "manager": "dpkg", "name": "zlib1g", "version": "1.3", "size": 5},
    ],
    Table.DEAD: [
        # hidden by one image of the three that hold it, so that it serves the others
        {"image": "i1", "path": "/etc/motd", "size": 400, "writer": 1, "hidden_by": 2, "reason": "overwritten"},
        {"image": "i1", "path": "/app", "size": 490, "writer": 2, "hidden_by": 3, "reason": "removed"},
    ],
    Table.SECRETS: [{"image": "i1", "path": "/root/.netrc", "kind": "password", "layer": 2, "removed_in": 3}],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("survey") / "data", TABLES)


def answers(capsys: Capture, folder: Path, *options: str) -> Any:
    return json.loads(ask(capsys, "survey", "report", folder, "--json", *options).out)


def test_sums_count_a_shared_layer_once(capsys: Capture, folder: Path) -> None:
    assert answers(capsys, folder)["summary"] == {
        "images": 3,
        "tags": 4,
        "unreadable": 1,
        "layers": 5,
        "unread_layers": 0,
        "blob_size": 100 + 50 + 30 + 20 + 20,
        "shared_size": 100,
        "unshared_size": 3 * 100 + 50 + 30 + 20 + 20,
        "content_size": 2_200,
        "wasted_size": 490,
    }


def test_a_shared_layer_is_charged_by_share_and_deleting_frees_what_no_other_holds(
    capsys: Capture, folder: Path
) -> None:
    found = answers(capsys, folder)
    assert found["repositories"] == [
        {"repository": "r.example:5000/app", "images": 2, "tags": 2, "charged_size": 187, "freed_size": 120},
        {"repository": "r.example:5000/tool", "images": 1, "tags": 2, "charged_size": 33, "freed_size": 0},
    ]
    assert found["bases"] == [
        {"base": "debian:12", "images": 2, "charged_size": 187},
        {"base": "", "images": 1, "charged_size": 33},
    ]
    assert found["labels"] == [{"label": "team", "value": "web", "images": 1, "charged_size": 103}]
    freed = {tag["reference"].rpartition("/")[2]: tag["freed_size"] for tag in found["tags"]}
    assert freed == {"app:1": 70, "app:2": 50, "tool:1": 0, "tool.tar": 0}


def test_deleting_a_tag_of_several_platforms_frees_what_they_share(capsys: Capture, tmp_path: Path) -> None:
    images = [image("i1", "app:1"), {**image("i2", "app:1"), "platform": "linux/arm64"}, image("i3", "tool:1")]
    layers = [*held("i1", "t1", "one"), *held("i2", "t1", "two"), *held("i3", "base")]
    folder = write(tmp_path / "data", {Table.IMAGES: images, Table.IMAGE_LAYERS: layers})
    assert answers(capsys, folder)["tags"] == [
        {"reference": "app:1", "platforms": 2, "blob_size": 100, "freed_size": 100},
        {"reference": "tool:1", "platforms": 1, "blob_size": 100, "freed_size": 100},
    ]


def test_layers_come_by_how_many_images_hold_them(capsys: Capture, folder: Path) -> None:
    base = {"diff_id": "base", "images": 3, "blob_size": 100, "content_size": 1_000, "instruction": "ADD rootfs.tar /"}
    assert answers(capsys, folder)["layers"] == [base]


def test_layers_with_equal_listings_but_for_times_are_found(capsys: Capture, folder: Path) -> None:
    twins = {"diff_ids": ["t1", "t2"], "entries": 2, "content_size": 200, "saves": 20, "instruction": "RUN make"}
    assert answers(capsys, folder)["same_but_for_times"] == [twins]


@pytest.mark.parametrize(
    "change", [{"mode": 0o600}, {"uid": 1}, {"link": "/x"}, {"kind": "hardlink"}, {"path": "/other"}]
)
def test_layers_whose_listings_differ_in_more_than_times_are_not_the_same(
    capsys: Capture, tmp_path: Path, change: Row
) -> None:
    files = [
        {**row, **(change if row["diff_id"] == "t2" and row["path"] == "/out" else {})} for row in TABLES[Table.FILES]
    ]
    changed = write(tmp_path / "data", {**TABLES, Table.FILES: files})
    assert answers(capsys, changed)["same_but_for_times"] == []


def test_what_is_wasted_is_said_of_the_instruction_that_wrote_it(capsys: Capture, folder: Path) -> None:
    wasted = {"instruction": "COPY app /", "layers": 1, "files": 1, "wasted_size": 490}
    assert answers(capsys, folder)["instructions"] == [wasted]


def test_packages_have_the_images_that_hold_each_version(capsys: Capture, folder: Path) -> None:
    found = [
        (each["name"], each["version"], each["images"], each["references"])
        for each in answers(capsys, folder)["packages"]
    ]
    assert found == [
        ("zlib1g", "1.3", 2, ["registry://r.example:5000/app:2", "registry://r.example:5000/tool:1", "tool.tar"]),
        ("zlib1g", "1.2", 1, ["registry://r.example:5000/app:1"]),
    ]


def test_files_that_should_be_in_no_image_are_secrets_and_known_leftovers(capsys: Capture, folder: Path) -> None:
    assert answers(capsys, folder)["unwanted"] == [
        {
            "path": "/.git",
            "kind": "version control",
            "images": 2,
            "layers": 2,
            "example": "registry://r.example:5000/app:1",
        },
        {
            "path": "/root/.netrc",
            "kind": "password",
            "images": 1,
            "layers": 1,
            "example": "registry://r.example:5000/app:1",
        },
    ]


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_a_plain_count(capsys: Capture, tmp_path: Path, seed: int) -> None:
    chance = Random(seed)  # noqa: S311  # no secret
    sizes = {f"layer{number}": chance.randrange(1, 1_000) for number in range(12)}
    layers = {f"i{number}": chance.sample(list(sizes), chance.randrange(1, 6)) for number in range(8)}
    names = [(digest, f"repo{chance.randrange(4)}:{at}") for at, digest in enumerate([*layers, "i0", "i1"])]
    dead: list[dict[str, Any]] = [
        {"image": digest, "path": path, "size": 7, "writer": writer, "hidden_by": 9, "reason": "removed"}
        for digest, held_by in layers.items()
        for writer in range(1, len(held_by) + 1)
        for path in ("/a", "/b")
        if chance.random() < 0.7
    ]
    tables: dict[Table, Sequence[Row]] = {
        Table.IMAGES: [image(digest, name) for digest, name in names],
        Table.IMAGE_LAYERS: [
            {"image": digest, "layer": number, "diff_id": layer, "digest": layer, "blob_size": sizes[layer]}
            for digest, held_by in layers.items()
            for number, layer in enumerate(held_by, 1)
        ],
        Table.DEAD: dead,
    }
    found = answers(capsys, write(tmp_path / "data", tables))
    holders = {layer: {digest for digest in layers if layer in layers[digest]} for layer in sizes}
    needed_by = {layer: {name for digest, name in names if digest in holders[layer]} for layer in sizes}
    hidden = Counter((layers[row["image"]][row["writer"] - 1], row["path"]) for row in dead)
    summary = found["summary"]
    assert summary["blob_size"] == sum(sizes[layer] for layer in sizes if holders[layer])
    assert summary["shared_size"] == sum(sizes[layer] for layer in sizes if len(holders[layer]) > 1)
    assert summary["wasted_size"] == 7 * sum(count == len(holders[layer]) for (layer, _), count in hidden.items())
    assert {tag["reference"]: tag["freed_size"] for tag in found["tags"]} == {
        name: sum(sizes[layer] for layer in layers[digest] if needed_by[layer] == {name}) for digest, name in names
    }
    for row in found["repositories"]:
        charged = [
            sizes[layer] / len(holders[layer]) / [each for each, _ in names].count(digest)
            for digest, name in names
            if name.startswith(f"{row['repository']}:")
            for layer in layers[digest]
        ]
        assert row["charged_size"] == pytest.approx(sum(charged), abs=1)
        mine = [
            layer for layer in sizes if {name.partition(":")[0] for name in needed_by[layer]} == {row["repository"]}
        ]
        assert row["freed_size"] == sum(sizes[layer] for layer in mine)


def test_the_table_says_it_in_sentences(capsys: Capture, folder: Path) -> None:
    lines = ask(capsys, "survey", "report", folder).out.splitlines()
    assert lines[:3] == [
        (
            "3 images under 4 tags store 220 B in 5 layers."
            " 100 B of it is held by more than one image; without sharing it would be 200 B more."
        ),
        "490 B of 2.2 kB of content, 22 %, is in files that no image shows.",
        "1 image could not be read: nothing here counts it.",
    ]
    heading = lines.index("Repositories")
    assert [line.split() for line in lines[heading + 2 : heading + 5]] == [
        ["charged", "freed", "tags", "repository"],
        ["187", "B", "120", "B", "2", "r.example:5000/app"],
        ["33", "B", "0", "B", "2", "r.example:5000/tool"],
    ]


def test_layers_that_were_not_read_are_not_said_to_waste_nothing(capsys: Capture, tmp_path: Path) -> None:
    known = {table: TABLES[table] for table in (Table.IMAGES, Table.IMAGE_LAYERS)}
    found = ask(capsys, "survey", "report", write(tmp_path / "data", known)).out
    assert "5 layers of 5 were not read: what they hold and waste is not known." in found
    assert "no image shows" not in found


def test_a_limit_leaves_rows_out_and_says_how_many(capsys: Capture, folder: Path) -> None:
    found = answers(capsys, folder, "--limit", "1")
    assert (len(found["tags"]), len(found["packages"])) == (1, 1)
    assert found["left_out"] == 1 + 1 + 3 + 1 + 1


def test_a_page_has_all_parts_and_a_plot(capsys: Capture, folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    outcome = ask(capsys, "survey", "report", folder, "--html", page)
    assert (outcome.status, outcome.out) == (0, "")
    text = page.read_text()
    assert re.findall(r'<section id="([a-z_]+)">', text) == [
        "spread",
        "repositories",
        "bases",
        "labels",
        "tags",
        "layers",
        "same_but_for_times",
        "instructions",
        "packages",
        "unwanted",
    ]
    assert ">120 B</text>" in text
    assert ask(capsys, "survey", "report", folder, "--html", page).status == 2


def test_the_folder_that_is_here_and_a_link_to_one_have_a_name_and_an_answer(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(tmp_path / "registry", TABLES))
    assert ask(capsys, "survey", "report", ".", "--html", tmp_path / "page.html").status == 0
    assert "registry" in (tmp_path / "page.html").read_text().partition("</title>")[0]
    link = tmp_path / "link"
    link.symlink_to("registry")
    query = "SELECT count(*) > 0 AS found FROM files"
    assert ask(capsys, "survey", "report", link, "--sql", query) == ask(capsys, "survey", "report", ".", "--sql", query)
    assert ask(capsys, "survey", "report", link, "--sql", query).status == 0


def test_names_in_a_data_set_are_no_markup(capsys: Capture, tmp_path: Path) -> None:
    evil = {**TABLES, Table.IMAGES: [image("i1", "a<script>alert(1)</script>\x1b[31m.tar")]}
    folder, page = write(tmp_path / "data", evil), tmp_path / "page.html"
    ask(capsys, "survey", "report", folder, "--html", page)
    assert "<script>alert" not in page.read_text()
    assert "\x1b" not in ask(capsys, "survey", "report", folder).out


def test_a_query_prints_its_answer_as_a_table_or_as_a_document(capsys: Capture, folder: Path) -> None:
    sql = "SELECT diff_id, sum(size) AS total, max(mtime) FROM files GROUP BY ALL ORDER BY 1 LIMIT 2"
    assert ask(capsys, "survey", "report", folder, "--sql", sql).out.splitlines() == [
        "diff_id  total  max(mtime)",
        "base      1000           0",
        "one        500           0",
    ]
    typed = "SELECT created, labels, tags, NULL, 'nan'::DOUBLE, 2::HUGEINT ** 70 FROM images ORDER BY reference LIMIT 1"
    outcome = ask(capsys, "survey", "report", folder, "--sql", typed, "--json")
    assert json.loads(outcome.out)["rows"] == [
        ["2026-01-02T00:00:00+00:00", {"team": "web"}, None, None, None, 2.0**70]
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELEC 1",
        "SELECT * FROM nothing",
        "",
        "SELECT 'a'::INT",
        "COPY images TO 'stolen.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM 'secret.csv'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "ATTACH 'other.db'",
        "COPY images TO '{folder}/files/part.parquet'",
        "EXPLAIN ANALYZE COPY images TO '{folder}/files/part.parquet'",
        "SELECT * FROM query('DROP VIEW files')",
        "SELECT 1; SELECT 2",
    ],
)
def test_a_query_that_is_wrong_or_leaves_the_tables_is_one_sentence(
    capsys: Capture, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    outcome = ask(capsys, "survey", "report", folder, "--sql", sql.replace("{folder}", str(folder)))
    assert (outcome.status, outcome.out) == (2, "")
    assert re.match(r"the query fails: .+$|a query has to be one SELECT$", outcome.complaint)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_a_folder_without_a_data_set_and_one_that_is_damaged_are_named(capsys: Capture, tmp_path: Path) -> None:
    expected = f"{tmp_path} is not the data set of a survey: it has no table images"
    assert ask(capsys, "survey", "report", tmp_path).complaint == expected
    folder = write(tmp_path / "data", TABLES)
    (folder / "files" / "part.parquet").write_bytes(b"PAR1")
    outcome = ask(capsys, "survey", "report", folder)
    assert outcome.status == 2
    assert "files" in outcome.complaint


def test_options_that_do_not_go_together_are_refused(capsys: Capture, folder: Path) -> None:
    outcome = ask(capsys, "survey", "report", folder, "--html", "page.html", "--json")
    assert (outcome.status, outcome.complaint) == (2, "--html goes with neither --sql nor --json")
