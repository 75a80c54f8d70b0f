"""A part of another page on which a few of its frames are labelled."""

from dataclasses import dataclass

from .._html import load_template
from ._frame_images import ImageWidths, add_images
from ._page_assets import read_scripts, read_styles

_WIDTHS = ImageWidths(image=640, thumbnail=None, moment=200)
_SCRIPTS = ("review.js",)


@dataclass(frozen=True)
class Review:
    """What stands in a page for frames to be labelled on it."""

    html: str
    style: str
    scripts: list[str]


def make_review(page, table):
    """Make the part of a page on which frames are labelled, given what `describe_frames` says."""
    images = list(add_images(page, table, _WIDTHS))
    template = load_template("sktime_screen.labels", "review.html")
    html = template.render(page=page, images=images)
    return Review(html, read_styles(), read_scripts(_SCRIPTS))
