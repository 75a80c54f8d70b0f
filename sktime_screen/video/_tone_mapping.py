"""Images of high dynamic range or wide gamut, as an ordinary screen shows them."""

from functools import cache

import cv2
import numpy as np

# Numbers of ITU-T H.273 for transfer characteristics and colour primaries.
PQ, HLG = 16, 18
BT709, BT2020, P3 = 1, 9, 12

# Diffuse white, cd/m2 (ITU-R BT.2408), and that of an HLG screen's peak (BT.2100).
_WHITE, _HLG_PEAK = 203.0, 1000.0
_HLG_GAMMA = 1.2
# An ordinary screen (BT.1886).
_GAMMA = 2.4
# Up to here the signal of the ordinary screen is kept; what is brighter shares what is left.
_KNEE = 0.9
# Linear light from the primaries named to those of BT.709 (rows are red, green and blue).
_TO_BT709 = {
    BT2020: (
        (1.660491, -0.587641, -0.072850),
        (-0.124550, 1.132900, -0.008349),
        (-0.018151, -0.100579, 1.118730),
    ),
    P3: (
        (1.224940, -0.224940, 0.0),
        (-0.042057, 1.042057, 0.0),
        (-0.019638, -0.078636, 1.098274),
    ),
}
_STEPS = 4096
_BT2020_LUMINANCE = (0.2627, 0.6780, 0.0593)


def needs_mapping(frame):
    """Tell whether a frame's colours are other than those of an ordinary screen."""
    return frame.color_trc in (PQ, HLG) or frame.color_primaries in _TO_BT709


def map_tones(rgb, transfer, primaries):
    """Show an image on an ordinary screen.

    Light is scaled so that diffuse white (203 cd/m2, BT.2408) is the white of the screen. Colours
    up to 90 % of its signal stay as they are; brighter ones are compressed exponentially, with
    their hue. HLG is first shown on a screen of 1000 cd/m2 (BT.2100). No metadata is used, so that
    a frame looks the same in every file and wherever it is cut.

    Shapes: ``rgb`` (height, width, 3) -> uint8 (height, width, 3).
    """
    light = _make_light_table(transfer).take(rgb)
    if transfer == HLG:
        luminance = cv2.transform(light, np.array([_BT2020_LUMINANCE], np.float32))
        light *= (_raise_to_power(luminance, _HLG_GAMMA - 1) * (_HLG_PEAK / _WHITE))[..., None]
    if primaries != BT709:
        to_bt709 = _TO_BT709.get(primaries, _TO_BT709[BT2020])
        light = np.maximum(cv2.transform(light, np.array(to_bt709, np.float32)), 0)
    signals = _raise_to_power(light, 1 / _GAMMA)
    if transfer in (PQ, HLG):
        red, green, blue = cv2.split(signals)
        brightest = np.maximum(cv2.max(cv2.max(red, green), blue), _KNEE)
        shown = _KNEE - (1 - _KNEE) * np.expm1((_KNEE - brightest) / (1 - _KNEE))
        signals *= (shown / brightest)[..., None]
    return cv2.convertScaleAbs(signals, alpha=255)


def _raise_to_power(light, exponent):
    """Raise light, float32, to a power: a table takes a tenth of the time."""
    return _make_power_table(exponent).take(
        (_STEPS * cv2.sqrt(light) + 0.5).astype(np.int32), mode="clip"
    )


@cache
def _make_power_table(exponent):
    # Of square roots, which are as fine in the dark as eyes are.
    return ((np.arange(10 * _STEPS) / _STEPS) ** (2 * exponent)).astype(np.float32)


@cache
def _make_light_table(transfer):
    """Return the light of each signal of 16 bits; 1 is diffuse white, but of HLG the brightest."""
    signal = np.arange(65536) / 65535
    if transfer == PQ:
        # SMPTE ST 2084.
        root = signal ** (1 / 78.84375)
        light = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        light = 10_000 / _WHITE * light ** (1 / 0.1593017578125)
    elif transfer == HLG:
        # BT.2100, from the signal to the light of the scene.
        high = (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12
        light = np.where(signal <= 0.5, signal**2 / 3, high)
    else:
        light = signal**_GAMMA
    return light.astype(np.float32)
