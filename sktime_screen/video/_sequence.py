"""FrameSequence: images described but not yet decoded."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from ._black_bars import choose_detection_size, find_active_area, select_detection_frames
from ._decoding import read_images, read_images_with_originals
from ._demuxing import read_image_size
from ._file_state import read_file_state
from ._frame_table import check_frame_table, make_frame_index
from ._identity import digest_files
from ._image import read_image, resize
from ._placement import WHOLE, place
from ._prefetch import prefetch
from ._timeline_reader import read_timeline

_BATCHES_AHEAD = 2
# A frame as it was recorded takes up to 25 MB.
_IMAGES_AHEAD = 4


class FrameSequence:
    """The images of a frame table, decoded when they are needed.

    Behaves like a read-only array of shape ``(n_frames, height, width, 3)``: it has a length and a
    shape, and you can select rows. ``numpy.asarray`` gives the images. Selecting rows gives another
    sequence and decodes nothing.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame table, see :meth:`VideoFrameSampler.sample`. If it has a column ``image``, the
        images are read from these files and not from the video.
    size : tuple of int, optional
        Height and width in pixels to which every image is resized; None leaves each as it is.
    interpolation : {"area", "linear", "cubic", "lanczos", "nearest"}, default="area"
        How images are resized.
    aspect : {"stretch", "pad", "crop"}, default="stretch"
        How to fit an image of another shape: "stretch" distorts it, "pad" adds black margins, and
        "crop" cuts off two sides.
    crop_bars : bool, default=False
        Whether to crop the black bars of a video before its images are resized.

    Attributes
    ----------
    table : pandas.DataFrame
        The frame table behind the images.
    index : pandas.MultiIndex
        The frame index: ``video``, ``time`` (s) and ``duration`` (s) of each row.

    See Also
    --------
    VideoFrameSampler : Makes sequences from videos.
    ImageResizer : Sets the size of the images.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(
        self, table, size=None, interpolation="area", *, aspect="stretch", crop_bars=False
    ) -> None:
        self.table = check_frame_table(table)
        self.index = make_frame_index(self.table)
        self.size = None if size is None else tuple(size)
        self.interpolation = interpolation
        self.aspect = aspect
        self.crop_bars = crop_bars

    def __getstate__(self):
        # The memory of scikit-learn's Pipeline tells its inputs apart by their pickles: a video
        # that was replaced under its name is another input.
        files = self.table["image" if "image" in self.table else "video"].unique()
        return {**self.__dict__, "contents": digest_files(files)}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.__dict__.pop("contents", None)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self):
        videos = self.table["video"].nunique()
        size = "as recorded" if self.size is None else f"{self.size[0]}x{self.size[1]}"
        return f"<FrameSequence: {len(self)} frames of {videos} video{'s' * (videos != 1)}, {size}>"

    def _repr_html_(self):
        """Show some of the images in a notebook."""
        from ._thumbnails import make_strip

        return make_strip(self)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Number of frames, height, width and 3.

        Height and width are None where images of different sizes have not been resized.
        """
        height, width = self.size or self._find_common_size() or (None, None)
        return len(self), height, width, 3

    def _find_common_size(self):
        if "image" in self.table:
            sizes = {read_image(path).shape[:2] for path in self.table["image"].unique()}
        else:
            sizes = {read_image_size(video) for video in self.table["video"].unique()}
        return sizes.pop() if len(sizes) == 1 else None

    def resize(
        self, size, interpolation="area", *, aspect="stretch", crop_bars=False
    ) -> "FrameSequence":
        """Describe the same images at another size.

        Parameters
        ----------
        size : tuple of int or None
            Height and width in pixels; None for the images as they were recorded.
        interpolation : str, default="area"
            How images are resized.
        aspect : str, default="stretch"
            How to fit an image of another shape.
        crop_bars : bool, default=False
            Whether to crop black bars first.

        Returns
        -------
        FrameSequence
            Each image is resized once, from the original.
        """
        return FrameSequence(self.table, size, interpolation, aspect=aspect, crop_bars=crop_bars)

    def __getitem__(self, key) -> Any:
        """Select rows."""
        if isinstance(key, tuple):
            if len(key) != 2 or key[1] is not Ellipsis:
                raise IndexError(
                    "A FrameSequence can only be indexed by rows: for other axes, index the array "
                    "that numpy.asarray(sequence) gives."
                )
            key = key[0]
        if isinstance(key, (int, np.integer)):
            return np.asarray(self[[key]])[0]
        if not isinstance(key, slice):
            key = np.asarray(key) if len(key) else np.empty(0, int)
        rows = np.arange(len(self))[key]
        return FrameSequence(
            self.table.iloc[rows],
            self.size,
            self.interpolation,
            aspect=self.aspect,
            crop_bars=self.crop_bars,
        )

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("copy=False is impossible: the images have to be decoded.")
        images = None
        for rows, batch in self.iter_batches(32):
            if images is None:
                images = np.empty((len(self), *batch.shape[1:]), np.uint8)
            images[rows] = batch
        if images is None:
            images = np.empty((0, *(self.size or (0, 0)), 3), np.uint8)
        return images if dtype is None else images.astype(dtype, copy=False)

    def iter_batches(self, batch_size=32, failures=None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Decode the images, batch by batch, in the order of the videos.

        A thread of its own decodes a few batches ahead of the caller. It ends with the iteration,
        even if you stop early.

        Parameters
        ----------
        batch_size : int, default=32
            Images in a batch; the last one may hold fewer.
        failures : dict, optional
            If given, a video that cannot be decoded does not end the iteration: the rest of the
            video is skipped, and the error is put here under ``video``.

        Returns
        -------
        generator of (rows, images)
            For each batch, the numbers of its rows in the sequence, an int64 ndarray of shape (n,),
            and their RGB images, a uint8 ndarray of shape (n, height, width, 3).

        Raises
        ------
        ValueError
            If a sequence that was not resized has images of different sizes.
        """
        return prefetch(self._iterate_batches(batch_size, failures), _BATCHES_AHEAD)

    def iter_images(self, failures=None) -> Iterator[tuple[int, np.ndarray]]:
        """Decode the images one by one, in the order of the videos; they may differ in size.

        Parameters
        ----------
        failures : dict, optional
            As for :meth:`iter_batches`.

        Returns
        -------
        generator of (row, image)
            The number of each row in the sequence, and its RGB image, a uint8 ndarray of shape
            (height, width, 3).
        """
        return prefetch(self._iterate_images(failures), _IMAGES_AHEAD)

    def _iterate_batches(self, batch_size, failures):
        rows, images, shape = [], [], None
        for row, image in self._iterate_images(failures):
            shape = shape or image.shape
            if image.shape != shape:
                raise ValueError(
                    f"The images differ in size: {shape[:2]} and then "
                    f"{image.shape[:2]} (height, width) in "
                    f"{self.table['video'].iloc[row]!r}. Put ImageResizer((height, width)) first."
                )
            rows.append(row)
            images.append(image)
            if len(rows) == batch_size:
                yield np.array(rows), np.stack(images)
                rows, images = [], []
        if rows:
            yield np.array(rows), np.stack(images)

    def _iterate_images(self, failures, originals=False):
        """Yield (row, image): video by video as they first come, each in the order of time.

        With originals, pairs of images stand for images.
        """
        videos, _ = self.table["video"].factorize()
        order = np.lexsort((self.table["time"].to_numpy(), videos))
        for rows in np.split(order, np.flatnonzero(np.diff(videos[order])) + 1):
            if not len(rows):
                continue
            video = self.table["video"].iloc[rows[0]]
            try:
                images = self._read_video_images(rows, originals)
                for row, image in zip(rows, images, strict=True):
                    if failures and video in failures:  # that it changed is found by others
                        break
                    yield row, image
            except Exception as error:
                if failures is None:
                    raise
                failures[video] = error

    def _read_video_images(self, rows, originals):
        """Yield the images of one video, given its rows in the order of time."""
        if "image" in self.table:
            yield from self._read_image_files(self.table["image"].to_numpy()[rows], originals)
            return
        video = self.table["video"].iloc[rows[0]]
        times = self.table["time"].to_numpy()[rows]
        box = find_video_box(video, self.size) if self.crop_bars and self.size else WHOLE
        read = read_images_with_originals if originals else read_images
        yield from read(video, times, self.size, self.interpolation, self.aspect, box)

    def _read_image_files(self, paths, originals):
        box = WHOLE
        if self.crop_bars and self.size:
            box = find_active_area(
                map(read_image, paths[select_detection_frames(len(paths))]), self.size
            )
        for path in paths:
            original = image = read_image(path)
            if self.size is not None:
                placement = place(image.shape[:2], self.size, self.aspect, box)
                image = placement.apply(resize(image, placement.scaled, self.interpolation))
            yield (image, original) if originals else image


def iter_images_with_originals(frames, failures=None):
    """Yield (row, (image, original)) of a sequence: as its steps make it, and as recorded."""
    return prefetch(frames._iterate_images(failures, originals=True), _IMAGES_AHEAD)


def find_video_box(video, canvas):
    """Return the part of a video's images that is not black bars, see ``find_active_area``."""
    return _find_video_box(video, canvas, read_file_state(video))


@lru_cache(maxsize=128)
def _find_video_box(video, canvas, _state):
    times = read_timeline(video).times
    size = choose_detection_size(read_image_size(video), canvas)
    return find_active_area(read_images(video, times[select_detection_frames(len(times))], size))
