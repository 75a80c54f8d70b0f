"""A drawing board over OpenCV: smooth shapes in scene units, anti-aliased, on RGBA pixels."""

import colorsys
import math
from contextlib import contextmanager
from functools import lru_cache

import cv2
import numpy as np

INK = (58, 36, 34)
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
_OVERSAMPLING = 2


def hsv(hue, saturation, value):
    """RGB colour (0 to 255) from hue, saturation and value, each 0 to 1; the hue wraps around."""
    return tuple(int(255 * part) for part in colorsys.hsv_to_rgb(hue % 1, saturation, value))


def shade(colour, factor):
    """Lighten (factor above 1) or darken a colour."""
    return tuple(int(min(255, part * factor)) for part in colour)


@lru_cache(maxsize=256)
def _spline(n_points, closed, per_segment=7):
    # Catmull-Rom weights as a matrix: a smooth curve through n points is one product.
    rows = []
    n_segments = n_points if closed else n_points - 1
    for segment in range(n_segments):
        for t in np.arange(per_segment) / per_segment:
            row = np.zeros(n_points)
            weights = (
                -0.5 * t + t**2 - 0.5 * t**3,
                1 - 2.5 * t**2 + 1.5 * t**3,
                0.5 * t + 2 * t**2 - 1.5 * t**3,
                -0.5 * t**2 + 0.5 * t**3,
            )
            for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
                point = segment + offset
                point = point % n_points if closed else min(max(point, 0), n_points - 1)
                row[point] += weight
            rows.append(row)
    if not closed:
        rows.append(np.eye(n_points)[-1])
    return np.array(rows)


def blob(*points):
    """Smooth closed outline through the points."""
    return _spline(len(points), True) @ np.asarray(points, dtype=float)


def mirrored(*points):
    """Smooth closed outline through the points, given from top to bottom, and their mirror."""
    left = [(-x, y) for x, y in reversed(points) if x != 0]
    return blob(*points, *left)


def curve(*points):
    """Smooth open line through the points."""
    return _spline(len(points), False) @ np.asarray(points, dtype=float)


_CIRCLE = np.stack(
    [f(np.linspace(0, 2 * np.pi, 36, endpoint=False)) for f in (np.cos, np.sin)], axis=1
)


def oval(x, y, width, height=None, turn=0.0):
    """Ellipse by its centre and half axes; `turn` in radians."""
    points = _CIRCLE * (width, width if height is None else height)
    if turn:
        cos, sin = np.cos(turn), np.sin(turn)
        points = points @ np.array([[cos, sin], [-sin, cos]])
    return points + (x, y)


def rectangle(left, top, right, bottom):
    """Four corners."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=float)


def rounded(left, top, right, bottom, radius):
    """Rectangle with round corners."""
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    corners = ((right, bottom), (left, bottom), (left, top), (right, top))
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.concatenate(
        [
            _CIRCLE[9 * quarter : 9 * quarter + 10 if quarter < 3 else 36] * radius
            + np.add(corner, np.multiply(sign, radius))
            for quarter, (corner, sign) in enumerate(zip(corners, signs, strict=True))
        ]
    )


class Canvas:
    """RGBA pixels under a box of the scene.

    Parameters
    ----------
    box : tuple of float
        Left, top, right and bottom of what is drawn, in scene units (y grows downwards).
    scale : float
        Pixels a scene unit.
    """

    def __init__(self, box, scale):
        left, top, right, bottom = box
        self.box, self.scale = box, scale
        self._size = tuple(
            max(1, int(np.ceil(length * scale))) for length in (right - left, bottom - top)
        )
        fine = scale * _OVERSAMPLING
        self._matrix = np.array([[fine, 0, -left * fine], [0, fine, -top * fine], [0, 0, 1]])
        width, height = self._size
        # Transparent ink: the soft edge of an outline then keeps its colour.
        paper = np.array([*INK, 0], np.uint8).view(np.uint32)[0]
        shape = height * _OVERSAMPLING, width * _OVERSAMPLING
        self._pixels = np.full(shape, paper).view(np.uint8).reshape(*shape, 4)

    @contextmanager
    def place(self, x, y, scale=1.0, turn=0.0, flip=False, stretch=1.0):
        """Draw what follows around (x, y): scaled, turned (radians), flipped left to right."""
        before = self._matrix
        cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
        across = -1 if flip else 1
        self._matrix = before @ np.array(
            [[across * cos, -sin * across * stretch, x], [sin, cos * stretch, y], [0, 0, 1]]
        )
        yield
        self._matrix = before

    def _device(self, points):
        matrix = self._matrix
        points = np.asarray(points, dtype=float) @ matrix[:2, :2].T + matrix[:2, 2]
        return np.rint((points - 0.5) * (1 << _SHIFT)).astype(np.int32)

    def _thickness(self, width):
        (a, b), (c, d) = self._matrix[:2, :2].tolist()
        return max(1, round(width * math.sqrt(abs(a * d - b * c))))

    def fill(self, points, colour):
        """Fill an outline with one colour."""
        cv2.fillPoly(self._pixels, [self._device(points)], (*colour, 255), cv2.LINE_AA, _SHIFT)

    def line(self, points, width=0.7, colour=INK, closed=False):
        """Draw a line with round ends."""
        cv2.polylines(
            self._pixels,
            [self._device(points)],
            closed,
            (*colour, 255),
            self._thickness(width),
            cv2.LINE_AA,
            _SHIFT,
        )

    def paint(self, points, colour, ink=0.7, ink_colour=INK):
        """Fill an outline and draw its edge."""
        self.fill(points, colour)
        self.line(points, ink, ink_colour, closed=True)

    def limb(self, points, colour, width, ink=0.7, ink_colour=INK):
        """Draw a thick line with an edge: a leg, a tail, a pipe."""
        self.line(points, width + 2 * ink, ink_colour)
        self.line(points, width, colour)

    def _mask(self, points):
        # The outline's own rectangle of the pixels, the mask within it, and its corner.
        device = self._device(points)
        height, width = self._pixels.shape[:2]
        left, top = np.clip(device.min(axis=0) >> _SHIFT, 0, (width, height))
        right, bottom = np.clip((device.max(axis=0) >> _SHIFT) + 2, 0, (width, height))
        mask = np.zeros((bottom - top, right - left), np.uint8)
        if mask.size:
            offset = np.array([left, top], np.int32) << _SHIFT
            cv2.fillPoly(mask, [device - offset], 255, cv2.LINE_AA, _SHIFT)
        return self._pixels[top:bottom, left:right], mask, (left, top)

    @contextmanager
    def inside(self, points):
        """Let what follows be seen only inside an outline: patterns, cel shading."""
        pixels, mask, corner = self._mask(points)
        if not mask.size:
            mask = np.zeros((1, 1), np.uint8)
            pixels = np.zeros((1, 1, 4), np.uint8)
        whole, matrix = self._pixels, self._matrix
        self._pixels, self._matrix = pixels.copy(), matrix.copy()
        self._matrix[:2, 2] -= corner
        yield
        cv2.copyTo(self._pixels, mask, pixels)
        self._pixels, self._matrix = whole, matrix

    def wash(self, points, colour, opacity):
        """Fill an outline with a transparent colour over what is already drawn."""
        pixels, mask, _ = self._mask(points)
        if mask.size:
            weight = (mask * (opacity / 255)).astype(np.float32)[..., None]
            colours = pixels[..., :3]
            colours[:] = colours + (np.array(colour, np.float32) - colours) * weight

    def gradient(self, box, top_colour, bottom_colour):
        """Fill a rectangle (left, top, right, bottom) from one colour above to one below."""
        (left, top), (right, bottom) = (
            self._device([box[:2], box[2:]]).astype(float) / (1 << _SHIFT)
        ).round()
        rows = np.arange(max(0, int(top)), min(self._pixels.shape[0], int(bottom) + 1))
        if not len(rows):
            return
        part = ((rows - top) / max(1, bottom - top))[:, None]
        colours = (1 - part) * np.array(top_colour) + part * np.array(bottom_colour)
        colours = np.concatenate([colours, np.full_like(part, 255)], axis=1)
        columns = slice(max(0, int(left)), max(0, int(right) + 1))
        self._pixels[rows[0] : rows[-1] + 1, columns] = colours.astype(np.uint8)[:, None]

    def picture(self, light=(1.0, 1.0, 1.0)):
        """Return what was drawn, RGBA with colours multiplied by alpha.

        Parameters
        ----------
        light : tuple of float, default=(1.0, 1.0, 1.0)
            What the light of the scene does to red, green and blue.

        Returns
        -------
        ndarray of shape (height, width, 4), uint8
        """
        pixels = cv2.resize(self._pixels, self._size, interpolation=cv2.INTER_AREA)
        alpha = cv2.merge([pixels[..., 3]] * 3)
        if tuple(light) != (1.0, 1.0, 1.0):
            steps = np.arange(256)[:, None] * np.append(light, 1.0)
            pixels = cv2.LUT(pixels, np.clip(steps, 0, 255).astype(np.uint8)[None])
        pixels[..., :3] = cv2.multiply(pixels[..., :3], alpha, scale=1 / 255)
        return pixels
