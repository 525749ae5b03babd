from msgspec import Raw

from layerscope.model.documents import Healthcheck, ImageConfig, RunConfig
from layerscope.model.image import Image, Layer, Step
from layerscope.session.image_facts import build_steps, config_facts


def test_a_config_states_its_variables_labels_ports_volumes_and_health_check_one_by_one() -> None:
    run = RunConfig(  # noqa: S604  # the shell is a word of the config
        env=["PATH=/bin", "EMPTY=", "X=a=b"],
        cmd=["a", "b"],
        entrypoint="sh",
        labels={"v": "1"},
        exposed_ports={"80/tcp": Raw(b"{}")},
        volumes={"/data": Raw(b"{}")},
        working_dir="/srv",
        user="",
        shell=["/bin/bash", "-c"],
        on_build=["RUN make"],
        stop_timeout=5,
        healthcheck=Healthcheck(test=["CMD", "true"], interval=1_500_000_000, retries=3),
    )
    assert config_facts(ImageConfig(os="linux", architecture="arm64", config=run)) == {
        ("platform", None): "linux/arm64",
        ("workdir", None): "/srv",
        ("entrypoint", None): "sh",
        ("cmd", None): ("a", "b"),
        ("shell", None): ("/bin/bash", "-c"),
        ("onbuild", None): ("RUN make",),
        ("stop_timeout", None): "5 s",
        ("healthcheck", "test"): ("CMD", "true"),
        ("healthcheck", "interval"): "1.5 s",
        ("healthcheck", "retries"): "3",
        ("env", "EMPTY"): "",
        ("env", "PATH"): "/bin",
        ("env", "X"): "a=b",
        ("labels", "v"): "1",
        ("ports", "80/tcp"): "80/tcp",
        ("volumes", "/data"): "/data",
    }
    assert config_facts(ImageConfig()) == {}


def test_a_layer_that_the_history_does_not_mention_gets_a_step() -> None:
    layers = tuple(Layer(number, None, None) for number in (1, 2))
    image = Image("x", "x", ImageConfig(), layers, (Step("RUN a", layer=1), Step("ENV b")))
    assert [(step.title, step.layer) for step in build_steps(image)] == [
        ("RUN a", 1),
        ("ENV b", None),
        ("(no instruction recorded)", 2),
    ]
