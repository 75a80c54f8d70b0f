"""Places of the film under a roof: painted from x = -125 to 125, floor from y = 62 to 100."""

import numpy as np

from ._canvas import INK, blob, curve, hsv, mirrored, oval, rectangle, rounded, shade
from ._props import HOUSE_PROPS, plant

LEFT, RIGHT, FLOOR, BOTTOM = -130.0, 130.0, 62.0, 104.0


def stand_about(canvas, rng, props, n, low=FLOOR + 3, high=FLOOR + 16):
    """Put props on the ground, far ones smaller."""
    for x, y in zip(rng.uniform(-110, 110, n), np.sort(rng.uniform(low, high, n)), strict=True):
        prop = props[rng.integers(len(props))]
        with canvas.place(x, y, scale=rng.uniform(0.55, 0.85), flip=rng.random() < 0.5):
            canvas.wash(oval(0, 0, 9, 1.8), INK, 0.2)
            prop(canvas, rng)


def _wall(canvas, rng, colour, pattern):
    canvas.gradient((LEFT, -4, RIGHT, FLOOR), shade(colour, 1.06), shade(colour, 0.94))
    tone = shade(colour, 0.93)
    if pattern == "stripes":
        for x in np.arange(LEFT, RIGHT, 9):
            canvas.fill(rectangle(x, -4, x + 4, FLOOR), tone)
    elif pattern == "dots":
        for row, y in enumerate(np.arange(3, FLOOR, 8)):
            for x in np.arange(LEFT + (row % 2) * 6, RIGHT, 12):
                canvas.fill(oval(x, y, 1.3), tone)
    elif pattern == "bricks":
        for row, y in enumerate(np.arange(0, FLOOR, 6)):
            canvas.line([(LEFT, y), (RIGHT, y)], 0.4, tone)
            for x in np.arange(LEFT + (row % 2) * 7, RIGHT, 14):
                canvas.line([(x, y), (x, y + 6)], 0.4, tone)


def _floor(canvas, colour, pattern):
    canvas.gradient((LEFT, FLOOR, RIGHT, BOTTOM), shade(colour, 0.86), shade(colour, 1.06))
    tone = shade(colour, 0.82)
    rows = FLOOR + (BOTTOM - FLOOR) * np.array([0, 0.1, 0.25, 0.46, 0.75, 1.1])
    spread = np.arange(-22, 23)
    if pattern == "tiles":
        edges = [[12 * step * (0.6 + (y - FLOOR) / 60) for step in spread] for y in rows]
        for row in range(len(rows) - 1):
            for column in range(row % 2, len(spread) - 1, 2):
                canvas.fill(
                    np.array(
                        [
                            (edges[row][column], rows[row]),
                            (edges[row][column + 1], rows[row]),
                            (edges[row + 1][column + 1], rows[row + 1]),
                            (edges[row + 1][column], rows[row + 1]),
                        ]
                    ),
                    tone,
                )
    elif pattern == "planks":
        for row, y in enumerate(rows):
            canvas.line([(LEFT, y), (RIGHT, y)], 0.5, tone)
            for step in spread[row % 3 :: 3]:
                x = 12 * step * (0.6 + (y - FLOOR) / 60)
                canvas.line([(x, y), (x * 1.04, y + (row + 1) * 2.4)], 0.5, tone)
    canvas.line([(LEFT, FLOOR), (RIGHT, FLOOR)], 0.6)


def _skirting(canvas, colour):
    canvas.paint(rectangle(LEFT, FLOOR - 4.5, RIGHT, FLOOR), colour, 0.5)


def _window(canvas, rng, x, y, sky, curtain):
    canvas.paint(rectangle(x - 19, y - 17, x + 19, y + 17), (250, 246, 236), 0.8)
    canvas.gradient((x - 16, y - 14, x + 16, y + 14), *sky)
    with canvas.inside(rectangle(x - 16, y - 14, x + 16, y + 14)):
        if sum(sky[0]) < 300:
            canvas.fill(oval(x + 6, y - 6, 4.4), (255, 246, 206))
            for _ in range(9):
                canvas.fill(
                    oval(x + rng.uniform(-15, 15), y + rng.uniform(-13, 6), 0.5), (255, 255, 255)
                )
        else:
            canvas.fill(oval(x - 5, y - 4, 7, 2.4), (255, 255, 255))
            canvas.fill(oval(x - 1, y - 6, 4, 2.4), (255, 255, 255))
        canvas.fill(
            blob(
                (x - 24, y + 20),
                (x - 12, y + 7),
                (x + 4, y + 10),
                (x + 22, y + 5),
                (x + 24, y + 20),
            ),
            shade((112, 170, 92), 0.5 if sum(sky[0]) < 300 else 1),
        )
    canvas.line([(x, y - 14), (x, y + 14)], 1.6, (250, 246, 236))
    canvas.line([(x - 16, y), (x + 16, y)], 1.6, (250, 246, 236))
    canvas.line(rectangle(x - 16, y - 14, x + 16, y + 14), 0.5, closed=True)
    for side in (-1, 1):
        drape = blob(
            (x + side * 24, y - 21),
            (x + side * 9, y - 21),
            (x + side * 13, y - 2),
            (x + side * 19, y + 8),
            (x + side * 17, y + 21),
            (x + side * 26, y + 21),
        )
        canvas.paint(drape, curtain, 0.7)
        for fold in (20, 22.6):
            canvas.line(
                [(x + side * fold, y - 18), (x + side * (fold + 0.6), y + 18)],
                0.5,
                shade(curtain, 0.8),
            )
    canvas.limb([(x - 28, y - 21), (x + 28, y - 21)], (150, 110, 76), 1.4, 0.5)


def _picture(canvas, rng, x, y):
    width, height = rng.uniform(7, 12), rng.uniform(6, 10)
    canvas.paint(rectangle(x - width, y - height, x + width, y + height), hsv(0.1, 0.5, 0.6), 0.7)
    inner = rectangle(x - width + 2, y - height + 2, x + width - 2, y + height - 2)
    canvas.paint(inner, hsv(rng.random(), 0.3, 0.9), 0.5)
    with canvas.inside(inner):
        canvas.fill(oval(x - 2, y + height, width, height * 0.9), hsv(rng.random(), 0.5, 0.7))
        canvas.fill(oval(x + width * 0.4, y - height * 0.4, 1.8), hsv(rng.random(), 0.6, 0.95))


def _shelf(canvas, rng, x, y):
    for level in (0, 15):
        canvas.paint(rectangle(x - 20, y + level, x + 20, y + level + 2), (150, 106, 70), 0.6)
        left = x - 18
        while left < x + 15:
            width, height = rng.uniform(2.2, 4.6), rng.uniform(8, 12)
            if rng.random() < 0.8:
                canvas.paint(
                    rectangle(left, y + level - height, left + width, y + level),
                    hsv(rng.random(), 0.5, 0.8),
                    0.4,
                )
            left += width + 0.3


def living_room(canvas, rng):
    """Sofa, window, shelf and rug."""
    wall, sofa = hsv(rng.random(), rng.uniform(0.15, 0.4), 0.9), hsv(rng.random(), 0.5, 0.75)
    _wall(canvas, rng, wall, ("stripes", "dots", "plain")[rng.integers(3)])
    _floor(canvas, hsv(rng.uniform(0.04, 0.12), 0.4, rng.uniform(0.6, 0.85)), "planks")
    _skirting(canvas, (246, 240, 228))
    x = rng.uniform(-60, 60)
    _window(canvas, rng, x, 27, ((150, 206, 246), (222, 240, 250)), hsv(rng.random(), 0.45, 0.85))
    for offset in (-86, -46, 46, 86):
        if rng.random() < 0.75:
            (_picture if rng.random() < 0.6 else _shelf)(
                canvas, rng, x + offset, rng.uniform(18, 28)
            )
    seat = x + rng.choice([-58, 58])
    canvas.paint(rounded(seat - 30, 36, seat + 30, 64, 6), shade(sofa, 0.9))
    canvas.paint(rounded(seat - 28, 52, seat + 28, 68, 4), sofa)
    for side in (-1, 1):
        canvas.paint(
            rounded(seat + side * 31 - 5, 46, seat + side * 31 + 5, 69, 4), shade(sofa, 1.05)
        )
    canvas.paint(rounded(seat - 16, 42, seat - 3, 53, 3), hsv(rng.random(), 0.5, 0.9), 0.6)
    rug = hsv(rng.random(), 0.45, 0.8)
    centre = rng.uniform(-40, 40)
    for size, colour in ((1.0, rug), (0.84, shade(rug, 1.2)), (0.6, rug)):
        canvas.paint(oval(centre, 85, 62 * size, 11 * size), colour, 0.5, shade(rug, 0.7))
    stand_about(canvas, rng, HOUSE_PROPS, 4)


def kitchen(canvas, rng):
    """Cupboards, a stove, a fridge and a tiled floor."""
    wall, wood = (
        hsv(rng.random(), rng.uniform(0.1, 0.3), 0.93),
        hsv(rng.random(), rng.uniform(0.25, 0.5), 0.8),
    )
    _wall(canvas, rng, wall, ("bricks", "plain")[rng.integers(2)])
    _floor(canvas, hsv(rng.random(), 0.15, 0.88), "tiles")
    x = rng.uniform(-50, 50)
    _window(canvas, rng, x, 20, ((170, 216, 246), (236, 246, 250)), hsv(rng.random(), 0.4, 0.9))
    for left in np.arange(-126, 126, 24.0):
        canvas.paint(rectangle(left, 42, left + 24, 66), wood, 0.7)
        canvas.paint(rounded(left + 2.4, 46, left + 21.6, 63, 1), shade(wood, 1.1), 0.6)
        canvas.fill(oval(left + 18.6, 50, 1), (250, 230, 170))
        if abs(left + 12 - x) > 40:
            canvas.paint(rectangle(left, -4, left + 24, 16), shade(wood, 0.95), 0.7)
            canvas.paint(rounded(left + 2.4, -6, left + 21.6, 13.4, 1), shade(wood, 1.06), 0.6)
    canvas.paint(rectangle(LEFT, 38.6, RIGHT, 43), (226, 218, 208), 0.7)
    stove = x + rng.choice([-46, 46])
    canvas.paint(rectangle(stove - 14, 42, stove + 14, 66), (226, 228, 232))
    canvas.paint(rounded(stove - 10, 50, stove + 10, 62, 1.5), (60, 56, 66))
    for knob in (-8, -3, 3, 8):
        canvas.fill(oval(stove + knob, 46.2, 1.2), INK)
    canvas.paint(rectangle(stove - 8, 31, stove + 6, 38.6), hsv(rng.random(), 0.6, 0.8))
    fridge = x + rng.choice([-82, 82])
    canvas.paint(rounded(fridge - 16, 6, fridge + 16, 67, 4), hsv(rng.random(), 0.2, 0.95), 0.8)
    canvas.line([(fridge - 16, 27), (fridge + 16, 27)], 0.7)
    for y in (20, 36):
        canvas.limb([(fridge + 11, y), (fridge + 11, y + 5)], (190, 194, 200), 1.2, 0.4)
    for _ in range(3):
        with canvas.place(rng.uniform(-110, 110), 38.8, scale=0.6):
            HOUSE_PROPS[(0, 4, 6)[rng.integers(3)]](canvas, rng)
    stand_about(canvas, rng, HOUSE_PROPS, 3, low=FLOOR + 7)


def bedroom(canvas, rng):
    """Bed, night window and bedside lamp."""
    wall = hsv(rng.uniform(0.5, 0.95), rng.uniform(0.25, 0.45), 0.72)
    _wall(canvas, rng, wall, ("dots", "stripes", "plain")[rng.integers(3)])
    _floor(canvas, hsv(rng.random(), 0.25, 0.66), "planks")
    _skirting(canvas, shade(wall, 1.2))
    side = rng.choice([-1, 1])
    _window(canvas, rng, 46 * side, 27, ((30, 40, 92), (92, 88, 150)), hsv(rng.random(), 0.4, 0.7))
    bed, cover = -48 * side, hsv(rng.random(), 0.5, 0.8)
    canvas.paint(rounded(bed - 44, 30, bed - 36, 72, 3), (128, 88, 60))
    canvas.paint(rounded(bed - 40, 52, bed + 44, 70, 3), (238, 232, 222))
    canvas.paint(rounded(bed - 18, 49, bed + 45, 71, 5), cover)
    for stripe in (-6, 10, 26):
        canvas.line([(bed + stripe, 50), (bed + stripe, 70)], 2, shade(cover, 1.25))
    canvas.paint(rounded(bed - 37, 45, bed - 20, 54, 4), (252, 250, 246))
    table = -2 * side
    canvas.paint(rounded(table - 9, 50, table + 9, 70, 1), (140, 98, 66))
    canvas.fill(oval(table, 60, 1), (240, 210, 140))
    for size, opacity in ((34, 0.12), (22, 0.16)):
        canvas.wash(oval(table, 40, size), (255, 226, 150), opacity)
    canvas.limb([(table, 50), (table, 44)], (190, 150, 96), 1.4, 0.5)
    canvas.paint(
        np.array([(table - 4, 34), (table + 4, 34), (table + 8, 44), (table - 8, 44)]),
        (255, 234, 170),
    )
    for x in (rng.uniform(80, 110) * side, rng.uniform(-16, 10)):
        _picture(canvas, rng, x, rng.uniform(14, 22))
    stand_about(canvas, rng, HOUSE_PROPS, 4)


def attic(canvas, rng):
    """Beams, a round window with a shaft of light, boxes and barrels."""
    wood = hsv(rng.uniform(0.05, 0.1), rng.uniform(0.3, 0.5), rng.uniform(0.5, 0.65))
    _wall(canvas, rng, shade(wood, 0.85), "bricks")
    _floor(canvas, shade(wood, 1.15), "planks")
    for x in np.arange(-120, 130, 40.0):
        canvas.paint(rectangle(x - 3, -4, x + 3, FLOOR), shade(wood, 0.65), 0.7)
        canvas.paint(
            np.array([(x, 18), (x + 17, -4), (x + 22, -4), (x, 25)]), shade(wood, 0.7), 0.6
        )
    canvas.paint(rectangle(LEFT, -4, RIGHT, 5), shade(wood, 0.55), 0.7)
    x = rng.uniform(-50, 50)
    canvas.paint(oval(x, 24, 13), (110, 78, 56))
    canvas.paint(oval(x, 24, 10.4), (198, 228, 246), 0.6)
    canvas.line([(x - 10, 24), (x + 10, 24)], 1.3, (110, 78, 56))
    canvas.line([(x, 14), (x, 34)], 1.3, (110, 78, 56))
    for _ in range(5):
        left, size = rng.uniform(-115, 100), rng.uniform(13, 22)
        box = hsv(rng.uniform(0.05, 0.13), 0.4, rng.uniform(0.6, 0.8))
        canvas.paint(rectangle(left, FLOOR + 4 - size, left + size * 1.2, FLOOR + 4), box)
        canvas.fill(
            rectangle(left + size * 0.5, FLOOR + 4.4 - size, left + size * 0.7, FLOOR + 3.6),
            shade(box, 1.2),
        )
    cobweb = -120 if x > 0 else 40
    for reach in (8, 14, 20):
        canvas.line(
            curve(
                (cobweb + 3, 5 + reach),
                (cobweb + 3 + reach * 0.6, 5 + reach * 0.6),
                (cobweb + 3 + reach, 5),
            ),
            0.3,
            (220, 220, 226),
        )
    stand_about(canvas, rng, HOUSE_PROPS, 5)
    canvas.wash(
        np.array([(x - 8, 18), (x + 8, 30), (x + 70, 104), (x + 14, 104)]), (255, 244, 206), 0.16
    )


def greenhouse(canvas, rng):
    """Glass walls and rows of plants."""
    canvas.gradient(
        (LEFT, -4, RIGHT, FLOOR), hsv(rng.uniform(0.48, 0.6), 0.25, 0.96), (226, 244, 226)
    )
    canvas.fill(
        blob((LEFT - 20, 64), (-90, 46), (-30, 52), (30, 42), (100, 50), (RIGHT + 20, 64)),
        (150, 200, 140),
    )
    for x in np.arange(-126, 130, 21.0):
        canvas.limb([(x, -4), (x, FLOOR)], (244, 248, 246), 1.3, 0.4)
    for y in (6, 34):
        canvas.limb([(LEFT, y), (RIGHT, y)], (244, 248, 246), 1.3, 0.4)
    _floor(canvas, hsv(rng.uniform(0.02, 0.12), 0.25, 0.8), "tiles")
    for x in np.arange(-118, 120, 15.0):
        with canvas.place(x + rng.uniform(-3, 3), 56, scale=rng.uniform(0.7, 1.1)):
            if rng.random() < 0.8:
                plant(canvas, rng)
    canvas.paint(rectangle(LEFT, 55, RIGHT, 59), (176, 132, 92), 0.7)
    for x in np.arange(-120, 130, 30.0):
        canvas.paint(rectangle(x, 59, x + 3, 68), (150, 110, 74), 0.6)
    for x in rng.uniform(-110, 110, 4):
        flower = hsv(rng.random(), 0.6, 0.95)
        canvas.limb([(x, -4), (x, 8)], (150, 110, 74), 0.4, 0.2)
        canvas.paint(mirrored((0, -5), (6, -4), (4, 3), (0, 4)) + (x, 12), (190, 112, 76), 0.6)
        for dx in (-5, -1.6, 2, 5.4):
            canvas.fill(oval(x + dx, 8 + abs(dx) * 0.6, 2.4), flower)
    stand_about(canvas, rng, HOUSE_PROPS, 4, low=FLOOR + 6)
