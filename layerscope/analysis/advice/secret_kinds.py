"""Files that hold keys and credentials: by what name they go, and what in their bytes tells them from harmless ones."""

import re
from dataclasses import dataclass

HEAD_SIZE = 16 * 1024
"""How much of a file is looked at, in bytes."""


@dataclass(frozen=True, slots=True)
class SecretKind:
    """Files at the ``patterns`` (those of `places.matching`) with ``holds`` among their first bytes.

    A ``generic`` name says little: among tests and examples it is left alone.
    """

    what: str
    patterns: tuple[str, ...]
    holds: re.Pattern[bytes]
    generic: bool = False

    def is_candidate(self, path: bytes) -> bool:
        """Tell whether a file at the path, which fits a pattern, is worth a look."""
        return not (self.generic and _EXAMPLES.search(path))


_EXAMPLES = re.compile(rb"(?:\A|/)(?:tests?|testing|test[_-]?data|fixtures?|examples?|samples?|docs?)/", re.IGNORECASE)
_ANYTHING = re.compile(rb".", re.DOTALL)
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----")


def _assigned(names: bytes) -> re.Pattern[bytes]:
    """Return what finds a value given to one of the names, which is no variable and no placeholder."""
    return re.compile(rb"(?m)^[^#\n]*?(?:" + names + rb")[\"']?\s*[:=]\s*[\"']?[^\s\"'$<{]")


SECRET_KINDS = (
    SecretKind("an SSH key", ("**/id_rsa", "**/id_dsa", "**/id_ecdsa", "**/id_ed25519"), _ANYTHING),
    SecretKind("a private key", ("**/*.pem", "**/*.key"), _PRIVATE_KEY, generic=True),
    SecretKind(
        "settings of an environment",
        ("**/.env", "**/.env.local", "**/.env.production", "**/.env.staging", "**/.env.development"),
        _assigned(rb"[A-Za-z_][A-Za-z0-9_]*"),
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
    SecretKind("a password", ("**/.netrc",), re.compile(rb"\bpassword\s+\S")),
    SecretKind("a password", ("**/.pypirc",), _assigned(rb"password")),
    SecretKind("a password", ("**/.git-credentials",), re.compile(rb"://[^/\s:]+:[^@\s]+@")),
)
"""The first kind that fits a path counts."""
