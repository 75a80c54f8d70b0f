"""Things of the film that are neither cat nor mouse: they stand about, roll by or hide a character.

Everything stands on y = 0; y grows downwards. Props are about 10 to 40 units tall.
"""

import numpy as np

from ._canvas import INK, blob, curve, hsv, mirrored, oval, rectangle, rounded, shade


def _any_colour(rng, saturation=0.55, value=0.85):
    return hsv(rng.random(), saturation * rng.uniform(0.7, 1.2), value * rng.uniform(0.8, 1.1))


def cheese(canvas, rng):
    """A wedge of cheese."""
    canvas.paint(np.array([(-9, 0), (9, 0), (9, -8), (-9, -3)]), (250, 206, 74))
    canvas.paint(np.array([(-9, -3), (9, -8), (4, -10)]), (255, 228, 130))
    for x, y, r in ((-3, -1.6, 1), (3, -3.4, 1.7), (6.6, -1.4, 0.9)):
        canvas.fill(oval(x, y, r), (222, 168, 46))


def ball(canvas, rng):
    """A striped ball."""
    colour = _any_colour(rng, 0.7)
    round_ = oval(0, -7, 7)
    canvas.fill(round_, colour)
    with canvas.inside(round_):
        canvas.line(curve((-7, -11), (0, -6), (8, -9)), 2.6, (250, 248, 240))
        canvas.line(curve((-7, -4), (0, 0), (7, -3)), 2.0, shade(colour, 0.7))
    canvas.line(round_, 0.7, closed=True)
    canvas.fill(oval(-2.6, -10.6, 1.5, 1), (255, 255, 255))


def bowl(canvas, rng):
    """A dog's bowl with a bone on it."""
    canvas.fill(oval(0, -6, 9, 2.4), (120, 74, 48))
    canvas.paint(np.array([(-9, -6), (9, -6), (11, 0), (-11, 0)]), _any_colour(rng, 0.6, 0.8))
    canvas.line([(-2.6, -2.8), (2.6, -2.8)], 1.2, (255, 252, 240))
    for x in (-3, 3):
        for y in (-3.6, -2):
            canvas.fill(oval(x, y, 1), (255, 252, 240))


def lamp(canvas, rng):
    """A floor lamp that is on."""
    for size, opacity in ((26, 0.10), (17, 0.16)):
        canvas.wash(oval(0, -40, size), (255, 240, 180), opacity)
    canvas.limb([(0, -1), (0, -36)], (120, 92, 70), 1.4, 0.5)
    canvas.paint(oval(0, -1, 7, 1.8), (120, 92, 70))
    canvas.paint(np.array([(-5, -48), (5, -48), (10, -35), (-10, -35)]), (255, 226, 150))


def plant(canvas, rng):
    """A plant in a pot."""
    green = hsv(rng.uniform(0.26, 0.42), 0.6, rng.uniform(0.45, 0.7))
    for angle in np.linspace(-1.1, 1.1, 7) + rng.uniform(-0.1, 0.1, 7):
        with canvas.place(0, -11, turn=angle):
            leaf = mirrored((0, 0), (2.8, -8), (2.2, -15), (0, -20))
            canvas.paint(leaf, shade(green, 1.12 if angle > 0 else 0.94), 0.5)
    canvas.paint(np.array([(-7, -12), (7, -12), (5, 0), (-5, 0)]), _any_colour(rng, 0.5, 0.75))


def books(canvas, rng):
    """A pile of books."""
    y = 0.0
    for _ in range(int(rng.integers(2, 5))):
        left, width = rng.uniform(-9, -6), rng.uniform(13, 18)
        canvas.paint(rounded(left, y - 3.4, left + width, y, 0.8), _any_colour(rng), 0.6)
        canvas.line([(left + 2.6, y - 3), (left + 2.6, y - 0.4)], 0.7, (250, 240, 215))
        y -= 3.4


def teapot(canvas, rng):
    """A round teapot."""
    colour = _any_colour(rng, 0.45, 0.9)
    canvas.limb(curve((7, -10), (12, -11), (11, -4), (7, -4)), colour, 1.6, 0.6)
    canvas.paint(blob((-7, -8), (-13, -12), (-12.4, -9.6), (-7, -3.4)), colour)
    canvas.paint(oval(0, -6.6, 8.4, 6.6), colour)
    canvas.paint(oval(0, -12.8, 4, 1.4), shade(colour, 0.85))
    canvas.paint(oval(0, -15, 1.4), shade(colour, 0.85), 0.5)
    canvas.wash(oval(-3, -8.6, 2.2, 3), (255, 255, 255), 0.5)


def pumpkin(canvas, rng):
    """A pumpkin, as orange as the cat."""
    colour = hsv(rng.uniform(0.06, 0.09), 0.8, 0.92)
    for x, width in ((-5.4, 5.4), (5.4, 5.4), (0, 5.4)):
        canvas.paint(oval(x, -7, width, 7), shade(colour, 1 if x else 1.06))
    canvas.limb(curve((0, -13.6), (0.8, -16), (3, -17)), (92, 128, 60), 1.6, 0.6)


def stone(canvas, rng):
    """A grey boulder, as grey as the mouse."""
    grey = hsv(0.64, 0.1, rng.uniform(0.5, 0.7))
    outline = blob((-12, 0), (-11, -6), (-4, -11), (5, -9.6), (11, -4), (12, 0))
    canvas.fill(outline, grey)
    with canvas.inside(outline):
        canvas.fill(blob((-14, -4), (-4, -4), (8, -2), (14, 4), (-14, 4)), shade(grey, 0.8))
    canvas.line(outline, 0.7, closed=True)


def robot(canvas, rng):
    """A toy robot: it has a face too."""
    colour = _any_colour(rng, 0.4, 0.8)
    for x in (-3, 3):
        canvas.paint(rounded(x - 1.8, -5, x + 1.8, 0, 0.8), shade(colour, 0.7), 0.6)
        canvas.limb([(x * 1.9, -12), (x * 2.9, -7)], shade(colour, 0.7), 1.8, 0.5)
    canvas.paint(rounded(-6, -14, 6, -4, 1.4), colour)
    canvas.paint(rounded(-5, -23, 5, -14.6, 1.6), shade(colour, 1.15))
    canvas.limb([(0, -23), (0, -26)], (230, 70, 60), 0.9, 0.4)
    for x in (-2.2, 2.2):
        canvas.paint(oval(x, -19.4, 1.4), (255, 250, 200), 0.5)
    canvas.line([(-2.4, -16.4), (2.4, -16.4)], 0.8)
    canvas.fill(rounded(-3, -11.6, 3, -8, 0.6), (250, 220, 90))


def gift(canvas, rng):
    """A parcel with a ribbon."""
    colour, ribbon = _any_colour(rng, 0.55), _any_colour(rng, 0.3, 1.0)
    canvas.paint(rectangle(-8, -13, 8, 0), colour)
    canvas.fill(rectangle(-1.6, -12.6, 1.6, -0.4), ribbon)
    canvas.fill(rectangle(-7.6, -8, 7.6, -5.4), ribbon)
    for side in (-1, 1):
        canvas.paint(blob((0, -13), (side * 6, -18), (side * 7, -13.6)), ribbon, 0.6)


# What a place may have standing about.
HOUSE_PROPS = (cheese, ball, bowl, lamp, plant, books, teapot, robot, gift)
GARDEN_PROPS = (ball, bowl, plant, pumpkin, stone, gift, cheese)


def draw_bird(canvas, pose, phase, blink):
    """A small blue bird that flaps and hops."""
    wave = np.sin(2 * np.pi * phase)
    for x in (-1, 2):
        canvas.line([(x, -3), (x, 0), (x + 1.6, 0)], 0.6, (236, 140, 50))
    canvas.paint(blob((-5, -7), (-13, -9 + wave), (-12, -5 + wave), (-5, -4)), (50, 96, 170))
    canvas.paint(blob((-6, -6), (-2, -11), (4, -10), (6, -6), (1, -2)), (84, 148, 216))
    canvas.fill(oval(2.4, -5, 3, 2.2), (238, 240, 244))
    canvas.paint(oval(5, -11.4, 4.2), (84, 148, 216))
    canvas.paint(np.array([(8.6, -12.4), (13, -11), (8.8, -10)]), (246, 184, 58), 0.5)
    canvas.fill(oval(6, -12.2, 1.0), INK)
    canvas.paint(
        blob((-3, -8), (1, -8.6), (-3 - wave, -8 - 7 * wave), (-8, -7 - 5 * wave)),
        (50, 96, 170),
        0.6,
    )


def draw_snail(canvas, pose, phase, blink):
    """A snail that stretches along."""
    wave = np.sin(2 * np.pi * phase)
    canvas.paint(
        blob((-11 - wave, 0), (-6, -3.4), (6, -3.4), (10 + wave, -9), (13 + wave, -5), (10, 0)),
        (222, 196, 150),
    )
    for x in (10.4, 12.6):
        canvas.line([(x + wave, -8), (x + 1 + wave, -12)], 0.7)
        canvas.fill(oval(x + 1 + wave, -12, 0.9), INK)
    canvas.paint(oval(-1, -8.4, 7.4), (190, 112, 92))
    canvas.line(curve((-1, -8), (1.6, -8.6), (0, -11.4), (-4.4, -9.6), (-3, -4.4), (3, -4.8)), 1.0)


def draw_ball(canvas, pose, phase, blink):
    """A ball that rolls: a turn a phase."""
    with canvas.place(0, -7, turn=2 * np.pi * phase):
        for part in range(6):
            angles = np.linspace(part, part + 1, 8) * np.pi / 3
            wedge = np.vstack([[(0, 0)], 7 * np.stack([np.cos(angles), np.sin(angles)], axis=1)])
            canvas.fill(wedge, ((236, 76, 70), (250, 250, 244), (64, 132, 214))[part % 3])
        canvas.line(oval(0, 0, 7), 0.7, closed=True)
        canvas.fill(oval(0, 0, 1.4), (250, 250, 244))


CRITTER_BOX = (-18, -22, 18, 3)


# Pieces that hide who is behind them: 44 units tall and at least 60 wide.
COVER_HEIGHT = 44.0


def sofa(canvas, rng):
    """The back of a sofa."""
    colour = _any_colour(rng, 0.5, 0.75)
    canvas.paint(rounded(-42, -44, 42, 10, 9), colour, 0.9)
    canvas.wash(rounded(-42, -12, 42, 10, 2), INK, 0.18)
    for x in (-14, 14):
        canvas.line([(x, -42), (x, 8)], 0.7, shade(colour, 0.7))
    for side in (-1, 1):
        canvas.paint(rounded(side * 40 - 8, -32, side * 40 + 8, 10, 6), shade(colour, 0.9), 0.9)


def crates(canvas, rng):
    """Two wooden crates."""
    wood = hsv(rng.uniform(0.06, 0.12), 0.45, rng.uniform(0.6, 0.8))
    for left, top in ((-36, -44), (2, -40)):
        canvas.paint(rectangle(left, top, left + 36, 4), shade(wood, 0.8), 0.9)
        for row in range(4):
            y = top + 2 + row * 11
            canvas.paint(rectangle(left + 1.4, y, left + 34.6, y + 9), wood, 0.6)
        canvas.paint(
            np.array([(left + 1, 0), (left + 6, 3), (left + 35, top + 5), (left + 30, top + 1)]),
            shade(wood, 1.1),
            0.7,
        )


def bush(canvas, rng):
    """A round bush."""
    green = hsv(rng.uniform(0.24, 0.40), 0.6, rng.uniform(0.42, 0.62))
    outline = blob(
        (-40, 6),
        (-42, -12),
        (-33, -30),
        (-18, -40),
        (-6, -36),
        (6, -45),
        (22, -38),
        (34, -28),
        (42, -10),
        (40, 6),
    )
    canvas.fill(outline, green)
    with canvas.inside(outline):
        canvas.fill(
            blob((-50, -6), (-20, -14), (10, -8), (50, -16), (50, 20), (-50, 20)),
            shade(green, 0.82),
        )
        dot = _any_colour(rng, 0.5, 1.0)
        for _ in range(16):
            x, y = rng.uniform(-36, 36), rng.uniform(-36, 4)
            canvas.line(curve((x - 2, y), (x, y + 1.6), (x + 2, y)), 0.7, shade(green, 0.65))
            if rng.random() < 0.35:
                canvas.fill(oval(x + 3, y - 2, 1.5), dot)
    canvas.line(outline, 0.9, closed=True)


def planks(canvas, rng):
    """A piece of a wooden fence."""
    colour = hsv(rng.uniform(0.05, 0.15), rng.uniform(0.05, 0.45), rng.uniform(0.7, 0.95))
    for y in (-30, -12):
        canvas.paint(rectangle(-46, y, 46, y + 5), shade(colour, 0.8), 0.7)
    for left in np.arange(-44, 44, 11.0):
        top = -42 - rng.uniform(0, 3)
        board = [(left, 6), (left, top + 4), (left + 5, top), (left + 10, top + 4), (left + 10, 6)]
        canvas.paint(np.array(board), colour, 0.8)


def barrel(canvas, rng):
    """Two barrels side by side."""
    wood, iron = hsv(0.08, 0.5, rng.uniform(0.5, 0.7)), (104, 108, 118)
    for x in (-18, 18):
        canvas.paint(
            blob(
                (x - 16, 2), (x - 19, -20), (x - 15, -44), (x + 15, -44), (x + 19, -20), (x + 16, 2)
            ),
            wood,
            0.9,
        )
        for dx in (-8, 0, 8):
            canvas.line(
                curve((x + dx, 1), (x + dx * 1.2, -20), (x + dx, -44)), 0.6, shade(wood, 0.7)
            )
        for y in (-35, -9):
            canvas.limb(curve((x - 17, y), (x, y + 1.6), (x + 17, y)), iron, 2.4, 0.5)


def snowbank(canvas, rng):
    """A heap of snow."""
    outline = blob(
        (-48, 8), (-44, -16), (-26, -34), (-6, -46), (14, -38), (32, -30), (46, -12), (48, 8)
    )
    canvas.fill(outline, (240, 246, 255))
    with canvas.inside(outline):
        canvas.fill(
            blob((-52, 2), (-24, -14), (6, -8), (30, -14), (54, 2), (50, 20), (-50, 20)),
            (206, 222, 244),
        )
    canvas.line(outline, 0.8, (140, 160, 196), closed=True)


def post(canvas, rng):
    """A tall trunk or pillar to pass behind."""
    colour = hsv(rng.uniform(0.05, 0.1), 0.45, rng.uniform(0.35, 0.6))
    canvas.paint(blob((-11, 6), (-8, -20), (-8, -130), (8, -130), (8, -20), (11, 6)), colour, 0.9)
    for x in (-3.6, 1.4, 4.6):
        canvas.line(
            curve((x, 2), (x + 0.8, -40), (x - 0.6, -90), (x, -130)), 0.7, shade(colour, 0.75)
        )


COVERS = {cover.__name__: cover for cover in (sofa, crates, bush, planks, barrel, snowbank, post)}
COVER_BOX = (-56, -132, 56, 14)
