"""What pages in one file are made with: templates, and what stands in a page instead of a file."""

import base64
import hashlib

from ._names import escape_controls


def load_template(package, name, **filters):
    """Load a template whose values are escaped, controls and marks of direction too."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        # Only what is text and no markup: names, and lines with names in them.
        finalize=lambda value: escape_controls(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters)
    return environment.get_template(name)


def encode_data_uri(kind, content):
    """Return bytes as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def make_policy(styles, scripts, *, served=False):
    """Return the content security policy of a page that allows only these, and images in it.

    A page that is served may also ask its own server for images, videos and data.
    """
    own = ["img-src 'self' data:", "media-src 'self'", "connect-src 'self'"]
    return "; ".join(
        [
            "default-src 'none'",
            *(own if served else ["img-src data:"]),
            f"style-src {' '.join(map(_make_hash_source, styles))}",
            f"script-src {' '.join(map(_make_hash_source, scripts))}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _make_hash_source(text):
    """Return what a content security policy calls a style or script that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
