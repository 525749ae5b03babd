"""The kinds of secrets: the names of files that hold them, and the bytes that make the difference to harmless files."""

import re
from enum import StrEnum
from typing import NamedTuple

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
