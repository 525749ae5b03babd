"""Measure `layerscope survey` on a made registry of many images that share layers.

    PYTHONPATH=. python tests/benchmarks/survey.py /tmp/many --images 100     # 5 bases, 305 layers, 400,000 files
    PYTHONPATH=. python tests/benchmarks/survey.py /tmp/many                  # 1,000 images, 4,000,000 files
    PYTHONPATH=. python tests/benchmarks/survey.py /tmp/many --images 100 --dask 2

Each base is held by 20 images, so that all images together show 15 times the files of their layers. Goals: 85 % of the
speed of `layers` on the same layers by all cores; at most 250 MiB for each process; 10 s for a second survey with 10
new images; with Dask 0.9 of the speed of as many processes. The images are made if the folder is not there. Run it in
the repository, with the Python of an environment with layerscope, its extras and the tests' dependencies installed.
"""

import argparse
import gzip
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from figures import SAMPLING_SECONDS, proportional_size, with_children
from trend import serve

from tests.builders import OCI_CONFIG, OCI_LAYER, ImageRecipe, Json, OciStore, file, layer, sha256, write_folder
from tests.survey.data_set import dask_cluster

LAYERSCOPE = str(Path(sys.executable).with_name("layerscope"))
IMAGES_A_BASE, BASE_FILES, OWN_LAYERS, OWN_FILES, NEW = 20, 58_000, 3, 370, 10
"""Images that share a base and its files; the layers of each image alone and the files of each; images added later."""

CARRIED = 40
"""The layers of each image that is given to `layers`."""


def write_layer(layout: Path, name: str, files: int) -> Json:
    """Write a layer of small files, and return its descriptor with its diff_id."""
    tar = layer(*(file(f"{name}/{at // 50}/file-{at}", b"%d" % at * 20) for at in range(files)))
    data = gzip.compress(tar, 1, mtime=0)
    digest = sha256(data)
    (layout / "blobs" / "sha256" / digest.rpartition(":")[2]).write_bytes(data)
    return {"mediaType": f"{OCI_LAYER}+gzip", "digest": digest, "size": len(data), "diff_id": sha256(tar)}


def make(folder: Path, images: int) -> None:
    """Write the layouts: the images, the same with new ones, and images that hold each layer once."""
    layout, total = folder / "images", images + NEW
    (layout / "blobs" / "sha256").mkdir(parents=True)
    bases = [(f"base-{number}", BASE_FILES) for number in range(-(-total // IMAGES_A_BASE))]
    own = [(f"own-{number}-{at}", OWN_FILES) for number in range(total) for at in range(OWN_LAYERS)]
    with ProcessPoolExecutor() as pool:
        written = list(pool.map(partial(write_layer, layout), *zip(*bases, *own, strict=True)))
    base_layers, own_layers = written[: len(bases)], written[len(bases) :]
    held = [
        [base_layers[number // IMAGES_A_BASE], *own_layers[number * OWN_LAYERS : (number + 1) * OWN_LAYERS]]
        for number in range(total)
    ]
    for name in ("more", "carriers"):
        shutil.copytree(layout, folder / name, copy_function=os.link)
    write_index(layout, held[:images])
    write_index(folder / "more", held)
    distinct = list({each["digest"]: each for layers in held[:images] for each in layers}.values())
    write_index(folder / "carriers", [distinct[start : start + CARRIED] for start in range(0, len(distinct), CARRIED)])


def write_index(layout: Path, images: Sequence[Sequence[Json]]) -> None:
    """Write the documents of images, tagged 0, 1, 2."""
    store, manifests = OciStore(), list[Json]()
    for number, layers in enumerate(images):
        document = json.loads(ImageRecipe(()).config_json)
        document["rootfs"]["diff_ids"] = [each["diff_id"] for each in layers]
        document["history"] = [{"created_by": f"COPY layer-{at} /"} for at in range(len(layers))]
        described = [{key: value for key, value in each.items() if key != "diff_id"} for each in layers]
        config = store.add(json.dumps(document).encode(), OCI_CONFIG)
        tag = {"org.opencontainers.image.ref.name": f"my-app:{number}"}
        manifests.append(store.manifest(config, described, annotations=tag))
    write_folder(layout, store.files(manifests))


def survey(host: str, folder: Path, *options: object) -> list[str]:
    """Return the command of a survey of a registry."""
    return [LAYERSCOPE, "survey", f"registry://{host}/", "-o", str(folder), "--no-cache", *map(str, options)]


def taken(command: Sequence[str]) -> float:
    """Return the seconds that a command takes; ends the run where it fails."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def largest_process(command: Sequence[str]) -> float:
    """Return the most memory that one process of a command had, in MiB."""
    largest = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            largest = max(largest, *map(proportional_size, with_children(process.pid)), 0)
            time.sleep(SAMPLING_SECONDS)
    return largest / 1024


def layers_of_all(host: str, count: int, jobs: int) -> float:
    """Return the seconds that `layers` takes on the images that hold each layer once, by all cores."""
    commands = [
        [LAYERSCOPE, "layers", f"registry://{host}/my-app:{number}", "--json", "--no-cache"] for number in range(count)
    ]
    started = time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(taken, commands))
    return time.perf_counter() - started


@contextmanager
def served(layout: Path) -> Iterator[str]:
    """Serve a layout as a registry in a process of its own; yields its host."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(layout, theirs))
    process.start()
    yield ours.recv()
    ours.send(None)
    process.join()


def report(title: str, measure: Callable[[], float], unit: str = "s") -> float:
    """Print and return a figure."""
    value = measure()
    print(f"{title:<58}{value:8.1f} {unit}", flush=True)
    return value


class Hosts(NamedTuple):
    """The registries of the images, of these with new ones, and of those that hold each layer once."""

    images: str
    more: str
    carriers: str


def measure(hosts: Hosts, folder: Path, jobs: int, dask: int) -> None:
    """Print all figures."""
    results, options = folder / "results", ("--jobs", jobs)
    shutil.rmtree(results, ignore_errors=True)
    count = len(json.loads((folder / "carriers" / "index.json").read_bytes())["manifests"])
    reference = report(
        "layers of each distinct layer, by all cores", lambda: layers_of_all(hosts.carriers, count, jobs)
    )
    first = report("survey", lambda: taken(survey(hosts.images, results / "local", *options)))
    print(f"{'speed beside layers':<58}{reference / first:8.2f}")
    manifests = survey(hosts.images, results / "manifests", *options, "--depth", "manifests")
    report("survey of manifests", lambda: taken(manifests))
    report(f"second survey with {NEW} new images", lambda: taken(survey(hosts.more, results / "local", *options)))
    report("survey report", lambda: taken([LAYERSCOPE, "survey", "report", str(results / "local"), "--json"]))
    largest = partial(largest_process, survey(hosts.images, results / "memory", *options))
    report("the largest process", largest, "MiB")
    if dask:
        local = report("survey by processes", lambda: taken(survey(hosts.images, results / "pool", "--jobs", dask)))
        with dask_cluster(dask) as address:
            command = survey(hosts.images, results / "dask", "--dask", address)
            cluster = report("survey by a Dask cluster", lambda: taken(command))
        print(f"{'speed beside processes':<58}{local / cluster:8.2f}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--dask", type=int, default=0, metavar="WORKERS", help="compare a local cluster as well")
    options = parser.parse_args()
    folder: Path = options.folder
    if not folder.exists():
        make(folder, options.images)
    with served(folder / "images") as images, served(folder / "more") as more, served(folder / "carriers") as carriers:
        measure(Hosts(images, more, carriers), folder, options.jobs, options.dask)


if __name__ == "__main__":
    main()
