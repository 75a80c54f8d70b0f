"""Where the clock of a file jumps, and how it is made to go on.

A broadcast recording, or files written one after the other, have a clock that starts again or jumps
at some place. FFmpeg's command goes on counting from there, and so do we; like there, a step
forward is a jump where it is longer than 10 s and the format is one whose clock may jump.
"""

from collections import namedtuple
from itertools import pairwise

import numpy as np

# Seconds. Shorter steps forward are images that are missing, or a video without many.
JUMP = 10.0
# Nor are a few steps back by the clock of decoding, which FFmpeg guesses in part.
_BACK = 0.1
# So many usual steps are needed as well, for videos of few images.
_STEPS = 10
_STEPS_BACK = 2.5
# FFmpeg lets the parts of an edit list overlap by the delay of reordered images.
_OVERLAP = 0.5

Jump = namedtuple("Jump", "packet forward seconds tick")


def unroll(
    pts, dts, durations, keys, shown, time_base, *, may_jump, exact_keys, has_edits, steady=()
):
    """Make the clock of some packets go on where it jumps.

    Shapes: ``pts`` (n_packets,), ``dts`` (n_packets,), ``durations`` (n_packets,), ``keys``
    (n_packets,), ``shown`` (n_packets,) -> ``pts`` int64 (n_packets,).
    """
    step = _compute_usual_step(pts if np.isnan(dts).all() else dts)
    second = float(1 / time_base)
    found = _find_jumps(
        pts,
        dts,
        keys,
        forward=max(JUMP * second, _STEPS * step) if may_jump else np.inf,
        back=np.inf if has_edits else max(_BACK * second, _STEPS_BACK * step),
        key_back=step / 2 if exact_keys else max(_BACK * second, 2 * _STEPS_BACK * step),
        steady=steady,
    )
    unrolled, jumps, last = pts.copy(), [], None
    for first, after in pairwise([0, *found, len(pts)]):
        part = np.arange(first, after)
        own = part[shown[part]]
        if not len(own):
            continue
        if last is not None:
            over = int(unrolled[last]) + max(int(durations[last]) or round(step), 1)
            begin = int(pts[own].min())
            shift = over - begin
            if shift > 0 or not has_edits:
                unrolled[part] += shift
            if shift > _OVERLAP * second or not has_edits:
                seconds = (int(pts[last] - unrolled[last]) - shift) / second
                jumps.append(Jump(first, found[first], seconds, over))
        last = own[unrolled[own].argmax()]
    return unrolled, jumps


def _find_jumps(pts, dts, keys, *, forward, back, key_back, steady):
    """Return before which packets the clock jumps, and if forward; distances are in ticks."""
    found, before, latest = {}, np.nan, pts[0]
    packets = zip(pts.tolist(), dts.tolist(), keys.tolist(), strict=True)
    for number, (time, decoded, key) in enumerate(packets):
        # With NaN no comparison is true.
        moved = decoded - before
        # Reordered images at a gap go forward before their clock of decoding does.
        forward_jump = min(moved, time - latest) > forward and number not in steady
        if forward_jump or moved < -back or (key and time < latest - key_back):
            found[number] = forward_jump
            latest = time
        latest = max(latest, time)
        before = before if np.isnan(decoded) else decoded
    return found


def _compute_usual_step(ticks):
    """Return the usual distance of times that mostly increase; 0 where there is none."""
    steps = np.diff(ticks)
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 0.0
