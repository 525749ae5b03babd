"""Measure `layerscope layers` on an image in a registry, the first time and known, against its archive and its bytes.

    python tests/benchmarks/registry_image.py 127.0.0.1:5000/my-app:v1 my-app.oci.tar

The registry has to answer without a password over plain http. Run it with the Python of an environment with layerscope
installed. An archive that was written in the last two seconds is not kept.
"""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import urllib3
from known_image import first_seconds, seconds
from pairs import in_pairs, print_pairs

_CONNECTIONS = 4
_CHUNK = 1024 * 1024
_MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


def blob_addresses(name: str) -> list[str]:
    """Return the addresses of the blobs of an image of one platform."""
    host, _, path = name.partition("/")
    repository, _, tag = path.rpartition(":")
    base = f"http://{host}/v2/{repository}"
    manifest = urllib3.request("GET", f"{base}/manifests/{tag}", headers={"Accept": _MANIFESTS}).json()
    return [f"{base}/blobs/{blob['digest']}" for blob in [manifest["config"], *manifest["layers"]]]


def fetch_seconds(addresses: list[str]) -> float:
    """Return the time to fetch the blobs over several connections, and to drop them."""

    def fetch(address: str) -> None:
        for _ in pool.request("GET", address, preload_content=False).stream(_CHUNK):
            pass

    started = time.perf_counter()
    with urllib3.PoolManager(maxsize=_CONNECTIONS) as pool, ThreadPoolExecutor(_CONNECTIONS) as threads:
        list(threads.map(fetch, addresses))
    return time.perf_counter() - started


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="HOST/NAME:TAG")
    parser.add_argument("archive")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    command = ["layers", f"registry://{options.name}"]
    with tempfile.TemporaryDirectory() as folder:
        empty, known = Path(folder) / "empty", Path(folder) / "known"
        first = partial(first_seconds, command, empty)
        for subject, name, reference, other in (
            (first, "registry", partial(first_seconds, ["layers", options.archive], empty), "archive"),
            (first, "registry", partial(fetch_seconds, blob_addresses(options.name)), "bytes"),
            (partial(seconds, command, known), "known", first, "first time"),
        ):
            print_pairs(in_pairs(subject, reference, options.pairs), name, other)


if __name__ == "__main__":
    main()
