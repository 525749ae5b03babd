"""Types of files by their paths, for paths that leave no doubt."""

import re
from functools import lru_cache

from layerscope.analysis.file_types.file_type import FileType

_FOLDERS = {
    FileType.DOCUMENTATION: ("usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/gtk-doc", "usr/local/man"),
    FileType.LOCALES: ("usr/share/locale", "usr/share/i18n", "usr/lib/locale", "usr/share/zoneinfo"),
    FileType.DATABASES: (
        "var/lib/apt/lists",
        "var/lib/dpkg",
        "var/lib/rpm",
        "usr/lib/sysimage/rpm",
        "lib/apk/db",
        "usr/share/terminfo",
        "usr/lib/terminfo",
    ),
    FileType.CERTIFICATES: ("etc/ssl/certs", "usr/share/ca-certificates", "etc/pki/ca-trust"),
}

_EXTENSIONS = {
    FileType.EXECUTABLES: "so dll exe ko wasm",
    FileType.SCRIPTS: "sh bash zsh fish pl pm pod rb go rs c cc cpp cxx java kt php lua tcl awk r swift cs ts pyx",
    FileType.PYTHON: "py pyi",
    FileType.BYTECODE: "pyc pyo",
    FileType.JAVA: "jar war ear class jmod",
    FileType.WEB: "js mjs cjs jsx tsx css scss less html htm map vue",
    FileType.HEADERS: "h hh hpp hxx inc a o la lib rlib rmeta pc",
    FileType.ARCHIVES: "tar gz tgz bz2 xz zst zip 7z rar lz4 deb rpm apk whl egg gem crate nupkg cab iso",
    FileType.DATABASES: "db sqlite sqlite3 mdb ldb lmdb parquet rdb frm ibd",
    FileType.DOCUMENTATION: "md rst pdf texi adoc epub ps",
    FileType.LOCALES: "mo po pot gmo qm",
    FileType.MODELS: "safetensors gguf ggml onnx pt pth tflite h5 pb mlmodel",
    FileType.IMAGES: "png jpg jpeg gif svg svgz webp ico bmp tif tiff avif xpm",
    FileType.MEDIA: "mp3 mp4 ogg oga ogv wav flac webm mkv avi mov m4a opus",
    FileType.FONTS: "ttf otf woff woff2 pfb afm eot pcf",
    FileType.CERTIFICATES: "pem crt cer der p12 pfx jks",
    FileType.TEXT: "txt conf cfg ini json yaml yml toml xml xsd dtd csv tsv env service properties list log",
}
_BY_EXTENSION = {
    extension.encode(): kind for kind, extensions in _EXTENSIONS.items() for extension in extensions.split()
}
TYPES_OF_FOLDERS = {folder.encode(): kind for kind, folders in _FOLDERS.items() for folder in folders}
"""Folders whose files have one type, whatever their extensions; none of them is inside another."""

_SHARED_LIBRARY, _LIBRARY_VERSION = b".so", re.compile(rb"\.so(?:\.[0-9.]+)?\Z")
_APT_CACHE, _APT_INDEX = b"var/cache/apt", b".bin"
_WORDS = {
    b"locale-archive": FileType.LOCALES,
    b"LICENSE": FileType.DOCUMENTATION,
    b"COPYING": FileType.DOCUMENTATION,
    b"README": FileType.DOCUMENTATION,
    b"CHANGELOG": FileType.DOCUMENTATION,
    b"Makefile": FileType.SCRIPTS,
    b"Dockerfile": FileType.SCRIPTS,
}


@lru_cache(maxsize=1024)
def type_of_folder(folder: bytes) -> FileType | None:
    """Return the type of all files in a folder, or None; files of one folder come together."""
    parts = folder.split(b"/", 4)
    for count in (4, 3):
        if len(parts) >= count and (kind := TYPES_OF_FOLDERS.get(b"/".join(parts[:count]))):
            return kind
    return None


def type_of_extension(name: bytes) -> FileType | None:
    """Return the type that the extension of a name shows, or None."""
    _, dot, extension = name.rpartition(b".")
    return _BY_EXTENSION.get(extension) if dot else None


def type_of_name(name: bytes, folder: bytes) -> FileType | None:
    """Return the type that the name of a file shows in a folder whose files may have any type, or None."""
    if kind := type_of_extension(name) or type_of_extension(name.lower()):
        return kind
    if _SHARED_LIBRARY in name and _LIBRARY_VERSION.search(name):
        return FileType.EXECUTABLES
    return FileType.DATABASES if folder.endswith(_APT_CACHE) and name.endswith(_APT_INDEX) else _WORDS.get(name)


def type_of_path(path: bytes) -> FileType | None:
    """Return the type that the path alone shows, or None if the bytes must decide."""
    folder, _, name = path.rpartition(b"/")
    return type_of_folder(folder) or type_of_name(name, folder)
