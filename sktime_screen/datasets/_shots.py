"""What a shot is made of: where it plays, what the camera does, who does what, what is in front."""

import math
from dataclasses import dataclass

import numpy as np

from . import _indoors, _outdoors

CHARACTERS = ("cat", "mouse")

# Drawing units that a whole cycle of the feet (of the ball: of the rolling) moves forward.
_STRIDE = {
    ("cat", "walk"): 26.0,
    ("cat", "run"): 46.0,
    ("mouse", "walk"): 16.0,
    ("mouse", "run"): 26.0,
    ("ball", "roll"): 44.0,
}
# Seconds a cycle of the other poses.
_PERIOD = {"wave": 0.7, "sleep": 3.0, "eat": 0.8, "fly": 0.5, "crouch": 1.2}

# Where it plays: painter, what hides somebody there, and the light on who is there.
_DAY, _EVENING, _NIGHT = (1.0, 1.0, 1.0), (0.92, 0.9, 1.0), (0.78, 0.8, 0.97)
PLACES = {
    "living room": (_indoors.living_room, ("sofa", "crates", "post"), _DAY),
    "kitchen": (_indoors.kitchen, ("crates", "barrel", "post"), _DAY),
    "bedroom": (_indoors.bedroom, ("sofa", "crates", "post"), _EVENING),
    "attic": (_indoors.attic, ("crates", "barrel", "post"), (0.94, 0.88, 0.82)),
    "greenhouse": (_indoors.greenhouse, ("bush", "barrel", "post"), _DAY),
    "garden": (_outdoors.garden, ("bush", "planks", "post"), _DAY),
    "night street": (_outdoors.night_street, ("crates", "barrel", "post"), _NIGHT),
    "beach": (_outdoors.beach, ("crates", "planks", "post"), _DAY),
    "snow": (_outdoors.snow, ("snowbank", "planks", "post"), (0.94, 0.97, 1.0)),
    "autumn park": (_outdoors.autumn_park, ("bush", "planks", "post"), (1.0, 0.95, 0.88)),
}


def _ease(part):
    return part * part * (3 - 2 * part)


@dataclass(frozen=True)
class Place:
    """A place of this film: it looks the same whenever the film comes back to it."""

    name: str
    seed: int
    grade: tuple  # what the film stock does to red, green and blue

    def paint(self, canvas):
        """Paint the background."""
        PLACES[self.name][0](canvas, np.random.default_rng(self.seed))

    @property
    def covers(self):
        """Names of the pieces that can hide somebody here."""
        return PLACES[self.name][1]

    @property
    def light(self):
        """Red, green and blue of the light that falls on characters here."""
        return tuple(np.multiply(PLACES[self.name][2], self.grade))


@dataclass(frozen=True)
class Camera:
    """Centre (x, y) and height of what is seen, at the beginning and the end of a shot."""

    start: tuple
    end: tuple

    def at(self, part):
        """Centre and height when `part` (0 to 1) of the shot is over."""
        return tuple(np.add(self.start, np.subtract(self.end, self.start) * _ease(part)))


@dataclass(frozen=True)
class Move:
    """One thing after another that a character does."""

    seconds: float
    pose: str
    start: tuple
    end: tuple
    flip: bool
    hops: int = 0


@dataclass(frozen=True)
class Actor:
    """Somebody in a shot: a character or a creature that is none."""

    name: str
    size: float
    moves: tuple
    blink_at: float = 0.0

    @property
    def depth(self):
        """Who stands lower in the picture stands in front."""
        return max(self.moves[0].start[1], self.moves[-1].end[1])

    def _doing(self, seconds):
        # The move under way, seconds since it began, and how much of it is done.
        for move in self.moves:
            if seconds < move.seconds or move is self.moves[-1]:
                return move, seconds, min(1.0, seconds / move.seconds)
            seconds -= move.seconds

    def position(self, seconds):
        """Where it stands, x and y, and how high it is above that, in scene units."""
        move, _, part = self._doing(seconds)
        (x0, y0), (x1, y1) = move.start, move.end
        moved = part if x0 != x1 else _ease(part)
        lift = abs(math.sin(math.pi * move.hops * part)) * 9 * self.size
        return x0 + (x1 - x0) * moved, y0 + (y1 - y0) * moved, lift

    def drawing(self, seconds):
        """Pose, phase (0 to 1) of its movement, whether it blinks, and whether it looks left."""
        move, begun, part = self._doing(seconds)
        way = abs(move.end[0] - move.start[0])
        stride = _STRIDE.get((self.name, move.pose))
        if stride is None:
            phase = seconds / _PERIOD.get(move.pose, 2.4)
        else:
            # Legs that go round faster than three times a second only flicker.
            phase = min(part * way / (stride * self.size), 3 * begun)
        return move.pose, phase % 1, (seconds + self.blink_at) % 2.7 < 0.14, move.flip


@dataclass(frozen=True)
class Cover:
    """Something in front of everybody."""

    kind: str
    x: float
    y: float
    scale: float
    seed: int


@dataclass(frozen=True)
class Shot:
    """All there is to know to draw the frames from one cut to the next."""

    n_frames: int
    place: Place
    camera: Camera
    actors: tuple
    covers: tuple
