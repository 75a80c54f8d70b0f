"""The mouse of the film: grey, round pink ears, long tail, teal scarf.

Every pose stands on y = 0 and looks to the right; a standing mouse is about 38 units tall.
"""

import numpy as np

from ._canvas import blob, curve, mirrored, oval

MOUSE_BOX = (-34, -46, 34, 4)
MOUSE_POSES = ("stand", "wave", "eat", "walk", "run", "sleep", "jump")
MOUSE_HEIGHT = 38.0

_FUR, _DARK, _BELLY = (158, 160, 176), (124, 126, 146), (232, 230, 232)
_PINK, _ROSE, _WHITE, _BLACK = (246, 176, 182), (226, 120, 136), (255, 255, 252), (22, 20, 26)
_SCARF, _SCARF_DARK, _CHEESE = (26, 160, 156), (16, 122, 124), (252, 212, 84)


def draw_mouse(canvas, pose, phase, blink):
    """Draw the mouse; `phase` (0 to 1) is how far its movement has gone round."""
    wave = np.sin(2 * np.pi * phase)
    if pose == "sleep":
        _sleep(canvas, wave)
    elif pose in ("walk", "run"):
        _stride(canvas, phase, wave, blink, pose == "run")
    else:
        _upright(canvas, pose, wave, blink)


def _tail(canvas, *points):
    canvas.limb(curve(*points), _ROSE, 1.5, 0.6)


def _head(canvas, blink, turn=0.8, mouth="smile", lean=0.0):
    for side, size in ((-1, 8.4), (1, 7.6)):
        x, y = side * 9.4 - turn, -9.6 + lean * 2
        canvas.paint(oval(x, y, size), _FUR if side > 0 else _DARK)
        canvas.fill(oval(x + 0.4, y + 0.5, size * 0.66), _PINK)
    face = blob(
        (-1, -9),
        (6, -7.6),
        (9.6, -2),
        (12.4, 3),
        (9.4, 6.4),
        (2, 8.4),
        (-6, 7),
        (-10, 1),
        (-7, -6.6),
    )
    canvas.fill(face, _FUR)
    with canvas.inside(face):
        canvas.fill(blob((-12, 2), (-6, 6), (2, 7.6), (4, 12), (-12, 12)), _DARK)
        canvas.fill(oval(7.6, 4.4, 6.4, 4.2), _BELLY)
    canvas.line(face, 0.8, closed=True)
    canvas.wash(oval(-1.6, 4, 2.4, 1.6), _ROSE, 0.55)
    if mouth == "open":
        canvas.paint(blob((3.4, 4.8), (8.6, 5.4), (6, 8.4)), _ROSE, 0.5)
    else:
        canvas.line(curve((2.4, 4.4), (5.4, 6.4), (9, 5.2)), 0.6)
    canvas.paint(blob((5.4, 5.8), (7.6, 5.6), (7.6, 7.8), (5.8, 7.9)), _WHITE, 0.35)
    canvas.paint(oval(12.2, 2.2, 2.1, 1.8), _ROSE, 0.5)
    canvas.fill(oval(12.6, 1.6, 0.6), _WHITE)
    for x, width in ((0.4, 2.7), (6.4, 2.4)):
        if blink:
            canvas.line(curve((x - 2.2, -2), (x, -0.6), (x + 2.2, -2)), 0.8)
            continue
        canvas.paint(oval(x, -2.2, width, 3.8), _WHITE, 0.55)
        canvas.fill(oval(x + 0.7, -1.6, width * 0.62, 2.7), _BLACK)
        canvas.fill(oval(x + 1.2, -2.8, 0.8), _WHITE)
    canvas.line(curve((-3.4, -7.6), (0, -8.2), (2, -7.4)), 0.5)
    for rise in (-1.6, 0.4, 2.4):
        canvas.line(curve((8, 3.4 + rise * 0.3), (13, 4 + rise), (17.4, 3.6 + rise * 2)), 0.35)
        canvas.line(curve((1, 4.2 + rise * 0.3), (-6, 4.4 + rise), (-13, 4 + rise * 2)), 0.35)


def _scarf(canvas, x, y, wave):
    canvas.paint(
        blob(
            (x - 4, y),
            (x - 11, y + 1.6 + wave),
            (x - 16, y - 0.8 + 2 * wave),
            (x - 15, y + 3 + wave),
            (x - 9, y + 4.6),
        ),
        _SCARF_DARK,
        0.6,
    )
    canvas.paint(mirrored((0, -2.1), (5.6, -1.2), (6.4, 1), (0, 2.6)) + (x, y), _SCARF, 0.6)


def _arm(canvas, *points):
    canvas.limb(curve(*points), _FUR, 2.4, 0.6)
    canvas.paint(oval(*points[-1], 1.9), _PINK, 0.5)


def _upright(canvas, pose, wave, blink):
    _tail(
        canvas,
        (-4, -4),
        (-13, -2),
        (-20, -5),
        (-23 - wave, -13),
        (-18 + 2 * wave, -18),
        (-22 + 3 * wave, -24),
    )
    airborne = pose == "jump"
    for x in (-4, 4):
        foot = (x + 1.6, -1.4) if not airborne else (x * 1.7 - 1, -0.6 - 0.6 * x)
        canvas.limb(curve((x * 0.8, -6), (x, -4), foot), _FUR, 2.6, 0.6)
        canvas.paint(oval(foot[0] + 0.8, foot[1], 3.6, 1.7), _PINK, 0.6)
    if pose != "eat":
        back = (-11, -19 if airborne else -9 + wave)
        _arm(canvas, (-4, -14), (-8, -13), back)
    body = mirrored((0, -18), (4.6, -15), (7, -8), (5.4, -3.4), (0, -2.4))
    canvas.fill(body, _FUR)
    with canvas.inside(body):
        canvas.fill(blob((-9, -14), (-4.6, -10), (-4, -2), (-10, 0)), _DARK)
        canvas.fill(oval(1.6, -8.6, 4.4, 6), _BELLY)
    canvas.line(body, 0.8, closed=True)
    _scarf(canvas, 0, -17, wave)
    with canvas.place(0, -26 + 0.4 * wave, turn=0.04 * wave):
        _head(canvas, blink, mouth="open" if pose in ("wave", "jump") else "smile")
    if pose == "wave" or airborne:
        _arm(canvas, (4, -14), (10, -15), (13 + 2 * wave, -22 - abs(wave)))
    elif pose == "eat":
        canvas.paint(
            np.array([(2, -9), (14, -11.5), (13, -16 + 0.5 * wave), (4, -13)]), _CHEESE, 0.6
        )
        canvas.fill(oval(8, -11.8, 1.2), (228, 176, 50))
        canvas.fill(oval(11, -13.4, 0.9), (228, 176, 50))
        _arm(canvas, (-3.6, -13), (-1, -9.6), (4, -10))
        _arm(canvas, (4.6, -13.6), (8, -8.6), (10.6, -10.4))
    else:
        _arm(canvas, (4, -14), (7.4, -12), (9, -8.6 + wave))


def _stride(canvas, phase, wave, blink, running):
    swing = 6.4 if running else 4
    bob = (1.4 if running else 0.7) * np.cos(4 * np.pi * phase)
    lean = 0.34 if running else 0.12
    _tail(
        canvas,
        (-5, -6),
        (-14, -7 + wave),
        (-21, -5 - 2 * wave),
        (-27, -9 + 2 * wave),
        (-31, -7 - wave),
    )
    feet = []
    for offset in (0.5, 0.0):
        angle = 2 * np.pi * (phase + offset)
        feet.append((swing * np.sin(angle), -1.4 - 0.7 * swing * max(0.0, np.cos(angle))))
    for (x, y), colour in zip(feet, (_DARK, _FUR), strict=True):
        canvas.limb(curve((0, -6 + bob), (x * 0.6 + 1, (y - 6) / 2), (x, y)), colour, 2.6, 0.6)
        canvas.paint(oval(x + 1.2, y, 3.6, 1.7), _PINK, 0.6)
    with canvas.place(0, bob, turn=lean):
        _arm(canvas, (-2, -14), (-5 + 2 * wave, -11), (-4 + 6 * wave, -9))
        body = mirrored((0, -18), (4.6, -15), (6.8, -8), (5, -3.6), (0, -2.8))
        canvas.fill(body, _FUR)
        with canvas.inside(body):
            canvas.fill(blob((-9, -14), (-4.6, -10), (-4, -2), (-10, 0)), _DARK)
            canvas.fill(oval(3, -8.6, 4, 6), _BELLY)
        canvas.line(body, 0.8, closed=True)
        _scarf(canvas, 0, -17, wave)
        with canvas.place(1, -26, turn=-0.6 * lean):
            _head(canvas, blink, mouth="open" if running else "smile")
        _arm(canvas, (3, -14), (6 - 2 * wave, -11), (5 - 6 * wave, -8.6))


def _sleep(canvas, wave):
    _tail(canvas, (-12, -3), (-20, -2), (-26, -4), (-22, -8), (-27, -11))
    with canvas.place(0, 0, stretch=1 + 0.04 * wave):
        body = blob((-15, -4), (-12, -12), (-3, -15), (7, -12), (12, -4), (4, 0), (-10, 0))
        canvas.fill(body, _FUR)
        with canvas.inside(body):
            canvas.fill(oval(-2, -1, 13, 4), _DARK)
        canvas.line(body, 0.8, closed=True)
    _scarf(canvas, 4, -7, 0.3 * wave)
    with canvas.place(9, -9.6, turn=0.22):
        _head(canvas, True)
