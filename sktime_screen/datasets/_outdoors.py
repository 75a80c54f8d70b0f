"""Places of the film under the sky: painted from x = -125 to 125, ground from y = 62 to 100."""

import numpy as np

from ._canvas import INK, blob, curve, hsv, oval, rectangle, rounded, shade
from ._indoors import BOTTOM, FLOOR, LEFT, RIGHT, stand_about
from ._props import GARDEN_PROPS


def _clouds(canvas, rng, n, colour=(255, 255, 255)):
    for x, y in zip(rng.uniform(-115, 115, n), rng.uniform(4, 26, n), strict=True):
        size = rng.uniform(0.7, 1.3)
        for dx, dy, r in ((-8, 1, 4.4), (0, -1.6, 6), (8, 1, 4.8), (0, 2.4, 9)):
            height = min(r, 4.4)
            canvas.fill(oval(x + dx * size, y + dy * size, r * size, height * size), colour)


def _hills(canvas, rng, colour, top, height):
    xs = np.linspace(LEFT - 20, RIGHT + 20, 8)
    ridge = [(x, top + rng.uniform(-height, height)) for x in xs]
    canvas.paint(
        np.vstack([curve(*ridge), [(RIGHT + 20, FLOOR + 4), (LEFT - 20, FLOOR + 4)]]),
        colour,
        0.5,
        shade(colour, 0.75),
    )


def _ground(canvas, colour, tufts, rng):
    canvas.gradient((LEFT, FLOOR, RIGHT, BOTTOM), shade(colour, 0.92), shade(colour, 1.06))
    canvas.line([(LEFT, FLOOR), (RIGHT, FLOOR)], 0.5, shade(colour, 0.65))
    for x, y in zip(rng.uniform(-122, 122, tufts), rng.uniform(FLOOR + 2, 99, tufts), strict=True):
        size = 0.6 + (y - FLOOR) / 50
        for lean in (-1.2, 0, 1.2):
            canvas.line([(x, y), (x + lean * size, y - 2.4 * size)], 0.4, shade(colour, 0.78))


def _tree(canvas, rng, x, y, size, leaves):
    trunk = hsv(0.07, 0.45, rng.uniform(0.4, 0.55))
    with canvas.place(x, y, scale=size, flip=rng.random() < 0.5):
        canvas.paint(blob((-4, 0), (-2.4, -10), (-2, -24), (2, -24), (2.6, -10), (5, 0)), trunk)
        crown = blob(
            (-16, -22), (-19, -34), (-11, -46), (1, -50), (12, -45), (19, -33), (15, -22), (0, -19)
        )
        canvas.fill(crown, leaves)
        with canvas.inside(crown):
            canvas.fill(
                blob((-22, -28), (-4, -26), (12, -30), (24, -40), (24, -10), (-22, -10)),
                shade(leaves, 0.84),
            )
        canvas.line(crown, 0.7, closed=True)


def garden(canvas, rng):
    """A lawn with trees, flowers and a fence."""
    canvas.gradient(
        (LEFT, -4, RIGHT, FLOOR), hsv(rng.uniform(0.52, 0.6), 0.45, 0.97), (232, 246, 252)
    )
    canvas.fill(oval(rng.uniform(-90, 90), 12, 8), (255, 238, 150))
    _clouds(canvas, rng, 5)
    green = hsv(rng.uniform(0.22, 0.36), rng.uniform(0.45, 0.65), rng.uniform(0.65, 0.8))
    _hills(canvas, rng, shade(green, 1.15), 44, 5)
    _hills(canvas, rng, shade(green, 1.05), 53, 3)
    fence = hsv(rng.random(), rng.uniform(0, 0.3), 0.96)
    for y in (51, 58):
        canvas.paint(rectangle(LEFT, y, RIGHT, y + 2), shade(fence, 0.9), 0.4)
    for x in np.arange(-128, 128, 6.5):
        canvas.paint(
            np.array([(x, 64), (x, 48), (x + 1.8, 46), (x + 3.6, 48), (x + 3.6, 64)]), fence, 0.4
        )
    _ground(canvas, green, 40, rng)
    for x in rng.uniform(-115, 115, 3):
        _tree(canvas, rng, x, FLOOR + 3, rng.uniform(0.9, 1.3), shade(green, rng.uniform(0.7, 0.9)))
    petals = hsv(rng.random(), 0.5, 0.98)
    for x, y in zip(rng.uniform(-120, 120, 26), rng.uniform(FLOOR + 3, 98, 26), strict=True):
        size = 0.6 + (y - FLOOR) / 45
        canvas.line([(x, y), (x, y - 3 * size)], 0.4, shade(green, 0.6))
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            canvas.fill(oval(x + dx * size, y - (3.4 + dy) * size, 0.9 * size), petals)
        canvas.fill(oval(x, y - 3.4 * size, 0.7 * size), (255, 214, 80))
    stand_about(canvas, rng, GARDEN_PROPS, 3)


def night_street(canvas, rng):
    """House fronts with lit windows, street lamps and the moon."""
    canvas.gradient((LEFT, -4, RIGHT, FLOOR), (34, 40, 92), (96, 84, 142))
    for x, y in zip(rng.uniform(-125, 125, 40), rng.uniform(0, 34, 40), strict=True):
        canvas.fill(oval(x, y, rng.uniform(0.25, 0.6)), (250, 248, 230))
    moon = rng.uniform(-90, 90)
    canvas.fill(oval(moon, 12, 8), (255, 248, 216))
    canvas.fill(oval(moon + 3, 10.4, 7), (44, 48, 100))
    left = -130.0
    while left < 130:
        width, height = rng.uniform(26, 42), rng.uniform(28, 54)
        front = hsv(rng.random(), rng.uniform(0.2, 0.45), rng.uniform(0.4, 0.62))
        canvas.paint(rectangle(left, FLOOR - height, left + width, FLOOR + 2), front, 0.7)
        if rng.random() < 0.6:
            roof = [
                (left - 2, FLOOR - height),
                (left + width / 2, FLOOR - height - 14),
                (left + width + 2, FLOOR - height),
            ]
            canvas.paint(np.array(roof), shade(front, 0.7))
        for y in np.arange(FLOOR - height + 5, FLOOR - 20, 13):
            for x in np.arange(left + 4, left + width - 7, 10.5):
                lit = rng.random() < 0.5
                canvas.paint(
                    rectangle(x, y, x + 6.5, y + 8.5),
                    (255, 226, 130) if lit else (62, 66, 104),
                    0.5,
                )
                canvas.line([(x + 3.2, y), (x + 3.2, y + 8.5)], 0.4)
        door = left + width * rng.uniform(0.3, 0.6)
        canvas.paint(
            rounded(door - 5, FLOOR - 16, door + 5, FLOOR + 2, 3), hsv(rng.random(), 0.5, 0.6), 0.6
        )
        left += width
    canvas.gradient((LEFT, FLOOR, RIGHT, FLOOR + 22), (116, 112, 132), (136, 130, 150))
    canvas.gradient((LEFT, FLOOR + 22, RIGHT, BOTTOM), (74, 74, 92), (86, 86, 104))
    canvas.line([(LEFT, FLOOR), (RIGHT, FLOOR)], 0.6)
    canvas.paint(rectangle(LEFT, FLOOR + 22, RIGHT, FLOOR + 24.5), (164, 160, 172), 0.5)
    for x in np.arange(-124, 130, 18.0):
        canvas.line([(x, FLOOR), (x * 1.12, FLOOR + 22)], 0.4, (96, 92, 112))
    for x in (rng.uniform(-100, -20), rng.uniform(20, 100)):
        for size, opacity in ((30, 0.12), (18, 0.18)):
            canvas.wash(oval(x, 18, size), (255, 232, 160), opacity)
        canvas.wash(oval(x, FLOOR + 10, 30, 8), (255, 232, 160), 0.3)
        canvas.limb([(x, FLOOR + 8), (x, 22)], (58, 62, 74), 1.8, 0.5)
        canvas.paint(rounded(x - 4, 13, x + 4, 23, 2), (255, 240, 180))
        canvas.paint(np.array([(x - 5, 14), (x, 9), (x + 5, 14)]), (58, 62, 74))
    for x in rng.uniform(-110, 110, 2):
        canvas.paint(rounded(x - 7, FLOOR - 10, x + 7, FLOOR + 6, 2), (112, 124, 134))
        canvas.paint(rounded(x - 8.4, FLOOR - 13, x + 8.4, FLOOR - 9.4, 1.5), (140, 150, 160))
    stand_about(canvas, rng, GARDEN_PROPS, 3)


def beach(canvas, rng):
    """Sea, sand, a sunshade and a palm."""
    canvas.gradient((LEFT, -4, RIGHT, 44), hsv(rng.uniform(0.5, 0.58), 0.5, 0.97), (240, 248, 250))
    canvas.fill(oval(rng.uniform(-90, 90), 13, 9), (255, 234, 130))
    _clouds(canvas, rng, 4)
    sea = hsv(rng.uniform(0.47, 0.58), 0.65, 0.78)
    canvas.gradient((LEFT, 42, RIGHT, FLOOR + 2), shade(sea, 0.85), shade(sea, 1.2))
    for x, y in zip(rng.uniform(-120, 120, 24), rng.uniform(45, 59, 24), strict=True):
        canvas.line(curve((x - 4, y), (x, y + 0.9), (x + 4, y)), 0.5, shade(sea, 1.35))
    boat = rng.uniform(-90, 90)
    canvas.paint(
        np.array([(boat - 9, 44), (boat + 9, 44), (boat + 6, 48), (boat - 6, 48)]),
        (200, 80, 66),
        0.6,
    )
    canvas.paint(np.array([(boat, 43), (boat, 27), (boat + 10, 41)]), (252, 250, 244), 0.6)
    sand = hsv(rng.uniform(0.09, 0.13), rng.uniform(0.25, 0.42), 0.95)
    canvas.gradient((LEFT, FLOOR, RIGHT, BOTTOM), shade(sand, 0.95), shade(sand, 1.03))
    canvas.line(
        curve(*[(x, FLOOR + 1 + rng.uniform(-1, 1)) for x in np.linspace(-130, 130, 12)]),
        2.2,
        (252, 254, 254),
    )
    for x, y in zip(rng.uniform(-120, 120, 50), rng.uniform(FLOOR + 4, 99, 50), strict=True):
        canvas.fill(oval(x, y, 0.5), shade(sand, 0.8))
    palm = rng.uniform(-95, 95)
    canvas.limb(
        curve((palm, 70), (palm + 3, 50), (palm + 9, 30), (palm + 14, 18)), (158, 116, 78), 4
    )
    for angle in (-2.2, -1.4, -0.5, 0.5, 1.3, 2.0):
        with canvas.place(palm + 14, 18, turn=angle):
            canvas.paint(blob((0, 1.6), (-3.6, -10), (-1, -24), (2.4, -12)), (74, 150, 78), 0.6)
    shade_at, cloth = -palm * 0.6 + rng.uniform(-20, 20), hsv(rng.random(), 0.6, 0.9)
    canvas.limb([(shade_at, 74), (shade_at, 38)], (236, 228, 216), 1.2, 0.5)
    canvas.paint(
        blob(
            (shade_at - 24, 44),
            (shade_at - 14, 32),
            (shade_at, 28),
            (shade_at + 14, 32),
            (shade_at + 24, 44),
            (shade_at, 42),
        ),
        cloth,
    )
    canvas.fill(
        blob(
            (shade_at - 8, 42),
            (shade_at - 5, 33),
            (shade_at, 29),
            (shade_at + 5, 33),
            (shade_at + 8, 42),
        ),
        (252, 248, 240),
    )
    stand_about(canvas, rng, GARDEN_PROPS, 4, low=FLOOR + 6)


def snow(canvas, rng):
    """Firs, snowy hills and a snowman."""
    canvas.gradient(
        (LEFT, -4, RIGHT, FLOOR), hsv(rng.uniform(0.52, 0.72), 0.25, 0.88), (236, 232, 242)
    )
    _hills(canvas, rng, (214, 226, 242), 40, 7)
    _hills(canvas, rng, (228, 238, 250), 52, 4)
    green = hsv(rng.uniform(0.36, 0.46), 0.45, rng.uniform(0.35, 0.5))
    for x in np.sort(rng.uniform(-122, 122, 7)):
        with canvas.place(x, FLOOR + rng.uniform(0, 5), scale=rng.uniform(0.7, 1.2)):
            canvas.paint(rectangle(-2, -6, 2, 0), (110, 76, 54), 0.6)
            for y, width in ((-4, 15), (-16, 12), (-27, 8.4)):
                canvas.paint(np.array([(-width, y), (0, y - 19), (width, y)]), green)
                canvas.fill(
                    np.array(
                        [
                            (-width * 0.36, y - 12),
                            (0, y - 18.4),
                            (width * 0.36, y - 12),
                            (0, y - 9.6),
                        ]
                    ),
                    (246, 250, 255),
                )
    canvas.gradient((LEFT, FLOOR, RIGHT, BOTTOM), (222, 232, 246), (250, 252, 255))
    canvas.line([(LEFT, FLOOR), (RIGHT, FLOOR)], 0.5, (170, 186, 214))
    man = rng.uniform(-80, 80)
    for y, r in ((62, 10), (48, 7.4), (38, 5.2)):
        canvas.paint(oval(man, y, r), (250, 252, 255))
    canvas.paint(np.array([(man, 38), (man + 9, 39.4), (man, 40)]), (240, 130, 50), 0.5)
    for x, y in ((-1.8, 36), (2, 36), (0, 46), (0, 50)):
        canvas.fill(oval(man + x, y, 0.8), INK)
    canvas.paint(rectangle(man - 4, 25, man + 4, 33), (60, 56, 72))
    canvas.limb([(man - 6.4, 33.4), (man + 6.4, 33.4)], (60, 56, 72), 1.4, 0.4)
    canvas.limb(
        curve((man - 6, 42.6), (man, 44), (man + 6, 42.6)), hsv(rng.random(), 0.6, 0.85), 2.2, 0.5
    )
    for x, y in zip(rng.uniform(-125, 125, 90), rng.uniform(0, 100, 90), strict=True):
        canvas.fill(oval(x, y, rng.uniform(0.4, 0.9)), (255, 255, 255))
    stand_about(canvas, rng, GARDEN_PROPS, 3)


def autumn_park(canvas, rng):
    """Red and yellow trees, a pond and a bench."""
    canvas.gradient(
        (LEFT, -4, RIGHT, FLOOR), hsv(rng.uniform(0.05, 0.14), 0.3, 0.97), (250, 238, 214)
    )
    _hills(canvas, rng, hsv(rng.uniform(0.04, 0.12), 0.45, 0.8), 46, 4)
    for x in np.sort(rng.uniform(-122, 122, 7)):
        _tree(
            canvas,
            rng,
            x,
            FLOOR + rng.uniform(0, 3),
            rng.uniform(0.8, 1.2),
            hsv(rng.uniform(0.0, 0.15), 0.65, 0.88),
        )
    grass = hsv(rng.uniform(0.12, 0.24), 0.45, 0.74)
    _ground(canvas, grass, 24, rng)
    pond = rng.uniform(-70, 70)
    canvas.paint(oval(pond, 72, 34, 5), (142, 188, 206), 0.6)
    canvas.line(curve((pond - 16, 72), (pond, 73), (pond + 10, 72)), 0.6, (206, 230, 238))
    bench = pond + rng.choice([-62, 62])
    wood = (156, 102, 62)
    for y in (50, 55, 61):
        canvas.paint(rectangle(bench - 22, y, bench + 22, y + 3.4), wood, 0.6)
    for x in (-18, 18):
        canvas.paint(rectangle(bench + x - 1.4, 50, bench + x + 1.4, 72), (74, 74, 82), 0.5)
    for x, y in zip(rng.uniform(-122, 122, 60), rng.uniform(FLOOR + 2, 99, 60), strict=True):
        with canvas.place(x, y, scale=0.5 + (y - FLOOR) / 60, turn=rng.uniform(0, 3)):
            canvas.fill(
                blob((-1.8, 0), (0, -1.2), (1.8, 0), (0, 1.2)), hsv(rng.uniform(0, 0.14), 0.7, 0.85)
            )
    stand_about(canvas, rng, GARDEN_PROPS, 3, low=FLOOR + 8)
