"""The cat of the film: ginger, striped, cream muzzle, red collar with a bell.

Every pose stands on y = 0 and looks to the right; a sitting cat is about 52 units tall.
"""

import numpy as np

from ._canvas import blob, curve, mirrored, oval

CAT_BOX = (-48, -72, 48, 8)
CAT_POSES = ("sit", "walk", "run", "crouch", "sleep", "back", "jump")
CAT_HEIGHT = 52.0

_FUR, _DARK, _DEEP, _CREAM = (240, 152, 62), (205, 110, 36), (171, 84, 30), (255, 233, 196)
_PINK, _EYE, _WHITE = (242, 150, 146), (122, 190, 72), (255, 255, 252)
_RED, _GOLD = (212, 48, 56), (250, 206, 70)
_WHISKER = (92, 62, 52)


def draw_cat(canvas, pose, phase, blink):
    """Draw the cat; `phase` (0 to 1) is how far its movement has gone round."""
    wave = np.sin(2 * np.pi * phase)
    {
        "sit": _sit,
        "walk": _walk,
        "run": _run,
        "crouch": _crouch,
        "sleep": _sleep,
        "back": _back,
        "jump": _jump,
    }[pose](canvas, phase, wave, blink)


def _tail(canvas, *points):
    path = curve(*points)
    canvas.limb(path, _FUR, 4.2)
    n = len(path)
    for start in (0.42, 0.62, 0.82):
        ring = path[int(start * n) : int((start + 0.08) * n) + 1]
        canvas.line(ring, 4.2, _DEEP)
    canvas.line(path[int(0.93 * n) :], 4.2, _CREAM)


def _head(canvas, blink, turn=0.5, look=(0.6, 0.0), mouth="smile", behind=False):
    for side in (-1, 1):
        ear = blob(
            (side * 12, -1), (side * 12.4, -10), (side * 10.8, -18.4), (side * 6, -13.6), (0, -8)
        )
        canvas.paint(ear, _FUR if not behind else _DARK)
        if not behind:
            canvas.fill(
                blob((side * 10.6, -4), (side * 10.6, -14.6), (side * 7, -11), (side * 4, -7)),
                _PINK,
            )
    face = mirrored((0, -10.6), (7, -9.6), (11.8, -4), (15, 4.6), (9.6, 8.6), (0, 10.4))
    canvas.fill(face, _FUR)
    with canvas.inside(face):
        canvas.fill(blob((-17, 2), (-8, 8), (2, 9.5), (12, 9), (16, 14), (-16, 14)), _DARK)
        for x in (-3.6, 0, 3.6):
            length = 5.4 if x == 0 else 4
            canvas.line([(x + turn, -12), (x * 0.8 + turn, -11 + length)], 1.5, _DEEP)
        for side in (-1, 1):
            for y in (0.5, 3.6):
                canvas.line(
                    curve((side * 16, y), (side * 12.4, y + 0.6), (side * 10.4, y)), 1.3, _DEEP
                )
    canvas.line(face, 0.8, closed=True)
    if behind:
        return
    nose = turn * 3
    for side in (-1, 1):
        canvas.fill(oval(nose + side * 3.0, 5.2, 4.3, 3.4), _CREAM)
    canvas.fill(oval(nose, 7.6, 3.4, 2.2), _CREAM)
    if mouth == "open":
        canvas.paint(
            blob((nose - 2.4, 5.6), (nose, 5.0), (nose + 2.4, 5.6), (nose, 9.2)), _RED, 0.5
        )
    canvas.line(curve((nose - 4, 5.2), (nose - 2, 6.6), (nose, 4.6)), 0.6)
    canvas.line(curve((nose, 4.6), (nose + 2, 6.6), (nose + 4, 5.2)), 0.6)
    canvas.paint(blob((nose - 1.7, 2.2), (nose + 1.7, 2.2), (nose, 4.5)), _PINK, 0.5)
    for side in (-1, 1):
        x = turn * 2 + side * 4.4
        if blink:
            canvas.line(curve((x - 2.8, -2), (x, -0.4), (x + 2.8, -2)), 0.9)
            continue
        canvas.paint(oval(x, -2.2, 3.5, 4.6), _WHITE, 0.6)
        canvas.fill(oval(x + look[0], -1.8 + look[1], 2.5, 3.5), _EYE)
        canvas.fill(oval(x + look[0], -1.8 + look[1], 1.4, 2.8), (20, 20, 24))
        canvas.fill(oval(x + look[0] + 0.7, -3.4 + look[1], 0.8), _WHITE)
    for side in (-1, 1):
        for drop in (-1.2, 0.8, 2.8):
            start = (nose + side * 6.4, 5 + drop * 0.5)
            canvas.line(
                curve(start, (side * 13, 4 + drop), (side * 19, 3.4 + drop * 1.9)), 0.4, _WHISKER
            )


def _collar(canvas, x, y, width, turn=0.0):
    canvas.limb(
        curve((x - width, y - 1 - turn), (x, y + 1.2), (x + width, y - 1 + turn)), _RED, 2.2
    )
    canvas.paint(oval(x + 0.6, y + 3.2, 1.9), _GOLD, 0.5)
    canvas.line([(x + 0.6, y + 3.4), (x + 0.6, y + 4.8)], 0.5)


def _pear(canvas):
    return mirrored((0, -31), (7.4, -27), (11.6, -15), (15, -5), (9, 0), (0, 0.2))


def _sit(canvas, phase, wave, blink):
    _tail(canvas, (8, -3), (21, -3), (27 + wave, -12), (23 + 3 * wave, -22), (28 + 5 * wave, -29))
    body = _pear(canvas)
    canvas.fill(body, _FUR)
    with canvas.inside(body):
        canvas.fill(blob((-20, -22), (-11, -18), (-9, -6), (-6, 4), (-20, 4)), _DARK)
        for y in (-20, -14.5, -9):
            for side in (-1, 1):
                canvas.line(
                    curve((side * 17, y - 1), (side * 12, y), (side * 8, y + 2)), 1.7, _DEEP
                )
        canvas.fill(oval(1, -16, 6.4, 11), _CREAM)
    canvas.line(body, 0.8, closed=True)
    for side in (-1, 1):
        canvas.paint(oval(side * 11.4, -2.4, 5.4, 3), _FUR)
    for x in (-3.6, 4.4):
        canvas.limb(curve((x, -14), (x + 0.2, -8), (x + 0.2, -2.6)), _FUR, 5)
        canvas.paint(oval(x + 0.4, -2, 4, 2.6), _CREAM)
        for toe in (-1, 1):
            canvas.line([(x + 0.4 + toe, -2), (x + 0.4 + toe, -0.2)], 0.4)
    _collar(canvas, 0.6, -26, 7.4)
    with canvas.place(1, -36.5 + 0.5 * wave, turn=0.05 * wave):
        _head(canvas, blink)


def _back(canvas, phase, wave, blink):
    body = _pear(canvas)
    canvas.fill(body, _FUR)
    with canvas.inside(body):
        canvas.fill(blob((8, -30), (12, -18), (9, -6), (4, 4), (22, 4), (20, -24)), _DARK)
        for y in (-25, -20, -15, -10):
            canvas.line(curve((-5, y - 1), (0, y + 1), (5, y - 1)), 1.8, _DEEP)
            for side in (-1, 1):
                canvas.line(
                    curve((side * 17, y + 1), (side * 12, y + 2), (side * 9, y)), 1.6, _DEEP
                )
    canvas.line(body, 0.8, closed=True)
    _collar(canvas, 0, -26.6, 7)
    _tail(canvas, (0, -2), (-9, -1), (-19, -3), (-25 - wave, -11), (-22 - 4 * wave, -19))
    with canvas.place(0.6, -37, turn=0.06 * wave):
        _head(canvas, blink, behind=True)


def _legs(canvas, hips, phase, swing, lift, colour, length):
    # Each foot swings about its hip and is lifted on the way forward.
    for hip, offset in hips:
        angle = 2 * np.pi * (phase + offset)
        foot = (hip + swing * np.sin(angle), -2 - lift * max(0.0, np.cos(angle)))
        knee = (hip + 0.35 * swing * np.sin(angle) + 1.2, -length * 0.5)
        canvas.limb(curve((hip, -length), knee, foot), colour, 5.2)
        canvas.paint(oval(foot[0] + 1.2, foot[1] + 0.2, 3.6, 2.2), _CREAM)


def _torso(canvas, outline, spots):
    body = blob(*outline)
    canvas.fill(body, _FUR)
    with canvas.inside(body):
        (left, _), (right, low) = body.min(axis=0), body.max(axis=0)
        canvas.fill(
            blob((left, low + 2), (left + 6, low - 5), (right - 8, low - 4.4), (right, low + 2)),
            _CREAM,
        )
        for x, y in spots:
            canvas.line(curve((x + 1.4, y - 3), (x, y + 2), (x - 1, y + 6.4)), 2.0, _DEEP)
    canvas.line(body, 0.8, closed=True)


def _walk(canvas, phase, wave, blink, swing=6.5, lift=3.0, mouth="smile"):
    bob = 0.8 * np.cos(4 * np.pi * phase)
    _legs(canvas, ((-14, 0.5), (11, 0.0)), phase, swing, lift, _DARK, 14)
    _tail(canvas, (-18, -21), (-26, -23), (-31, -32), (-27 + 2 * wave, -41), (-31 + 4 * wave, -49))
    outline = [
        (-20, -20),
        (-15, -27),
        (0, -26),
        (12, -29),
        (19, -22),
        (14, -13),
        (-2, -12),
        (-16, -12),
    ]
    with canvas.place(0, bob):
        _torso(canvas, outline, ((-14, -25), (-8, -24), (-2, -24), (4, -24.5)))
    _legs(canvas, ((-11, 0.0), (14, 0.5)), phase, swing, lift, _FUR, 14)
    with canvas.place(15, -23.4 + bob, turn=-0.25):
        _collar(canvas, 0, 0, 4.6)
    with canvas.place(21, -34 + 1.2 * bob, turn=0.03 * wave):
        _head(canvas, blink, turn=0.95, look=(1.0, 0.2), mouth=mouth)


def _run(canvas, phase, wave, blink):
    with canvas.place(0, -2.4 + 1.6 * wave, turn=0.07 * wave):
        _walk(canvas, phase, wave, blink, swing=11.5, lift=6, mouth="open")


def _jump(canvas, phase, wave, blink):
    with canvas.place(-2, -6, turn=-0.35):
        for hip, foot in ((-15, (-29, -6)), (12, (26, -10))):
            canvas.limb(curve((hip, -18), ((hip + foot[0]) / 2, -10), foot), _DARK, 5.2)
            canvas.paint(oval(*foot, 3.4, 2.4), _CREAM)
        _tail(canvas, (-18, -21), (-27, -22), (-33, -28 + wave), (-38, -27 + 2 * wave))
        outline = [
            (-21, -19),
            (-14, -26),
            (0, -26),
            (12, -28),
            (19, -21),
            (14, -13),
            (-3, -12),
            (-17, -13),
        ]
        _torso(canvas, outline, ((-14, -24), (-8, -24), (-2, -24), (4, -24.5)))
        for hip, foot in ((-12, (-25, -2)), (15, (30, -15))):
            canvas.limb(curve((hip, -16), ((hip + foot[0]) / 2, -8), foot), _FUR, 5.2)
            canvas.paint(oval(*foot, 3.4, 2.4), _CREAM)
        _collar(canvas, 14.6, -23.8, 4.6)
        with canvas.place(20, -34, turn=0.3):
            _head(canvas, blink, turn=0.95, look=(1.0, 0.4), mouth="open")


def _crouch(canvas, phase, wave, blink):
    canvas.limb(curve((12, -7), (20, -4), (27, -2.4)), _DARK, 5)
    canvas.paint(oval(28, -2.2, 3.6, 2.2), _CREAM)
    _tail(canvas, (-17, -20), (-24, -24), (-30, -31), (-27 + 5 * wave, -39), (-29 + 8 * wave, -46))
    outline = [
        (-22, -12),
        (-20 + wave, -23),
        (-11 + wave, -27),
        (0, -19),
        (14, -15),
        (20, -9),
        (12, -3),
        (-6, -4),
        (-18, -3),
    ]
    _torso(canvas, outline, ((-15 + wave, -23), (-9 + wave, -22), (-3, -18), (3, -15)))
    canvas.paint(oval(-13, -7, 7.4, 6.6), _FUR)
    canvas.paint(oval(-9, -2.2, 6, 2.4), _CREAM)
    canvas.limb(curve((11, -8), (17, -4), (23, -2.2)), _FUR, 5)
    canvas.paint(oval(24, -2, 3.8, 2.2), _CREAM)
    _collar(canvas, 16, -11, 5)
    with canvas.place(21, -18, turn=0.08):
        _head(canvas, blink, turn=0.9, look=(1.0, 1.0))


def _sleep(canvas, phase, wave, blink):
    breath = 1 + 0.03 * wave
    with canvas.place(0, 0, stretch=breath):
        outline = [
            (-24, -5),
            (-21, -17),
            (-8, -23),
            (8, -21),
            (19, -13),
            (21, -4),
            (8, 0),
            (-14, 0),
        ]
        _torso(canvas, outline, ((-14, -19), (-8, -21), (-2, -21.5), (4, -20.5)))
    with canvas.place(15, -11, turn=0.18):
        _head(canvas, True, turn=0.4)
    _tail(canvas, (-21, -6), (-25, -2.4), (-14, -1.6), (-2, -2), (8, -2.4))
