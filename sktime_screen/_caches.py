"""Where on disk the package keeps what it would otherwise compute again."""

import os
from pathlib import Path

import platformdirs


def get_cache_folder(kind) -> Path:
    """Return the user's folder for one kind of cache, "features" or "networks"."""
    home = os.environ.get("SKTIME_SCREEN_HOME")
    folder = Path(home).expanduser() if home else platformdirs.user_cache_path("sktime_screen")
    return folder / kind
