"""Decoded frames to the RGB images that a viewer sees."""

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from ._container import VideoError
from ._image import blend_over_black
from ._placement import WHOLE, place
from ._tone_mapping import map_tones, needs_mapping

_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
# Without the second and third flag FFmpeg's scaler rounds down and drops half of the colour: 1.5
# levels too dark and 1.7 off instead of 0.3, for a quarter less time.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_SCALERS = {
    "area": Interpolation.AREA | _EXACT,
    "linear": Interpolation.BILINEAR | _EXACT,
    "cubic": Interpolation.BICUBIC | _EXACT,
    "lanczos": Interpolation.LANCZOS | _EXACT,
    "nearest": Interpolation.POINT | _EXACT,
}
# Not "rgb48le", of which FFmpeg's scaler makes wrong colours where the height stays.
_DEEP, _DEEP_ALPHA = "gbrp16le", "gbrap16le"
# Matrices of ITU-T H.273: those that FFmpeg's scaler knows, and those that say nothing.
_BT709, _UNSPECIFIED, _BT601, _YCGCO = 1, 2, 5, 8
_KNOWN = {0, _BT709, 4, _BT601, 6, 7, 9}
_SAY_NOTHING = {_UNSPECIFIED, 3}
# Full range, with a red, green or blue a row.
_FROM_YCGCO = np.array([(1, -1, 1, 0), (1, 1, 0, -128), (1, -1, -1, 256)], np.float32)
_FULL_RANGE = 2
_COLOUR_OPTIONS = [
    f"{side}_{what}" for side in ("in", "out") for what in ("color_matrix", "primaries", "transfer")
]


class FrameConverter:
    """Turns decoded frames into the RGB images that a viewer sees.

    Scaling goes straight from the video's own colour planes to the size wanted, which is both
    faster and closer to the exact average than to convert whole images first. Every frame is placed
    by its own shape, which may change within a video.
    """

    def __init__(self, stream, size=None, interpolation="area", aspect="stretch", box=WHOLE):
        self.pixel_aspect = _PixelAspect(stream)
        self.name = stream.container.name.removeprefix("file:")
        self.size = size
        self.scaler = _SCALERS[interpolation]
        self.aspect = aspect
        self.box = box
        self.reformatter = VideoReformatter()

    def convert(self, frame):
        """Return the image of a frame, an array of shape (height, width, 3), uint8."""
        turn = _TURNS.get(round(frame.rotation) % 360)
        on_its_side = turn in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE)
        shape = frame.height, self.pixel_aspect.compute_display_width(frame)
        upright = shape[::-1] if on_its_side else shape
        placement = place(upright, self.size or upright, self.aspect, self.box)
        height, width = placement.scaled[::-1] if on_its_side else placement.scaled
        image = self._rgb(frame, width, height)
        if turn is not None:
            image = cv2.rotate(image, turn)
        return np.ascontiguousarray(placement.apply(image))

    def _rgb(self, frame, width, height):
        # FFmpeg scales the two fields of an interlaced frame each for itself and weaves them again:
        # of twice the height, every second row is one moment, without combs.
        fields = 2 if frame.interlaced_frame else 1
        source, is_mapped = frame, needs_mapping(frame)
        if _has_alpha(frame):
            source, fields = self._blend_over_black(frame, fields), 1
        elif frame.colorspace == _YCGCO and not frame.format.is_rgb:
            return self._convert_ycgco(frame, width, height * fields)[::fields]
        pixel_format = _DEEP if is_mapped else "rgb24"
        rgb = self._scale(source, width, height * fields, pixel_format).to_ndarray()[::fields]
        return map_tones(rgb, frame.color_trc, frame.color_primaries) if is_mapped else rgb

    def _scale(self, frame, width, height, pixel_format, **options):
        return self.reformatter.reformat(
            frame,
            width,
            height,
            pixel_format,
            src_colorspace=self._find_matrix(frame),
            interpolation=self.scaler,
            threads=1,
            **options,
        )

    def _find_matrix(self, frame):
        """Return the matrix by which a frame's colours were made from red, green and blue."""
        if frame.format.is_rgb or frame.colorspace in _SAY_NOTHING:
            # As players do: television of high definition has a matrix of its own.
            is_hd = frame.width >= 1280 or frame.height > 576
            return _BT709 if is_hd and not frame.format.is_rgb else _BT601
        if frame.colorspace not in _KNOWN:
            raise VideoError(
                f"{self.name!r} stores its colours in a way (matrix {frame.colorspace} of H.273) "
                f"that FFmpeg cannot convert: export it from where it was made with BT.709."
            )
        return frame.colorspace

    def _blend_over_black(self, frame, fields):
        # Before scaling: hidden colours must not bleed into those beside them.
        deep = any(component.bits > 8 for component in frame.format.components)
        rgba = self._scale(frame, None, None, _DEEP_ALPHA if deep else "rgba").to_ndarray()
        seen = blend_over_black(rgba[::fields])
        opaque = av.VideoFrame.from_ndarray(seen, _DEEP if deep else "rgb24")
        opaque.colorspace = _BT601
        return opaque

    def _convert_ycgco(self, frame, width, height):
        frame.colorspace = _BT601
        planes = self._scale(frame, width, height, "yuv444p", dst_color_range=_FULL_RANGE)
        frame.colorspace = _YCGCO
        levels = planes.to_ndarray().transpose(1, 2, 0).astype(np.float32)
        return np.rint(np.clip(cv2.transform(levels, _FROM_YCGCO), 0, 255)).astype(np.uint8)


class _PixelAspect:
    """How wide the frames of a track are with square pixels."""

    def __init__(self, stream):
        stated, coded = stream.sample_aspect_ratio or 1, stream.codec_context.sample_aspect_ratio
        # What only the container says holds for all frames.
        self.of_all = stated if stated != (coded or 1) else None
        self.graphs = {}

    def compute_display_width(self, frame):
        if self.of_all is not None:
            return round(frame.width * self.of_all)
        # PyAV does not tell the pixel aspect of a frame. A filter does, in some 20 microseconds.
        kind = frame.width, frame.height, frame.format.name
        if kind not in self.graphs:
            self.graphs[kind] = _make_square_pixel_filter(frame)
        self.graphs[kind].vpush(frame)
        return self.graphs[kind].vpull().width


def _make_square_pixel_filter(frame):
    """Return a filter that makes one row of frames like this, as wide as they are shown."""
    graph = av.filter.Graph()
    graph.threads = 1
    shape = {"width": frame.width, "height": frame.height}
    source = graph.add_buffer(**shape, format=frame.format, time_base=1)
    # The colours are of no interest, and those that FFmpeg cannot convert no reason to fail.
    colours = ":".join(f"{name}=bt709" for name in _COLOUR_OPTIONS)
    size = "w='max(1,round(iw*sar))':h=1:eval=frame:flags=neighbor"
    scale = graph.add("scale", f"{size}:{colours}")
    sink = graph.add("buffersink")
    source.link_to(scale)
    scale.link_to(sink)
    graph.configure()
    return graph


def _has_alpha(frame):
    kind = frame.format
    return kind.has_palette or any(component.is_alpha for component in kind.components)
