"""Settings of Sphinx: ``sphinx-build -W docs build/docs``."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
# Decided when Keras is first loaded, which is in the first example.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import _architecture  # noqa: E402
import _reference  # noqa: E402

import sktime_screen  # noqa: E402

project = "sktime_screen"
author = "the sktime_screen maintainers"
copyright = author
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["build"]
html_theme = "pydata_sphinx_theme"
html_title = "sktime_screen"
html_show_sourcelink = False
# Pages without others below them have no section to navigate.
html_sidebars = {
    name: []
    for name in [
        *("howto", "benchmarks", "peers", "architecture", "contributing", "changelog"),
        *("port_equality", "RESULTS"),
    ]
}
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    # Without contents at the side, code of examples fits. A page may match one pattern only.
    "secondary_sidebar_items": {"[!e]**": ["page-toc"], "examples/**": []},
}
# Within a class's page its own name need not come before each method.
toc_object_entries_show_parents = "hide"
suppress_warnings = ["config.cache"]

# Single backticks in docstrings name parameters and classes; what is not found stays as it is.
default_role = "py:obj"
autodoc_typehints = "none"
autosummary_generate = True
autosummary_context = {"own_methods": _reference.own_methods}
numpydoc_show_class_members = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# SPHINX_GALLERY_PATTERN=plot_1 runs one example; the others are shown without figures.
sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "examples",
    "filename_pattern": os.environ.get("SPHINX_GALLERY_PATTERN", "/plot_"),
    "within_subsection_order": "FileNameSortKey",
    "reference_url": {"sktime_screen": None},
    "doc_module": ("sktime_screen",),
    "backreferences_dir": None,
    "show_memory": False,
    "min_reported_time": 0,
    "download_all_examples": False,
    "remove_config_comments": True,
    "plot_gallery": "True",
    "abort_on_example_error": True,
}


def setup(app):
    """Write the pages that follow from the code, before Sphinx looks for sources."""
    (HERE / "reference.rst").write_text(_reference.page(sktime_screen))
    (HERE / "generated").mkdir(exist_ok=True)
    (HERE / "generated" / "architecture.svg").write_text(
        _architecture.drawing(_architecture.imports(HERE.parent / "sktime_screen"))
    )
