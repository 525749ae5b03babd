"""Groups of files, with the names that people read."""

from enum import StrEnum


class FileType(StrEnum):
    """A group of files that are in an image for one reason."""

    EXECUTABLES = "executables and libraries"
    SCRIPTS = "scripts and source code"
    PYTHON = "Python source"
    BYTECODE = "Python bytecode"
    JAVA = "Java archives and classes"
    WEB = "web pages and JavaScript"
    HEADERS = "headers and static libraries"
    ARCHIVES = "archives and packages"
    DATABASES = "databases and indexes"
    DOCUMENTATION = "documentation"
    LOCALES = "locales and time zones"
    MODELS = "machine-learning models"
    IMAGES = "images"
    MEDIA = "audio and video"
    FONTS = "fonts"
    CERTIFICATES = "certificates and keys"
    TEXT = "text and settings"
    UNKNOWN = "unknown"
