"""Style sheets and scripts of the pages on which frames are labelled."""

from importlib import resources

_STYLES = ("theme.css", "workbench.css", "panel.css", "cards.css", "mobile.css")
_SCRIPTS = (
    "labels.js",
    "storage.js",
    "describe.js",
    "images.js",
    "viewer.js",
    "moment.js",
    "panel.js",
    "workbench.js",
    "grid.js",
)


def read_styles(own=()):
    """Return the styles that all such pages have, and then a page's own, as one style sheet."""
    return "\n".join(_read([*_STYLES, *own]))


def read_scripts(own):
    """Return the scripts that all such pages have, and then a page's own."""
    return _read([*_SCRIPTS, *own])


def _read(names):
    folder = resources.files("sktime_screen.labels") / "templates"
    return [(folder / name).read_text(encoding="utf-8") for name in names]
