import pytest

from layerscope.analysis.advice.secrets import SecretKind
from tests.analysis.entries import whiteout
from tests.analysis.size.analyzed import sized, written

PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("root/.ssh/id_rsa", "not even a key"),
        ("home/me/.ssh/id_ed25519", PRIVATE_KEY),
        ("etc/nginx/server.pem", "-----BEGIN CERTIFICATE-----\nx\n-----BEGIN PRIVATE KEY-----\n"),
        ("app/server.key", "-----BEGIN RSA PRIVATE KEY-----\n"),
        ("app/.env", "# settings\nDB_PASSWORD=hunter2\n"),
        ("app/.env.production", "export TOKEN='x'\n"),
        ("root/.npmrc", "//npm.example.com/:_authToken=npm_abc\n"),
        ("root/.aws/credentials", "[default]\naws_secret_access_key = abc\n"),
        ("root/.docker/config.json", '{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6c2VjcmV0"}}}'),
        ("root/.kube/config", "users:\n- user:\n    token: abc\n"),
        ("etc/kubernetes/admin.conf", "    client-key-data: abc\n"),
        ("root/.netrc", "machine x login me password abc\n"),
        ("root/.pypirc", "[pypi]\npassword = abc\n"),
        ("root/.git-credentials", "https://me:abc@github.com\n"),
    ],
)
def test_a_secret_in_the_final_image_is_found(path: str, content: str) -> None:
    image = sized([written(path, content), written("app/x", size=100_000_000)])
    (secret,) = image.secrets
    assert (secret.path, secret.layer, secret.removed_in, secret.size) == (path.encode(), 1, None, len(content))
    assert secret.text.startswith(f"/{path}, {secret.kind.words}, is in the image. ")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("root/.ssh/id_rsa.pub", "ssh-rsa AAAA"),
        ("etc/ssl/certs/ca.pem", "-----BEGIN CERTIFICATE-----\n"),
        ("usr/lib/python3/test/keycert.pem", "-----BEGIN PRIVATE KEY-----\n"),
        ("srv/node_modules/x/tests/a.key", "-----BEGIN PRIVATE KEY-----\n"),
        ("app/en.key", "translations"),
        ("app/.env", "# nothing here\n\nEMPTY=\nOTHER=$HOME\n"),
        ("app/.env.example", "DB_PASSWORD=hunter2\n"),
        ("app/.env", ""),
        ("root/.npmrc", "//npm.example.com/:_authToken=${NPM_TOKEN}\nfund=false\n"),
        ("root/.aws/credentials", "[default]\n"),
        ("root/.docker/config.json", '{"auths": {}, "credsStore": "pass"}'),
        ("root/.kube/config", "clusters: []\n"),
        ("root/.netrc", "machine x login me\n"),
    ],
)
def test_a_file_without_a_secret_is_not_listed(path: str, content: str) -> None:
    assert sized([written(path, content)]).secrets == ()


def test_a_secret_that_a_later_layer_removes_is_still_shipped() -> None:
    (secret,) = sized([written("root/.ssh/id_rsa", PRIVATE_KEY)], [whiteout("root/.ssh")]).secrets
    assert (secret.kind, secret.layer, secret.removed_in) == (SecretKind.SSH_KEY, 1, 2)
    assert "is in this layer, although layer 2 removes it" in secret.text
    assert "RUN --mount=type=secret" in secret.text


def test_a_secret_that_a_harmless_file_overwrites_is_still_shipped() -> None:
    (secret,) = sized([written("app/.env", "TOKEN=abc\n")], [written("app/.env", "TOKEN=\n")]).secrets
    assert (secret.layer, secret.removed_in) == (1, 2)
    assert "although layer 2 overwrites it" in secret.text


def test_a_secret_with_several_copies_is_attributed_to_the_layer_that_wrote_it_first() -> None:
    (secret,) = sized([], [written("id_rsa", "abc")], [written("id_rsa", "abc", mode=0o600)]).secrets
    assert (secret.layer, secret.removed_in) == (2, None)


def test_secrets_come_by_layer_and_path() -> None:
    secrets = sized([written("b/.netrc", "password x")], [written("a/id_rsa"), written("a/id_dsa")]).secrets
    assert [(secret.layer, secret.path) for secret in secrets] == [(1, b"b/.netrc"), (2, b"a/id_dsa"), (2, b"a/id_rsa")]


def test_a_secret_is_not_advice() -> None:
    assert sized([written("id_rsa", "abc"), written("x", size=100_000_000)]).advice("COPY . /") == ()


def test_control_characters_in_the_path_of_a_secret_are_escaped() -> None:
    (secret,) = sized([written("a\x1b[31m/id_rsa")]).secrets
    assert "/a\\x1b[31m/id_rsa, an SSH key," in secret.text
