import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="the extra survey is not installed")

from layerscope.errors import LayerscopeError
from layerscope.survey.executors import Workers, done_batches
from tests.survey.data_set import dask_cluster, everything, rows, run


def lengths(words: Sequence[str]) -> list[int]:
    return [len(word) for word in words]


def dies_once(files: Sequence[Path]) -> list[str]:
    for file in files:
        if not file.exists():
            file.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return [file.name for file in files]


def dies(_items: Sequence[str]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_each_batch_is_done_once() -> None:
    with Workers(2) as workers:
        done = {tuple(batch): result for batch, result in done_batches(workers, lengths, [["a", "bb"], ["ccc"]])}
    assert done == {("a", "bb"): [1, 2], ("ccc",): [3]}


def test_what_a_dead_worker_had_is_done_by_another(tmp_path: Path) -> None:
    batches = [[tmp_path / "a", tmp_path / "b"], [tmp_path / "c"]]
    with Workers(1) as workers:
        done = [name for _, names in done_batches(workers, dies_once, batches) for name in names]
    assert sorted(done) == ["a", "b", "c"]


def test_workers_that_go_on_dying_end_the_survey_with_a_sentence() -> None:
    with Workers(1) as workers, pytest.raises(LayerscopeError, match="ended again and again"):
        list(done_batches(workers, dies, [["a"]]))


def test_shards_and_a_last_run_give_what_one_run_gives(releases: Path, tmp_path: Path) -> None:
    whole, shared = tmp_path / "whole", tmp_path / "shared"
    assert run(releases, "-o", whole).returncode == 0
    read = []
    for shard in ("0/3", "1/3", "2/3"):
        assert run(releases, "-o", shared, "--shard", shard).returncode == 0
        read.append(len(rows(shared, "layers")))
    assert read == sorted(read)
    assert read[-1] == 4
    assert run(releases, "-o", shared).returncode == 0
    assert everything(shared) == everything(whole)


def test_a_shard_that_is_repeated_adds_nothing(releases: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert run(releases, "-o", tmp_path / "survey", "--shard", "0/1").returncode == 0
    assert len(rows(tmp_path / "survey", "files")) == 4
    assert len(rows(tmp_path / "survey", "images")) == 3


@pytest.mark.parametrize("shard", ["1", "2/2", "-1/2", "a/b", "0/0"])
def test_a_share_that_cannot_be_is_refused(shard: str, tmp_path: Path) -> None:
    ended = run("x.tar", "-o", tmp_path, "--shard", shard)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "--shard takes I/N" in ended.stderr


def test_a_cluster_of_dask_gives_what_this_machine_gives(releases: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    here, there = tmp_path / "here", tmp_path / "there"
    assert run(releases, "-o", here).returncode == 0
    with dask_cluster(2) as address:
        ended = run(releases, "-o", there, "--dask", address)
    assert ended.returncode == 0, ended.stderr
    assert everything(there) == everything(here)


def test_a_scheduler_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    ended = run("x.tar", "-o", tmp_path, "--dask", "nonsense://nowhere", environment={"PYTHONWARNINGS": "ignore"})
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert "no Dask scheduler answers at nonsense://nowhere" in ended.stderr


@pytest.mark.parametrize("scheme", ["file", "local"])
def test_a_data_set_may_be_at_a_url(scheme: str, releases: Path, tmp_path: Path) -> None:
    assert run(releases, "-o", tmp_path / "plain").returncode == 0
    for _ in range(2):
        assert run(releases, "-o", f"{scheme}://{tmp_path}/url").returncode == 0
    assert everything(tmp_path / "url") == everything(tmp_path / "plain")
    reports = [run("report", folder, "--json") for folder in (f"{scheme}://{tmp_path}/url", tmp_path / "plain")]
    assert reports[0].stdout == reports[1].stdout
    assert json.loads(reports[0].stdout)["summary"]["images"] == 3


def test_a_url_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    ended = run(tmp_path, "-o", "nonsense://bucket/x")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "cannot use nonsense://bucket/x" in ended.stderr


def test_a_url_that_cannot_be_written_is_one_sentence(releases: Path, tmp_path: Path) -> None:
    ended = run(releases, "-o", f"local://{tmp_path}/none/below/survey")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "cannot write to" in ended.stderr
