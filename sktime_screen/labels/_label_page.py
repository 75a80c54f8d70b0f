"""Write the labelling page: frames of videos in one HTML file, to label in the browser."""

from .._atomic_files import check_target, write_text_atomically
from .._html import load_template, make_policy
from ..video import check_frame_table
from ._frame_images import add_images, choose_widths
from ._label_page_data import describe_frames
from ._page_assets import read_scripts, read_styles

_STYLES = ("layout.css",)
_SCRIPTS = ("filters.js", "page.js")


def save_label_page(
    path, X, characters, *, multilabel=True, background=None, labels=None, probabilities=None
) -> None:
    """Write an HTML page to label frames in the browser.

    The page is one file that works offline. You label with the number keys, the mouse or touch:
    a number key adds or removes a character, ``0`` means that nobody is in the frame, the arrow
    keys move, Shift selects a range, and Ctrl+Z undoes. ``?`` lists all keys. The browser keeps
    your work when you close the page. The page saves a CSV file that `load_label_csv` reads, with
    the frames that you labelled.

    Up to 60 frames are in the page at the size of the video, at most 1280 pixels wide, and can be
    enlarged. The key ``.`` shows the seconds before and after a frame. Of more frames, the images
    are smaller, so that the page does not grow with them, down to 320 pixels from 960 frames on.

    Parameters
    ----------
    path : str or path
        The HTML file to write. The CSV file gets the same name.
    X : pandas.DataFrame
        The frame table to label: ``video``, ``time`` (s) and ``duration`` (s), optionally
        ``image``. The columns ``inclusion`` and ``stratum`` of a random sample are kept in the
        CSV file.
    characters : sequence of str or int
        The characters, or the classes if ``multilabel=False``, in the order of their keys.
    multilabel : bool, default=True
        Whether a frame can have several characters. The CSV file then has a 0/1 column per
        character. Otherwise, each frame has one class, in the column ``label``.
    background : str or int, optional
        With ``multilabel=False``, the class that means that nobody is in the frame. Its key is
        ``0``. With several characters per frame, nobody is a row of zeros.
    labels : Series or DataFrame of n_frames rows, optional
        Labels to start with, as `load_label_csv` returns them. Rows without a label hold NaN or
        None.
    probabilities : array-like of shape (n_frames, n_characters), optional
        Predicted probabilities from ``pipeline[:-1].transform(X)``. The page then suggests labels
        to confirm, and shows the least certain frames first. The columns of an array are in the
        order of ``characters``, followed by ``background`` if that is not one of them.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, VideoError
        If a video, an image or the folder of the page does not exist or cannot be read.
    ValueError
        If there are no frames or no characters, a character has no name or the name of a column
        of the CSV file, or the labels or probabilities do not match the frames and characters.

    See Also
    --------
    load_label_csv : Load the labels that the page saved.
    suggest_frames : Choose the frames to label.

    Notes
    -----
    The uncertainty of a frame is that of its least certain character, ``1 - abs(2 * p - 1)`` for
    the probability p. For one class per frame, it is one minus the margin between the two most
    probable classes.

    The browser keeps the labels in its local storage under a digest of the frames, the characters
    and ``labels``. If you write the page again with the same ones, it finds the labels, also with
    other probabilities.

    Examples
    --------
    >>> from sktime_screen import VideoFrameSampler, save_label_page
    >>> X = VideoFrameSampler(rate=0.2).sample("video.mp4")  # doctest: +SKIP
    >>> save_label_page("labels.html", X, ["tom", "jerry"])  # doctest: +SKIP
    """
    table = check_frame_table(X)
    if table.empty:
        raise ValueError("X has no rows, so there are no frames to label.")
    target = check_target(path)
    page = describe_frames(
        table, characters, multilabel, background, labels, probabilities, f"{target.stem}.csv"
    )
    widths = choose_widths(len(table))
    images = add_images(page, table, widths)
    write_text_atomically(target, render_label_page(page, images))


def render_label_page(page, images, *, served=False):
    """Yield the HTML of the page piece by piece, so that only a few images are in memory."""
    template = load_template("sktime_screen.labels", "label_page.html")
    style = read_styles(_STYLES)
    scripts = read_scripts([*_SCRIPTS, *(["served.js"] if served else [])])
    policy = make_policy([style], scripts, served=served)
    yield from template.generate(
        page=page, images=images, style=style, scripts=scripts, policy=policy
    )
