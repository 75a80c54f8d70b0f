"""Writes the script of the film: the cuts, who is in which shot, and how it is staged."""

from collections import Counter
from functools import partial

import numpy as np

from ._cat import CAT_HEIGHT
from ._mouse import MOUSE_HEIGHT
from ._props import COVER_HEIGHT
from ._shots import CHARACTERS, PLACES, Actor, Camera, Cover, Move, Place, Shot

_SHOT_SECONDS = (1.5, 6.0)
_SHOTS_AT_LEAST = 8  # a short film is cut faster, so that everything can happen in it
_PLACES_A_FILM = 8

# Scene units a unit of the drawing, and the height of the drawing.
_SIZE = {"cat": 0.8, "mouse": 0.76, "bird": 0.6, "snail": 0.6, "ball": 0.8}
_HEIGHT = {"cat": CAT_HEIGHT, "mouse": MOUSE_HEIGHT}
_REACH = 42.0  # from the middle of a drawing to its side, in drawing units
_RESTING = {
    "cat": ("sit", "sit", "crouch", "sleep", "back", "walk"),
    "mouse": ("stand", "wave", "eat", "sleep", "stand"),
}


def plan_shots(rng, n_frames, fps, aspect):
    """Write the film: the shots, in order.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_frames : int
        Frames of the film.
    fps : float
        Frames a second.
    aspect : float
        Width of the picture over its height.

    Returns
    -------
    list of Shot
    """
    names = rng.permutation(list(PLACES))[:_PLACES_A_FILM]
    places = [
        Place(str(name), int(rng.integers(2**31)), tuple(rng.uniform(0.9, 1.0, 3)))
        for name in names
    ]
    lengths = _shot_lengths(rng, n_frames, fps)
    casts = _casts(rng, lengths)
    shots = []
    times = Counter()
    for length, cast in zip(lengths, casts, strict=True):
        # Everybody comes to every place, and no place comes twice in a row.
        place = min(
            (place for place in places if not shots or place is not shots[-1].place),
            key=lambda place: (times[place, cast], times[place], rng.random()),
        )
        times.update([place, (place, cast)])
        shots.append(_Director(rng, place, length, length / fps, aspect).shoot(cast))
    return shots


def _shot_lengths(rng, n_frames, fps):
    seconds = n_frames / fps
    pace = min(1.0, seconds / (_SHOTS_AT_LEAST * np.mean(_SHOT_SECONDS)))
    shortest, longest = (max(1, round(pace * fps * s)) for s in _SHOT_SECONDS)
    lengths = []
    left = n_frames
    while left > longest:
        # Short shots are more common than long ones.
        length = shortest + round((longest - shortest) * rng.beta(1.0, 3.2))
        lengths.append(min(length, left - shortest))
        left -= lengths[-1]
    return [*lengths, left]


def _casts(rng, lengths):
    # Who is in each shot: the film has its own shares, and each shot goes where most is missing.
    choices = (("cat",), ("mouse",), CHARACTERS, ())
    shares = np.clip(rng.dirichlet((9, 9, 10, 6)), 0.14, None)
    shares /= shares.sum()
    given = np.zeros(4)
    casts = []
    for length in lengths:
        missing = shares * (given.sum() + length) - given + rng.uniform(0, 0.5 * length, 4)
        choice = int(np.argmax(missing))
        given[choice] += length
        casts.append(choices[choice])
    return casts


class _Director:
    """Stages one shot."""

    def __init__(self, rng, place, n_frames, seconds, aspect):
        self.rng, self.place, self.n_frames = rng, place, n_frames
        self.seconds, self.aspect = seconds, aspect
        # Where it happens: the line everybody stands on and the middle of it.
        self.ground = rng.uniform(74, 93)
        self.x = rng.uniform(-65, 65)
        self.covers = []

    def shoot(self, cast):
        """Place camera, characters, creatures and furniture."""
        rng = self.rng
        if len(cast) == 2:
            actors = self._two(cast)
        elif cast:
            actors = self._one(cast[0])
        else:
            self._frame(self.x, rng.uniform(40, 75), rng.uniform(32, 100))
            actors = []
            if rng.random() < 0.3:
                self._furniture(self.x + rng.uniform(-15, 15), rng.uniform(0.5, 0.9), post=False)
        if rng.random() < (0.18 if cast else 0.35):
            actors = [*actors, self._creature()]
        actors.sort(key=lambda actor: actor.depth)
        return Shot(self.n_frames, self.place, self._camera(), tuple(actors), tuple(self.covers))

    def _size(self, name):
        # Nearer means lower in the picture and larger.
        return _SIZE[name] * (0.78 + 0.4 * (self.ground - 74) / 19)

    def _frame(self, x, y, height, travel=0.0):
        self.window, self.travel = self._kept_inside(x, y, height), travel

    def _kept_inside(self, x, y, height):
        height = min(height, 100.0, 240.0 / self.aspect)
        width = height * self.aspect
        x = np.clip(x, -124 + width / 2, 124 - width / 2)
        return float(x), float(np.clip(y, -1 + height / 2, 101 - height / 2)), float(height)

    def _camera(self):
        rng = self.rng
        x, y, height = self.window
        start = end = (x, y, height)
        if self.travel:
            start, end = (x - self.travel, y, height), (x + self.travel, y, height)
        else:
            move = rng.random()
            if move < 0.25:
                end = (x, y, height * rng.uniform(0.78, 0.92))
            elif move < 0.45:
                start = (x, y, height * rng.uniform(0.78, 0.92))
            elif move < 0.7:
                drift = height * rng.uniform(0.08, 0.2) * rng.choice([-1, 1])
                start, end = (x - drift, y, height), (x + drift, y, height)
        return Camera(self._kept_inside(*start), self._kept_inside(*end))

    def _edges(self, size):
        # Where somebody is just out of the picture, left and right.
        x, _, height = self.window
        half = height * self.aspect / 2 + _REACH * size
        return x - half, x + half

    def _actor(self, name, moves):
        return Actor(name, self._size(name), tuple(moves), self.rng.uniform(0, 2.7))

    def _one(self, name):
        rng = self.rng
        size = self._size(name)
        tall = size * _HEIGHT[name]
        what = rng.choice(
            ["stay", "cross", "enter", "leave", "peek"], p=[0.52, 0.15, 0.11, 0.11, 0.11]
        )
        framing = rng.random()
        if what == "peek":
            height, head = tall * rng.uniform(2.0, 2.7), 0.75
        elif what == "stay" and framing < 0.4:
            height, head = tall * rng.uniform(1.0, 1.4), 0.62
        elif framing < 0.85:
            height, head = tall * rng.uniform(1.5, 2.4), rng.uniform(0.4, 0.7)
        else:
            height, head = rng.uniform(70, 100), 0.5
        offset = rng.uniform(-0.18, 0.18) * height * self.aspect
        self._frame(self.x + offset, self.ground - tall * head, height)
        moves = self._moves(name, what, self.x, self.ground)
        if what == "peek":
            self._furniture(self.x, 1.12 * tall / COVER_HEIGHT, post=False)
        elif what == "cross" and rng.random() < 0.4:
            self._furniture(self.x, size * 1.1, post=True)
        elif rng.random() < 0.28:
            # A low thing in front: it hides the feet, or one side.
            side = rng.choice([-1, 0, 1])
            self._furniture(self.x + side * 24 * size, 0.42 * tall / COVER_HEIGHT, post=False)
        return [self._actor(name, moves)]

    def _two(self, cast):
        rng = self.rng
        apart = rng.uniform(24, 66)
        side = rng.choice([-1, 1])
        size = self._size("cat")
        height = max((apart + 46) / self.aspect, size * CAT_HEIGHT * rng.uniform(1.15, 1.7))
        ways = ["stay", "stay"]
        if rng.random() < 0.5:
            ways[rng.integers(2)] = rng.choice(["enter", "leave", "peek", "hop"])
        if rng.random() < 0.3 or ways[0] in ("peek", "hop"):
            height = max(height, rng.uniform(80, 100))
        self._frame(self.x, self.ground - 0.5 * size * CAT_HEIGHT, height)
        if rng.random() < 0.25:
            return self._chase(side, apart)
        actors = []
        for name, way, where in zip(cast, ways, (-1, 1), strict=True):
            x = self.x + side * where * apart / 2
            ground = min(97.0, self.ground + (rng.uniform(0, 6) if name == "mouse" else 0.0))
            if way == "peek":
                self._furniture(
                    x, 1.12 * self._size(name) * _HEIGHT[name] / COVER_HEIGHT, post=False
                )
            moves = self._moves(name, way, x, ground, towards=-side * where)
            actors.append(self._actor(name, moves))
        return actors

    def _chase(self, side, apart):
        # The mouse in front, the cat behind, and half of the time the camera goes along.
        x, y, height = self.window
        way = height * self.aspect / 2
        self._frame(x, y, height, travel=side * way * self.rng.uniform(0, 0.6))
        travel = abs(self.travel) + 0.45 * way
        return [
            self._actor(
                name,
                [
                    Move(
                        self.seconds,
                        "run",
                        (self.x + side * (ahead - travel), self.ground),
                        (self.x + side * (ahead + travel), self.ground),
                        side < 0,
                    )
                ],
            )
            for name, ahead in (("cat", -apart / 2), ("mouse", apart / 2))
        ]

    def _moves(self, name, what, x, ground, towards=None):
        rng, seconds = self.rng, self.seconds
        size = self._size(name)
        towards = rng.choice([-1, 1]) if towards is None else towards
        flip = bool(towards < 0)
        left, right = self._edges(size)
        here = (x, ground)
        rest = partial(Move, pose=str(rng.choice(_RESTING[name])), start=here, end=here, flip=flip)
        if what == "cross":
            ends = ((left, ground), (right, ground))
            pose = "run" if (right - left) / seconds > 40 * size / 0.7 else "walk"
            return [Move(seconds, pose, *(ends[::-1] if flip else ends), flip)]
        if what in ("enter", "leave"):
            part = rng.uniform(0.35, 0.6) * seconds
            away = (left if x < self.window[0] else right, ground)
            pose = "run" if abs(away[0] - x) / part > 40 * size / 0.7 else "walk"
            if what == "enter":
                return [Move(part, pose, away, here, away[0] > x), rest(seconds - part)]
            return [rest(seconds - part), Move(part, pose, here, away, away[0] < x)]
        if what == "peek":
            pose = "sit" if name == "cat" else rng.choice(["stand", "wave"])
            up = (x, ground - rng.uniform(0.55, 0.75) * size * _HEIGHT[name])
            rise = min(0.5, seconds * 0.2)
            hidden = rng.uniform(0.1, 0.25) * seconds
            return [
                Move(hidden, str(pose), here, here, flip),
                Move(rise, str(pose), here, up, flip),
                Move(seconds - hidden - rise, str(pose), up, up, flip),
            ]
        if what == "hop":
            return [Move(seconds, "jump", here, here, flip, hops=max(1, round(seconds * 1.6)))]
        if rng.random() < 0.35:
            return [rest(seconds / 2), rest(seconds / 2, pose=_RESTING[name][0])]
        return [rest(seconds)]

    def _furniture(self, x, scale, post):
        kinds = [kind for kind in self.place.covers if (kind == "post") == post]
        kind = str(self.rng.choice(kinds))
        self.covers.append(
            Cover(kind, float(x), self.ground + 3, float(scale), int(self.rng.integers(2**31)))
        )

    def _creature(self):
        rng = self.rng
        name = str(rng.choice(["bird", "snail", "ball"]))
        x, _, height = self.window
        half = 0.42 * height * self.aspect
        start, end = rng.uniform(x - half, x + half, 2)
        ground = min(98.0, self.ground + rng.uniform(-6, 6))
        if name == "snail":
            end = start + 0.1 * (end - start)
        pose = {"bird": "fly", "snail": "crawl", "ball": "roll"}[name]
        hops = max(1, round(self.seconds * 1.5)) if name == "bird" else 0
        move = Move(self.seconds, pose, (start, ground), (end, ground), bool(end < start), hops)
        return self._actor(name, [move])
