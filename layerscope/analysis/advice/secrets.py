"""Keys and credentials that an image ships: in the final image, or removed by a later layer and pulled all the same."""

import re
from enum import StrEnum
from typing import NamedTuple

from layerscope.analysis.content import ContentNeed, Prefixes
from layerscope.analysis.search.path_patterns import PathMatcher, matching_nodes
from layerscope.analysis.tree.change import GONE
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Kind
from layerscope.text import printable_path

PREFIX_SIZE = 16 * 1024
"""The number of first bytes of a file that are searched for a secret."""


class SecretKind(StrEnum):
    """A kind of secret; the values are those of documents."""

    SSH_KEY = "ssh-key"
    PRIVATE_KEY = "private-key"
    ENVIRONMENT = "environment"
    NPM_TOKEN = "npm-token"  # noqa: S105  # the name of a kind
    AWS_CREDENTIALS = "aws-credentials"
    REGISTRY_LOGIN = "registry-login"
    KUBERNETES_LOGIN = "kubernetes-login"
    PASSWORD = "password"  # noqa: S105  # the name of a kind

    @property
    def words(self) -> str:
        """The kind in a sentence: ``an SSH key``."""
        return _WORDS[self]


_WORDS = {
    SecretKind.SSH_KEY: "an SSH key",
    SecretKind.PRIVATE_KEY: "a private key",
    SecretKind.ENVIRONMENT: "environment settings with values",
    SecretKind.NPM_TOKEN: "an npm token",
    SecretKind.AWS_CREDENTIALS: "AWS credentials",
    SecretKind.REGISTRY_LOGIN: "a registry login",
    SecretKind.KUBERNETES_LOGIN: "a Kubernetes login",
    SecretKind.PASSWORD: "a password",
}


class SecretPattern(NamedTuple):
    """The files of one kind: paths that match ``patterns`` and first bytes in which the expression ``holds`` matches.

    A ``generic`` name says little, and does not count among tests and examples. Few images have any such file, so that
    the expressions are compiled when they are needed.
    """

    kind: SecretKind
    patterns: tuple[str, ...]
    holds: bytes
    generic: bool = False

    def is_candidate(self, path: bytes) -> bool:
        """Return whether a file whose path matches should be read."""
        return not (self.generic and re.search(_EXAMPLES, path))

    def is_held(self, prefix: bytes) -> bool:
        """Return whether the first bytes of a file are those of a secret."""
        return re.search(self.holds, prefix) is not None


_EXAMPLES = rb"(?i)(?:\A|/)(?:tests?|testing|test[_-]?data|fixtures?|examples?|samples?|docs?)/"
_ANYTHING = rb"(?s)."
_PRIVATE_KEY = rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"


def _assigned(names: bytes) -> bytes:
    """Return an expression for a value assigned to one of the names, unless it is a variable or a placeholder."""
    return rb"(?m)^[^#\n]*?(?:" + names + rb")[\"']?[ \t]*[:=][ \t]*[\"']?[^\s\"'$<{]"


SECRET_PATTERNS = (
    SecretPattern(SecretKind.SSH_KEY, ("**/id_rsa", "**/id_dsa", "**/id_ecdsa", "**/id_ed25519"), _ANYTHING),
    SecretPattern(SecretKind.PRIVATE_KEY, ("**/*.pem", "**/*.key"), _PRIVATE_KEY, generic=True),
    SecretPattern(
        SecretKind.ENVIRONMENT,
        ("**/.env", "**/.env.local", "**/.env.production", "**/.env.staging", "**/.env.development"),
        rb"(?m)^[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*+[ \t]*=[ \t]*[\"']?[^\s\"'$<{]",
        generic=True,
    ),
    SecretPattern(SecretKind.NPM_TOKEN, ("**/.npmrc",), _assigned(rb"_authToken|_auth|_password")),
    SecretPattern(SecretKind.AWS_CREDENTIALS, ("**/.aws/credentials",), _assigned(rb"aws_secret_access_key")),
    SecretPattern(
        SecretKind.REGISTRY_LOGIN,
        ("**/.docker/config.json", "**/.dockercfg", "**/containers/auth.json"),
        _assigned(rb"\"(?:auth|identitytoken|registrytoken|password)"),
    ),
    SecretPattern(
        SecretKind.KUBERNETES_LOGIN,
        ("**/.kube/config", "etc/kubernetes/*.conf"),
        _assigned(rb"client-key-data|token|password"),
    ),
    SecretPattern(SecretKind.PASSWORD, ("**/.netrc",), rb"\bpassword\s+\S"),
    SecretPattern(SecretKind.PASSWORD, ("**/.pypirc",), _assigned(rb"password")),
    SecretPattern(SecretKind.PASSWORD, ("**/.git-credentials",), rb"://[^/\s:]+:[^@\s]+@"),
)
"""In order of precedence: the first pattern that matches a path counts."""


REMEDY = "Use `RUN --mount=type=secret` instead, and revoke it: everyone who can pull the image can read it."
"""The advice for any secret."""


_SECRET_PATTERNS = tuple(glob for pattern in SECRET_PATTERNS for glob in pattern.patterns)
_SECRET_PATHS = PathMatcher(_SECRET_PATTERNS)


class Secret(NamedTuple):
    """A path at which an image ships a secret.

    ``layer`` is the first one that holds it, and ``size`` the bytes of the file there. ``removed_in`` is the layer that
    removed or overwrote the last copy at the path, or None if the final image has one; ``fate`` says so in a sentence.
    """

    path: bytes
    kind: SecretKind
    layer: int
    removed_in: int | None
    node: int
    size: int
    fate: str

    @property
    def text(self) -> str:
        """The finding and the advice, in two sentences that are safe to print."""
        name = printable_path(self.path)
        return f"{name}, {self.kind.words}, {self.fate.removeprefix('It ')} {REMEDY}"


def find_secrets(tree: LayeredTree, prefixes: Prefixes) -> tuple[Secret, ...]:
    """Return the secrets of all layers, by layer and path."""
    candidates = _candidates(tree)
    contents = prefixes([file for _, files in candidates.values() for file in files], PREFIX_SIZE)
    secrets = []
    for node, (pattern, files) in candidates.items():
        holding = [file for file in files if pattern.is_held(contents.get(file) or b"")]
        if holding:
            secrets.append(_secret(tree, node, pattern.kind, holding))
    return tuple(sorted(secrets, key=lambda secret: (secret.layer, secret.path)))


def _candidates(tree: LayeredTree) -> dict[int, tuple[SecretPattern, list[int]]]:
    """Return by node the pattern that its path matches, and the files that any layer holds there."""
    index, candidates = tree.index, dict[int, tuple[SecretPattern, list[int]]]()
    for pattern in SECRET_PATTERNS:
        for node in matching_nodes(index, pattern.patterns):
            files = [at for at in index.occurrences(node) if index.rows[at] >= 0 and tree.kind(at) is Kind.FILE]
            if files and pattern.is_candidate(index.path(node)):
                candidates.setdefault(node, (pattern, files))
    return candidates


SECRETS = ContentNeed(
    lambda path, _size: PREFIX_SIZE if _SECRET_PATHS.matches(path) else 0,
    lambda files: {file: PREFIX_SIZE for _, candidates in _candidates(files.tree).values() for file in candidates},
    _SECRET_PATTERNS,
)
"""The first bytes of files that may hold a secret, of all layers."""


def _secret(tree: LayeredTree, node: int, kind: SecretKind, files: list[int]) -> Secret:
    index, following = tree.index, files[-1] + 1
    is_shown = following == index.firsts[node + 1]
    removed_in = None if is_shown else index.layers[following]
    path = index.path(node)
    fate = "It is in the image."
    if removed_in is not None:
        verb = "removes" if index.rows[following] == GONE else "overwrites"
        fate = f"It is in this layer, although layer {removed_in} {verb} it."
    return Secret(path, kind, index.layers[files[0]], removed_in, node, tree.own_size(files[0]), fate)
