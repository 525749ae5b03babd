"""Files that hold keys and credentials: by what name they go, and what in their bytes tells them from harmless ones."""

import re
from typing import NamedTuple

PREFIX_SIZE = 16 * 1024
"""How much of a file is looked at, in bytes."""


class SecretKind(NamedTuple):
    """Files at the ``patterns`` (those of `matching_nodes`) with ``holds``, an expression, among their first bytes.

    A ``generic`` name says little: among tests and examples it is left alone. Few images have any such file, so the
    expressions are compiled when they are needed.
    """

    what: str
    patterns: tuple[str, ...]
    holds: bytes
    generic: bool = False

    def is_candidate(self, path: bytes) -> bool:
        """Tell whether a file at the path, which fits a pattern, is worth a look."""
        return not (self.generic and re.search(_EXAMPLES, path))

    def is_held(self, head: bytes) -> bool:
        """Tell whether the first bytes of a file are those of a secret."""
        return re.search(self.holds, head) is not None


_EXAMPLES = rb"(?i)(?:\A|/)(?:tests?|testing|test[_-]?data|fixtures?|examples?|samples?|docs?)/"
_ANYTHING = rb"(?s)."
_PRIVATE_KEY = rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"


def _assigned(names: bytes) -> bytes:
    """Return what finds a value given to one of the names, which is no variable and no placeholder."""
    return rb"(?m)^[^#\n]*?(?:" + names + rb")[\"']?[ \t]*[:=][ \t]*[\"']?[^\s\"'$<{]"


SECRET_KINDS = (
    SecretKind("an SSH key", ("**/id_rsa", "**/id_dsa", "**/id_ecdsa", "**/id_ed25519"), _ANYTHING),
    SecretKind("a private key", ("**/*.pem", "**/*.key"), _PRIVATE_KEY, generic=True),
    SecretKind(
        "settings of an environment",
        ("**/.env", "**/.env.local", "**/.env.production", "**/.env.staging", "**/.env.development"),
        rb"(?m)^[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*+[ \t]*=[ \t]*[\"']?[^\s\"'$<{]",
        generic=True,
    ),
    SecretKind("an npm token", ("**/.npmrc",), _assigned(rb"_authToken|_auth|_password")),
    SecretKind("AWS credentials", ("**/.aws/credentials",), _assigned(rb"aws_secret_access_key")),
    SecretKind(
        "a registry login",
        ("**/.docker/config.json", "**/.dockercfg", "**/containers/auth.json"),
        _assigned(rb"\"(?:auth|identitytoken|registrytoken|password)"),
    ),
    SecretKind(
        "a Kubernetes login",
        ("**/.kube/config", "etc/kubernetes/*.conf"),
        _assigned(rb"client-key-data|token|password"),
    ),
    SecretKind("a password", ("**/.netrc",), rb"\bpassword\s+\S"),
    SecretKind("a password", ("**/.pypirc",), _assigned(rb"password")),
    SecretKind("a password", ("**/.git-credentials",), rb"://[^/\s:]+:[^@\s]+@"),
)
"""The first kind that fits a path counts."""
