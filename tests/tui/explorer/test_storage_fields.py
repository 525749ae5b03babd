"""The details of an engine's storage and of a container."""

from msgspec.structs import replace

from layerscope.analysis.comparison.difference import Aspect
from layerscope.analysis.tree.path_history import CopyUp
from layerscope.model.engine import Engine
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.model.local import Container, Mount, Storage
from layerscope.tui.explorer.step_fields import container_fields, copy_up_words, location_field, storage_fields


def test_storage_says_driver_file_system_and_how_copy_on_write_works() -> None:
    storage = Storage(Engine.DOCKER, "graph driver", "overlay2", "extfs", ("/var/lib/docker/overlay2/a/diff",))
    driver, on_write = storage_fields(storage)
    assert driver == ("Storage", "docker, graph driver, overlay2 on extfs")
    assert "copies the whole file into the upper layer" in on_write[1]
    assert location_field(storage, Layer(1, None, Compression.NONE)) == ("Location", "/var/lib/docker/overlay2/a/diff")


def test_what_the_engine_does_not_report_is_said_to_be_unknown() -> None:
    storage = Storage(Engine.PODMAN, "containerd", None)
    assert storage_fields(storage) == [
        ("Storage", "podman, containerd, driver: the engine does not report it"),
        ("On write", "the engine does not report it"),
    ]
    assert location_field(storage, Layer(2, None, Compression.NONE))[1] == "the engine does not report it"


def test_the_location_of_a_containers_own_layer_is_left_out_until_it_is_here() -> None:
    storage = Storage(Engine.DOCKER, "graph driver", "overlay2", "extfs", ("/var/lib/docker/overlay2/a/diff",))
    own = Layer(2, None, Compression.NONE, writable=True)
    assert location_field(storage, own) == ("Location", "")
    copied = replace(own, blob=FileSpan("layer.tar", 0, 10, 10))
    assert location_field(storage, copied)[1] == "the engine does not report it"


def test_a_container_shows_its_state_and_its_mounts() -> None:
    mounts = (Mount("volume", "/vol/data", "/data"), Mount("tmpfs", "", "/run\x1b"))
    container = Container(Engine.DOCKER, "0123456789abcdef", "web", "app:1", "running", mounts=mounts)
    assert container_fields(container) == [
        ("Container", "web, running, docker 0123456789ab"),
        ("Made from", "app:1"),
        ("Mount", "/data: volume from /vol/data"),
        ("Mount", "/run\\x1b: tmpfs"),
    ]


def test_a_copy_up_says_what_it_changed_and_what_that_costs() -> None:
    chmod = CopyUp(2, is_removed=False, what=Aspect.MODE, is_settled=False, has_other_time=False, size=300_000_000)
    assert copy_up_words(chmod) == "copied up from layer 2 to change mode, which costs 300 MB here"
    touched = CopyUp(2, is_removed=False, what=Aspect(0), is_settled=True, has_other_time=True, size=0)
    assert copy_up_words(touched) == "copied up from layer 2 to change nothing but its time, which costs 0 B here"
    same = touched._replace(has_other_time=False)
    assert copy_up_words(same) == "copied up from layer 2 unchanged, which costs 0 B here"
    unread = same._replace(is_settled=False, size=5)
    assert copy_up_words(unread) == "copied up from layer 2, perhaps to change its content, which costs 5 B here"
    removed = touched._replace(layer=1, is_removed=True)
    assert copy_up_words(removed) == "only hidden here: layer 1 still holds it"
