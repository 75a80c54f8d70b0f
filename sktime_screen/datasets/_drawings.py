"""The drawings of the cartoon, as text, and what turns them into pixels.

A drawing stands on y = 0, and y grows downwards. Its shapes are a colour, a kind and points: "o" is
an oval (centre, half axes), "p" a polygon, "b" a smooth outline, "l" a smooth line (its width
first). A capital letter adds an edge, a 2 the mirror image.
"""

import colorsys
import re
from collections import namedtuple
from functools import cache, lru_cache

import cv2
import numpy as np
from scipy.interpolate import CubicSpline

_COLOURS = """
black 161419 white fffffc ink 3a2422 ginger f0983e deep ab541e cream ffe9c4 pink f29692 rose e27088
blush f6b0b6 red d43038 gold facc46 green 7abe48 grey 9ea0b0 pale e8e6e8 teal 1aa09c blue 4a86c8
navy 34609c wood c49a6c bark 7d5a3e sand e8d3a2 night 2a2d55 glow ffe08a sky b4dcf0 sea 4fb3bf
snow f4f7fb steel aab4bc slate 6c6e8a leaf 5d9a4e leaf2 3f7d44
"""
_DRAWINGS = """
cat head = ginger B2 12,-1 12.4,-10 10.8,-18.4 6,-13.6 0,-8; pink b2 10.4,-4 10.6,-14.4 7,-11 5,-7;
ginger B 0,-10.6 7,-9.6 11.8,-4 15,4.6 9.6,8.6 0,10.4 -9.6,8.6 -15,4.6 -11.8,-4 -7,-9.6; deep l 1.6
0,-9.8 0,-5; deep l2 1.5 4,-9.4 3.4,-6.6; deep l2 1.3 13,1 10,1.4; deep l2 1.3 13.6,4 10.4,4 | cat
face = cream o2 3,5.2 4.3,3.4; cream o 0,7.4 3.4,2.2; ink l .7 -4,5.4 -2,6.8 0,4.6 2,6.8 4,5.4; pink
O 0,3.2 1.7,1.1; ink l2 .4 7,5 18,3.4; ink l2 .4 7,6.2 18,7; white O2 4.4,-2.2 3.5,4.4; green o2
4.4,-1.8 2.6,3.6; black o2 4.4,-1.6 1.4,2.8; white o2 5,-3.4 .8,.8 | cat front = ginger B 0,-31
7.4,-27 11.6,-15 15,-5 9,0 0,.2 -9,0 -15,-5 -11.6,-15 -7.4,-27; cream o 0,-17 6,10; deep l2 1.7
12,-17 8.6,-16; deep l2 1.7 13.4,-12 9.6,-11; ginger O2 11.4,-2.4 5.4,3; ginger L2 4.6 4,-13 4,-3;
cream O2 4.2,-1.8 4,2.4 | cat side = ginger B -21,-18 -17,-26 -4,-26 10,-28 18,-23 15,-15 0,-12
-16,-12; cream b -12,-13 0,-15.4 13,-15.4 0,-12.6; deep l 1.8 -14,-25.4 -12.4,-20; deep l 1.8
-8,-25.6 -6.6,-19; deep l 1.8 -2,-25.6 -1,-20; deep l 1.8 4,-26.2 5,-21 | cat leg = ginger L 5 0,0
.4,6 0,11; cream O 1.2,12.4 3.6,2 | cat tail = ginger L 4.2 0,0 -8,-3 -12,-11 -9,-20 -14,-27; deep l
4 -11.6,-9 -11.8,-12; deep l 4 -9.4,-18 -9.6,-20; cream l 4 -12,-25 -14,-27 | cat collar = red L 2.2
-5.6,-1 0,1 5.6,-1; gold O .4,3 1.8,1.8 | mouse head = grey O2 9.2,-9.8 8.4,8.4; blush o2 9.6,-9.4
5.6,5.6; grey B 0,-9 7,-7 10.4,0 7,7 0,8.4 -7,7 -10.4,0 -7,-7 | mouse face = pale o 0,4.4 6,3.8; ink
l .7 -3.4,4.8 0,6.4 3.4,4.8; white O .1,7 1.2,1.1; rose O 0,2.2 2.1,1.7; ink l2 .35 5,3.6 14,2.4;
ink l2 .35 5,4.6 14,5.6; white O2 3.4,-2.6 2.6,3.6; black o2 3.6,-2 1.7,2.6; white o2 4.2,-3.2 .7,.7
| mouse body = grey B 0,-18 4.6,-15 7,-8 5.4,-3.4 0,-2.4 -5.4,-3.4 -7,-8 -4.6,-15; pale o .8,-8.4
4,5.4; teal B -3,-17 -10,-15.6 -15,-18 -14.4,-14 -8,-12.6; teal O 0,-17 6.2,2 | mouse arm = grey L
2.2 0,0 3.6,3.6 5.4,6; blush O 6,7 1.8,1.8 | mouse leg = grey L 2.6 0,0 0,4; blush O 1.4,4.8 3.6,1.6
| mouse tail = rose L 1.4 0,0 -9,2 -16,-1 -19,-9 -14,-14 -18,-20 | bird = blue B -14,-7 -5,-9 0,-13
6,-12 8,-8 2,-3 -5,-4; cream o 2,-5.4 4,2.4; gold P 8,-10 13,-9 8,-7.6; black o 5,-9.8 1,1; navy B
-7,-7 0,-9 1,-6 -4,-4; deep l .8 0,-4 -1,0; deep l .8 3,-4 3,0 | ball = red O 0,-7 7,7; white b
0,-14 4,-7 0,0 -4,-7; gold b -6,-10.6 0,-9 6,-10.6 4,-12.6 0,-14 -4,-12.6 | crate = wood P -20,0
-20,-30 20,-30 20,0; bark l 2 -19,-20 19,-20; bark l 2 -19,-10 19,-10; wood L 4 -18,-28 18,-2 | bush
= leaf2 B -22,0 -26,-12 -16,-22 -6,-24 4,-30 14,-24 24,-16 24,-4 16,0; leaf o -6,-16 9,7; leaf o
10,-20 8,6 | post = bark P -6,0 -5,-90 5,-90 6,0; wood l 1 -1,-86 -2,-8; wood l 1 2,-70 2,-20 | tree
= bark p -4,0 -3,-30 3,-30 4,0; leaf2 o2 12,-34 14,12; leaf o 0,-46 18,15; leaf o -7,-36 12,9 |
cloud = white o 0,0 15,4; white o -5,-4 7,5; white o 4,-5 8,6 | sun = glow o 0,0 7,7 | moon = cream
o 0,0 6,6; night o 3,-2 5,5 | hill = leaf2 o 0,14 60,26 | fence = white p -30,-12 -30,-10 30,-10
30,-12; white p2 2,0 2,-15 4,-17 6,-15 6,0; white p2 10,0 10,-15 12,-17 14,-15 14,0; white p2 18,0
18,-15 20,-17 22,-15 22,0 | flower = leaf2 l .8 0,0 0,-4; a o2 1.4,-5 1.4,1.4; a o 0,-6.4 1.4,1.4;
glow o 0,-5 1,1 | window = white p -16,-14 16,-14 16,14 -16,14; sky p -14,-12 14,-12 14,12 -14,12;
leaf o 0,12 12,5; white l 1.4 0,-12 0,12; a b2 8,-17 10,-2 15,6 13,17 21,17 20,-17; bark l 1.4
-24,-17 24,-17 | sofa = b b -32,-2 -34,-26 -24,-32 0,-32 24,-32 34,-26 32,-2; b2 p -24,-14 24,-14
24,-4 -24,-4; b2 o2 30,-12 6,9; cream p -14,-24 -4,-24 -4,-14 -14,-14 | lamp = bark l 1.6 0,-44 0,0;
bark o 0,0 6,1.4; glow p -5,-54 5,-54 9,-42 -9,-42 | plant = leaf2 b2 0,-8 4,-20 12,-26 9,-14; leaf
b 0,-8 -4,-20 0,-30 4,-20; c p -6,-9 6,-9 4,0 -4,0 | boat = bark b -14,-4 14,-4 9,1 -9,1; white p
0,-6 0,-28 13,-8; a p -1,-6 -1,-22 -9,-8 | parasol = white l 1.6 0,-46 0,0; a b -26,-36 -14,-48
0,-52 14,-48 26,-36 0,-39; cream b -9,-38 -5,-47 0,-51 5,-47 9,-38 | house = a p -21,0 -21,-52
21,-52 21,0; a2 p -24,-50 0,-66 24,-50; glow p2 5,-44 13,-44 13,-34 5,-34; glow p 5,-26 13,-26
13,-16 5,-16; night p -13,-26 -5,-26 -5,-16 -13,-16; bark p -4,0 -4,-11 4,-11 4,0 | lantern = black
l 1.6 0,-46 0,0; glow o 0,-49 4,5; black p -5,-54 0,-58 5,-54 | star = cream o 0,0 .6,.6 | sea = sea
p -260,0 -260,16 260,16 260,0; white l .8 -90,5 -70,4 -50,5; white l .8 20,8 40,7 60,8; white l .8
100,5 130,4 150,5 | plank = bark l .5 -260,0 260,0 | rug = c o 0,0 44,7; c2 o 0,0 36,5
"""
# Part, where, how far it swings (radians), and when in the cycle.
_POSES = """
cat front = cat tail -9 -3 .12 0; cat front 0 0 0 0; cat collar 0 -25.6 0 0; cat head 0 -36 .05 .2;
cat face 0 -36 .05 .2 | cat walk = cat leg -14 -14 .5 .5; cat leg 11 -14 .5 0; cat tail -18 -23 .15
0; cat side 0 0 0 0; cat leg -12 -14 .5 0; cat leg 13 -14 .5 .5; cat collar 15 -24 0 0; cat head 21
-34 .06 .2; cat face 24 -34 .06 .2 | mouse front = mouse tail -4 -4 .12 0; mouse leg -3 -6 0 0;
mouse leg 3 -6 0 0; mouse body 0 0 0 0; mouse arm 4 -14 .3 0; mouse head 0 -26 .06 .2; mouse face 2
-26 .06 .2 | mouse walk = mouse tail -4 -4 .2 0; mouse leg -1 -6 .7 0; mouse leg 1 -6 .7 .5; mouse
body 0 0 .08 0; mouse arm 3 -14 .8 0; mouse head 2 -26 .06 .2; mouse face 5 -26 .06 .2
"""
# Colours from top to bottom above and below the horizon; what may stand in front; the light; and
# what is there, how many, and between which heights.
_PLACES = """
living room = a a2 wood sand; crate post; 1 1 1; plank 4 63 96; window 2 28 30; lamp 2 66 68; sofa 2
68 71; plant 3 68 72; rug 1 80 84 | garden = sky snow leaf leaf2; bush post; 1 1 1; sun 1 12 20;
cloud 3 10 26; hill 3 64 66; fence 4 66 67; tree 4 68 72; bush 2 70 74; flower 14 72 98 | beach =
sky cream sand cream; crate bush; 1 .98 .94; sun 1 10 16; cloud 3 12 26; sea 1 46 47; boat 2 50 54;
parasol 3 70 78; plant 1 72 76 | street = night navy slate steel; crate post; .8 .82 .98; moon 1 10
16; star 16 2 40; house 5 64 65; lantern 3 72 74; bush 1 70 72
"""


def _table(text):
    entries = (entry.split(" = ") for entry in " ".join(text.split()).split(" | "))
    return {name: [item.split() for item in items.split(";")] for name, items in entries}


_SHAPES, _POSES, PLACES = map(_table, (_DRAWINGS, _POSES, _PLACES))
_PAINTS = {name: (*bytes.fromhex(code), 255) for name, code in re.findall(r"(\w+) (\w+)", _COLOURS)}
# In scene units, over which "pan" says how far the camera moves; a place is a name and a seed.
Shot = namedtuple("Shot", "n_frames place left top height pan actors")
# Somebody or something, and where it is (x and y, on which it stands) at some times (seconds).
Actor = namedtuple("Actor", "name size times xs ys rest flip", defaults=("", False))
_STRIDE = {"cat": 26, "mouse": 16}  # by which a cycle of the legs moves forward
_DRAWINGS_A_SECOND = 12  # as cartoons are drawn, "on twos"
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates


@cache
def _shapes(name):
    shapes = []
    for colour, kind, *numbers in _SHAPES[name]:
        width = float(numbers.pop(0)) if kind[0] in "lL" else 0
        points = np.array([pair.split(",") for pair in numbers], dtype=float)
        if kind[0] in "oO":
            angle = np.linspace(0, 2 * np.pi, 28)
            points = points[0] + points[1] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        elif kind[0] in "bBlL":
            points, ends = (points, "natural") if width else (np.r_[points, points[:1]], "periodic")
            spots = np.linspace(0, len(points) - 1, 5 * len(points))
            points = CubicSpline(range(len(points)), points, bc_type=ends)(spots)
        sides = (1, -1)[: kind.count("2") + 1]
        shapes += [(colour, kind.isupper(), width, points * (side, 1)) for side in sides]
    return shapes


def _paint(pixels, name, x, y, scale, colours, turn=0.0):
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    for colour, has_edge, width, points in _shapes(name):
        points = points @ [[cos, sin], [-sin, cos]] + (x, y)
        points = [np.rint(points * (1 << _SHIFT)).astype(np.int32)]
        for paint, wide in (("ink", (width + 1.6) * has_edge), (colour, width)):
            if wide:
                style = colours[paint], max(1, round(wide * scale)), cv2.LINE_AA, _SHIFT
                cv2.polylines(pixels, points, not width, *style)
        if not width:
            cv2.fillPoly(pixels, points, colours[colour], cv2.LINE_AA, _SHIFT)


@lru_cache(maxsize=64)
def _sprite(name, pose, phase, flip, scale, light):
    # RGBA, colours multiplied by alpha, and the corner; `scale` is pixels a unit of the drawing.
    half, top, bottom = (int(np.ceil(units * scale)) for units in (50, 94, 10))
    pixels = np.zeros((top + bottom, 2 * half, 4), np.uint8)
    paints = {paint: np.multiply(colour, (*light, 1)).tolist() for paint, colour in _PAINTS.items()}
    for *part, x, y, swing, at in _POSES.get(f"{name} {pose}", [(name, 0, 0, 0, 0)]):
        turn = float(swing) * np.sin(2 * np.pi * (phase + float(at)))
        x, y = half + scale * float(x), top + scale * float(y)
        _paint(pixels, " ".join(part), x, y, scale, paints, turn)
    pixels = pixels[:, ::-1] if flip else pixels
    left, up, width, height = cv2.boundingRect(pixels[..., 3].copy())
    return pixels[up : up + height, left : left + width], (left - half, up - top)


def _backdrop(place, left, top, scale, size):
    rng, colours = np.random.default_rng(place[1]), dict(_PAINTS)
    for name, low, high in (("a", 0, 1), ("b", 0, 1), ("c", 0, 1), ("leaf", 0.08, 0.4)):
        hue = rng.uniform(low, high)
        for shade, value in ((name, 0.88), (f"{name}2", 0.72)):
            colours[shade] = tuple(255 * part for part in colorsys.hsv_to_rgb(hue, 0.38, value))
    surfaces, _, _, *things = PLACES[place[0]]
    rows, stops = top + np.arange(size[0]) / scale, (0, 62, 62.01, 100)
    bands = np.transpose([colours[colour][:3] for colour in surfaces])
    column = np.stack([np.interp(rows, stops, band) for band in bands], axis=1).astype(np.uint8)
    pixels = np.repeat(column[:, None], size[1], axis=1)
    for thing, *numbers in things:
        number, low, high = map(float, numbers)
        xs = (rng.permutation(int(number)) + rng.uniform(0.2, 0.8, int(number))) / number
        for x, y in zip(260 * xs - 130, np.sort(rng.uniform(low, high, len(xs))), strict=True):
            spot = (x - left) * scale, (y - top) * scale, scale * rng.uniform(0.8, 1.1)
            _paint(pixels, thing, *spot, colours)
    # Backgrounds of cartoons are painted softer than who acts in front of them.
    return cv2.GaussianBlur(pixels, (0, 0), size[0] / 400)


def _look(actor, seconds):
    # Pose, how much of its cycle is done, whether it looks left, and where it is.
    x, y = (float(np.interp(seconds, actor.times, ends)) for ends in (actor.xs, actor.ys))
    way = np.interp(seconds + 0.01, actor.times, actor.xs) - x
    if not way:
        return actor.rest, int(3 * seconds) % 8 / 8, actor.flip, x, y
    cycles = abs(x - actor.xs[0]) / (_STRIDE.get(actor.name, 30) * actor.size)
    y -= (0.6 if actor.name in _STRIDE else 8) * actor.size * abs(np.sin(2 * np.pi * cycles))
    return "walk", int(8 * cycles) % 8 / 8, bool(way < 0), x, y


def draw_frames(shot, size, rate):
    """Yield images (RGB), and by name how many pixels of each actor are seen and were drawn."""
    (height, width), scale, drawn_at = size, size[0] / shot.height, None
    pan, left = round(abs(shot.pan) * scale), shot.left + min(0, shot.pan)
    backdrop = _backdrop(shot.place, left, shot.top, scale, (height, width + pan))
    light = tuple(map(float, PLACES[shot.place[0]][2]))
    for number in range(shot.n_frames):
        seconds = int(number / rate * _DRAWINGS_A_SECOND) / _DRAWINGS_A_SECOND
        if seconds != drawn_at:
            drawn_at, drawn, done = seconds, {}, number / shot.n_frames
            offset = round(pan * (done if shot.pan > 0 else 1 - done))
            image = backdrop[:, offset : offset + width].copy()
            owner = np.full(size, 255, np.uint8)  # whom each pixel shows
            for who, actor in enumerate(sorted(shot.actors, key=lambda actor: max(actor.ys))):
                *look, x, y = _look(actor, seconds)
                sprite, corner = _sprite(actor.name, *look, scale * actor.size, light)
                drawn[actor.name] = who, np.count_nonzero(sprite[..., 3] > 127)
                x = round((x - left) * scale + corner[0]) - offset
                y = round((y - shot.top) * scale + corner[1])
                sprite = sprite[max(0, -y) : max(0, height - y), max(0, -x) : max(0, width - x)]
                if sprite.size:
                    y, x = max(0, y), max(0, x)
                    place = np.s_[y : y + sprite.shape[0], x : x + sprite.shape[1]]
                    *colours, alpha = cv2.split(sprite)
                    below = cv2.multiply(image[place], cv2.merge([~alpha] * 3), scale=1 / 255)
                    image[place] = cv2.add(below, cv2.merge(colours))
                    owner[place][alpha > 127] = who
            seen = {name: (np.count_nonzero(owner == who), n) for name, (who, n) in drawn.items()}
        yield image, seen
