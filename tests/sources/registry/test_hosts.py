"""The addresses that serve a repository."""

import re
import socket
import ssl
from pathlib import Path
from typing import NoReturn

import pytest

from layerscope.errors import SourceError
from layerscope.sources.registry import hosts, transport
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.hosts import (
    RegistryAddress,
    RegistryName,
    certificates,
    locations,
    parse_registry_name,
    tls_context,
)
from layerscope.sources.registry.remote import Remote
from layerscope.sources.registry.transport import Transport
from tests.builders import image, layer, oci_layout
from tests.registry_server import registry


def urls(name: str) -> list[str]:
    return [location.url for location in locations(parse_registry_name(name))]


def test_https_is_used_but_for_loopback_or_where_the_user_says_so(
    configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert urls("ubuntu") == ["https://registry-1.docker.io/v2/library/ubuntu/"]
    assert urls("ghcr.io/a/b") == ["https://ghcr.io/v2/a/b/"]
    for host in ("localhost", "127.1.2.3:5000", "[::1]:5000"):
        assert urls(f"{host}/app") == [f"http://{host}/v2/app/"]
    folder = configuration / ".config/containers/certs.d/localhost:5000"
    folder.mkdir(parents=True)
    assert certificates("localhost:5000") == folder
    assert urls("localhost:5000/app") == ["https://localhost:5000/v2/app/"]
    monkeypatch.setattr(hosts, "_uses_plain_http", True)
    assert urls("ghcr.io/a/b") == ["http://ghcr.io/v2/a/b/"]


def test_registries_conf_states_mirrors_locations_and_what_is_insecure(configuration: Path) -> None:
    (configuration / "registries.conf").write_text("""
[[registry]]
prefix = "docker.io/library"
location = "docker.io/library"
[[registry.mirror]]
location = "mirror.example.com/hub"

[[registry]]
prefix = "*.internal"
insecure = true

[[registry]]
prefix = "old.example.com/team"
location = "new.example.com/group"

[[registry]]
location = "blocked.example.com"
blocked = true
""")
    hub = "https://registry-1.docker.io/v2/library/ubuntu/"
    assert urls("ubuntu") == ["https://mirror.example.com/v2/hub/ubuntu/", hub]
    assert urls("bitnami/redis") == ["https://registry-1.docker.io/v2/bitnami/redis/"]
    assert urls("old.example.com/team/app") == ["https://new.example.com/v2/group/app/"]
    assert urls("old.example.com/teams/app") == ["https://old.example.com/v2/teams/app/"]
    insecure = locations(parse_registry_name("reg.internal/app"))
    assert [(at.scheme, at.verifies) for at in insecure] == [("https", False), ("http", True)]
    with pytest.raises(SourceError, match=r"registries\.conf blocks it"):
        urls("blocked.example.com/app")


@pytest.mark.parametrize("text", ["[[registry", "registry = 1"])
def test_a_broken_configuration_is_named(configuration: Path, text: str) -> None:
    (configuration / "registries.conf").write_text(text)
    with pytest.raises(SourceError, match=r"registries\.conf is invalid"):
        urls("ubuntu")


def test_the_next_address_is_asked_where_a_mirror_has_not_the_image(configuration: Path, tmp_path: Path) -> None:
    full = oci_layout(tmp_path / "full", image(layer(), tags=["v1"]))
    empty = oci_layout(tmp_path / "empty", image(layer(), tags=["v2"]))
    with registry(full) as server, registry(empty) as mirror:
        (configuration / "registries.conf").write_text(
            f'[[registry]]\nprefix = "example.com"\nlocation = "{server.host}"\n'
            f'[[registry.mirror]]\nlocation = "127.0.0.1:1"\n[[registry.mirror]]\nlocation = "{mirror.host}"\n'
        )
        with RegistryClient(parse_registry_name("example.com/app:v1")) as client:
            assert client.manifest("v1").data
        assert mirror.paths == server.paths == ["/v2/app/manifests/v1"]


def test_a_proxy_is_used_but_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "example.com")
    asked = ["ghcr.io", "example.com", "localhost:5000", "[::1]:5000"]
    assert [transport._proxy("https", host) for host in asked] == ["http://proxy:3128", None, None, None]


def test_a_registry_on_the_internet_leads_to_no_address_of_this_network() -> None:
    class Peer(socket.socket):
        address = "127.0.0.1"

        def getpeername(self) -> tuple[str, int]:
            return self.address, 443

    class PublicPeer(Peer):
        address = "8.8.8.8"

    outside = Transport(RegistryAddress("ghcr.io", "app"), "ghcr.io/app")
    with Peer() as private, PublicPeer() as public:
        outside.connected(public, "ghcr.io")
        outside.connected(public, "storage.example.com")
        with pytest.raises(SourceError, match=r"leads to metadata\.example\.com, an address of this network"):
            outside.connected(private, "metadata.example.com")
        inside = Transport(RegistryAddress("reg.internal", "app"), "reg.internal/app")
        inside.connected(private, "reg.internal")
        inside.connected(private, "storage.internal")


def test_a_redirect_from_https_to_plain_http_is_refused() -> None:
    remote = Remote(RegistryAddress("ghcr.io", "app"), "ghcr.io/app")
    url = "https://ghcr.io/v2/app/blobs/x"
    assert remote._redirected(url, "https://storage.example.com/x") == "https://storage.example.com/x"
    with pytest.raises(SourceError, match=r"redirects to storage\.example\.com without https"):
        remote._redirected(url, "http://storage.example.com/x?signature=1")


def no_address(*_: object, **__: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_one_sentence_says_why_a_host_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: RegistryName, message: str) -> None:
        client = RegistryClient(name)
        with client, pytest.raises(SourceError, match=f"^cannot read {re.escape(name.title)}: {message}"):
            client.manifest("v1")

    monkeypatch.setattr("layerscope.sources.registry.hosts.is_loopback", lambda _: False)
    with registry(tmp_path) as server:
        fails(RegistryName(server.host, "app"), "it does not speak https")
    monkeypatch.setattr(hosts, "_uses_plain_http", True)
    fails(RegistryName("127.0.0.1:1", "app"), "connection refused$")
    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    fails(RegistryName("example.com", "app"), "unknown host$")


def test_the_certificates_of_a_host_are_those_of_its_folder(configuration: Path) -> None:
    folder = configuration / ".config/containers/certs.d/ghcr.io"
    folder.mkdir(parents=True)
    assert tls_context("ghcr.io").verify_mode is ssl.CERT_REQUIRED
    (folder / "ca.crt").write_text("none")
    with pytest.raises(SourceError, match=r"cannot read the certificates in .*/certs\.d/ghcr\.io"):
        tls_context("ghcr.io")
