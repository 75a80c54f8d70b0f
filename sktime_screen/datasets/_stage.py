"""Draws the frames of one shot and measures how much of each character is to be seen."""

import math
from functools import cache

import cv2
import numpy as np

from ._canvas import Canvas
from ._cat import CAT_BOX, draw_cat
from ._mouse import MOUSE_BOX, draw_mouse
from ._props import COVER_BOX, COVERS, CRITTER_BOX, draw_ball, draw_bird, draw_snail
from ._shots import CHARACTERS

_PHASES = 8  # drawings a cycle of movement
_HAZE = 0.35
_POSES_A_SECOND = 12  # as cartoons are drawn, "on twos"

_CAST = {
    "cat": (CAT_BOX, draw_cat),
    "mouse": (MOUSE_BOX, draw_mouse),
    "bird": (CRITTER_BOX, draw_bird),
    "snail": (CRITTER_BOX, draw_snail),
    "ball": (CRITTER_BOX, draw_ball),
}


@cache
def _shadow():
    y, x = np.mgrid[-1:1:24j, -1:1:64j]
    alpha = 95 * np.clip(1.6 * (1 - np.hypot(x, y)), 0, 1)
    picture = np.zeros((24, 64, 4), np.uint8)
    picture[..., 3] = alpha.astype(np.uint8)
    return _Sprite(picture, np.array([[1 / 32, 0, -1], [0, 1 / 12, -1], [0, 0, 1]]))


class _Sprite:
    """A drawing cut to what is drawn, and the matrix from its pixels to units of the drawing."""

    def __init__(self, picture, to_units):
        left, top, width, height = cv2.boundingRect(picture[..., 3])
        self.picture = picture[top : top + height, left : left + width].copy()
        self.to_units = to_units @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]])
        self.area = cv2.sumElems(self.picture)[3] / 255

    @classmethod
    def drawn(cls, box, scale, light, draw):
        """Draw on a fresh canvas; `scale` is pixels a unit of the drawing."""
        canvas = Canvas(box, scale)
        draw(canvas)
        to_units = np.array([[1 / scale, 0, box[0]], [0, 1 / scale, box[1]], [0, 0, 1]])
        return cls(canvas.picture(light), to_units)


def _at(x, y, across, along=None):
    return np.array([[across, 0, x], [0, abs(across) if along is None else along, y], [0, 0, 1]])


class Stage:
    """One shot, set up to be filmed.

    Parameters
    ----------
    shot : Shot
    size : tuple of int
        Height and width of the picture, in pixels.
    fps : float
        Frames a second.
    """

    def __init__(self, shot, size, fps):
        self._shot, self._size, self._fps = shot, size, fps
        height, width = size
        ends = np.array([shot.camera.start, shot.camera.end])
        half = ends[:, 2:] / 2 * (width / height, 1)
        left, top = (ends[:, :2] - half).min(axis=0) - 1
        right, bottom = (ends[:, :2] + half).max(axis=0) + 1
        # Sharp where the camera is nearest.
        self._scale = height / ends[:, 2].min()
        canvas = Canvas((left, top, right, bottom), self._scale)
        shot.place.paint(canvas)
        picture = canvas.picture(shot.place.grade)
        self._background = _softened(cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB), height)
        self._to_scene = np.array(
            [[1 / self._scale, 0, left], [0, 1 / self._scale, top], [0, 0, 1]]
        )
        self._covers = [
            (
                _Sprite.drawn(
                    COVER_BOX,
                    self._scale * cover.scale,
                    shot.place.light,
                    lambda canvas, cover=cover: COVERS[cover.kind](
                        canvas, np.random.default_rng(cover.seed)
                    ),
                ),
                _at(cover.x, cover.y, cover.scale),
            )
            for cover in shot.covers
        ]
        self._sprites = {}

    def _sprite(self, actor, pose, phase, blink):
        key = actor.name, pose, phase, blink
        if key not in self._sprites:
            box, draw = _CAST[actor.name]
            self._sprites[key] = _Sprite.drawn(
                box,
                self._scale * actor.size,
                self._shot.place.light,
                lambda canvas: draw(canvas, pose, phase / _PHASES, blink),
            )
        return self._sprites[key]

    def frame(self, number):
        """Draw a frame of the shot.

        Parameters
        ----------
        number : int
            Counted from the cut.

        Returns
        -------
        picture : ndarray of shape (height, width, 3), uint8
            RGB.
        seen : dict of str to (float, float)
            By character in the shot: how many pixels of it are seen, and how many it was drawn
            with.
        """
        shot = self._shot
        height, width = self._size
        x, y, window = shot.camera.at(number / max(1, shot.n_frames - 1))
        zoom = height / window
        to_picture = np.array(
            [[zoom, 0, width / 2 - zoom * x], [0, zoom, height / 2 - zoom * y], [0, 0, 1]]
        )
        picture = cv2.warpAffine(
            self._background, (to_picture @ self._to_scene)[:2], (width, height)
        )
        seconds = number / self._fps
        drawn_at = math.floor(seconds * _POSES_A_SECOND + 1e-6) / _POSES_A_SECOND
        seen, areas = {}, {}
        for actor in shot.actors:
            x, y, lift = actor.position(seconds)
            pose, phase, blink, flip = actor.drawing(drawn_at)
            sprite = self._sprite(actor, pose, int(phase * _PHASES), blink)
            wide = 15 * actor.size
            _put(picture, _shadow(), to_picture @ _at(x, y, wide, 0.22 * wide), {})
            matrix = to_picture @ _at(x, y - lift, -actor.size if flip else actor.size)
            place, alpha = _put(picture, sprite, matrix, seen)
            if actor.name in CHARACTERS:
                mask = np.zeros(self._size, np.uint8)
                mask[place] = alpha
                seen[actor.name] = mask
                areas[actor.name] = sprite.area * (zoom / self._scale) ** 2
        for sprite, matrix in self._covers:
            _put(picture, sprite, to_picture @ matrix, seen)
        return picture, {
            name: (cv2.sumElems(mask)[0] / 255, areas[name]) for name, mask in seen.items()
        }


def _softened(background, height):
    # Backgrounds of cartoons are painted softer and paler than who acts in front of them.
    background = cv2.GaussianBlur(background, (0, 0), height / 240)
    mean = np.full_like(background, np.rint(background.mean(axis=(0, 1))).astype(np.uint8))
    return cv2.addWeighted(background, 1 - _HAZE, mean, _HAZE, 0)


def _put(picture, sprite, matrix, seen):
    # Blend the sprite into the picture and take what it hides from what is seen of the others.
    # Returns where it went and its alpha there.
    matrix = matrix @ sprite.to_units
    rows, columns = sprite.picture.shape[:2]
    corners = np.array([(0, 0, 1), (columns, 0, 1), (0, rows, 1), (columns, rows, 1)]) @ matrix.T
    low = np.floor(corners.min(axis=0)[:2]).astype(int) - 1
    high = np.ceil(corners.max(axis=0)[:2]).astype(int) + 1
    height, width = picture.shape[:2]
    left, top = np.clip(low, 0, (width, height))
    right, bottom = np.clip(high, 0, (width, height))
    place = slice(top, bottom), slice(left, right)
    if left >= right or top >= bottom:
        return place, np.zeros((bottom - top, right - left), np.uint8)
    matrix = matrix[:2].copy()
    matrix[:, 2] -= left, top
    layer = cv2.warpAffine(sprite.picture, matrix, (int(right - left), int(bottom - top)))
    alpha = cv2.extractChannel(layer, 3)
    rest = cv2.bitwise_not(alpha)
    below = cv2.multiply(picture[place], cv2.merge([rest] * 3), scale=1 / 255)
    picture[place] = cv2.add(below, cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB))
    for mask in seen.values():
        mask[place] = cv2.multiply(mask[place], rest, scale=1 / 255)
    return place, alpha
