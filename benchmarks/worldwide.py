"""Make videos of every kind that people have, and compare what is read with FFmpeg's own decoding.

    python benchmarks/worldwide.py [--only WORD ...] [--reference ffmpeg|pyav] [--keep FOLDER] [-v]

Containers, codecs and traps: reordered and open groups of images, variable rates, images that
begin late, sound that does, clocks that wrap, jump and start again, gaps in reception, edit lists,
files written one after the other, turned, interlaced and deep images. Each image carries its
number. Every file is sampled at 1, 4 and all frames a second, and each sample's image and time
are compared with what the ``ffmpeg`` command decodes, or PyAV where that is not installed. A file
is *equal*, also where a warning says more; or it differs and is *told* of by a warning or an error
that names it; or it is silently WRONG: then the exit status is 1.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from bisect import bisect_right
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pandas as pd
from made_videos import FAMILIES, FPS, HEIGHT, WIDTH

from sktime_screen import VideoFrameSampler
from sktime_screen.video import VideoError, _demuxing

RATES = (1.0, 4.0, None)
# Containers count milliseconds or 100ths of a second, and versions of FFmpeg differ on when sound
# begins, by the delay of its codec.
CLOSE = 0.025


def spelled(image):
    """Return the number that ``draw`` put into an image of any size."""
    height, width = image.shape[:2]
    number = 0
    for bit in range(12):
        row, column = divmod(bit, 4)
        y, x = int((row + 0.5) * height / 3), int((column + 0.5) * width / 4)
        number |= int(image[y, x].mean() > 127) << bit
    return number


def has_sound(path):
    try:
        with av.open(path) as video:
            return bool(video.streams.audio)
    except av.FFmpegError:
        return False


def ffmpeg_decodes(path):
    """Return the time and the number of each image, as the ``ffmpeg`` command decodes them."""
    command = ["ffmpeg", "-nostdin", "-i", path]
    if has_sound(path):
        # Sound counts for when the file begins only where it is used.
        command += ["-map", "0:a:0", "-f", "null", "-"]
    command += ["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo"]
    command += ["-vf", f"showinfo,scale={WIDTH}:{HEIGHT}:flags=area,format=gray", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    times = [float(time) for time in re.findall(rb" pts_time:([-\d.e+]+)", done.stderr)]
    images = np.frombuffer(done.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH)
    return list(zip(times, map(spelled, images), strict=False))


def pyav_decodes(path):
    """The same by PyAV, plainly from the first packet to the last."""
    with av.open(path) as video:
        stream = video.streams.video[0]
        zero = (video.start_time or 0) / av.time_base
        found = []
        for frame in video.decode(stream):
            turned = round(frame.rotation) % 360 // 90
            image = np.rot90(frame.to_ndarray(format="rgb24"), turned)
            found.append((float(frame.pts * frame.time_base) - zero, spelled(image)))
    return found


def as_shown(path, found):
    """Mend times that FFmpeg only guesses."""
    if not found:
        return found
    if path.endswith((".avi", ".asf")):
        # These have the order of decoding alone, to which it adds a delay.
        delay = min(found[0][0], 0.1)
        return [(time - delay, number) for time, number in found]
    if path.endswith((".mpg", ".vob")) and any(
        not 0.5 < (after - before) * FPS < 1.5 for (before, _), (after, _) in pairwise(found)
    ):
        # Few images have a time, which FFmpeg gives to the wrong one.
        return [(found[0][0] + float(k / FPS), number) for k, (_, number) in enumerate(found)]
    return found


def ours(path, rate):
    """Return the time and the number of each sampled image, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = VideoFrameSampler(rate).sample(path)
        images = np.asarray(VideoFrameSampler(rate).transform(table))
    told = [str(warning.message) for warning in caught]
    return list(zip(table["time"], map(spelled, images), strict=True)), table, told


def differences(found, table, rate, expected, close):
    """Return what is wrong with the sampled images; None if nothing is."""
    times = [time for time, _ in expected]
    if rate is None:
        if len(found) != len(expected):
            return f"{len(found)} frames, {len(expected)} expected"
        for (time, number), (right_time, right) in zip(found, expected, strict=True):
            if number != right or abs(time - right_time) > close:
                return f"image {number} at {time:.3f} s, {right} at {right_time:.3f} s expected"
    end = float((table["time"] + table["duration"]).iloc[-1])
    if abs(end - times[-1] - (times[-1] - times[-2] if len(times) > 1 else end)) > 0.5:
        return f"it ends at {end:.3f} s, its last image is shown from {times[-1]:.3f} s on"
    moments = np.arange(0, end, 1 / rate) if rate else []
    allowed = set()
    for moment in moments:
        first, last = (max(bisect_right(times, moment + by) - 1, 0) for by in (-close, close))
        near = set(range(first, last + 1))
        allowed |= near
        if moment < end - close and not any(
            abs(time - times[which]) <= close and number == expected[which][1]
            for which in near
            for time, number in found
        ):
            return f"at {moment:.3f} s not image {expected[max(near)][1]}"
    for time, number in found if rate else []:
        if not any(
            abs(time - times[which]) <= close and number == expected[which][1] for which in allowed
        ):
            return f"image {number} at {time:.3f} s is on screen at no moment"
    shown = end - float(table["time"].iloc[0])
    if abs(float(table["duration"].sum()) - shown) > 1e-6:
        return f"durations add up to {table['duration'].sum():.3f} s, {shown:.3f} s are shown"
    return None


def judge(path, decodes, truth=None):
    """Return "equal", "told" or "WRONG", and the details."""
    path = str(path)
    expected = as_shown(path, decodes(path))
    close = CLOSE
    if truth and any(after <= before for (before, _), (after, _) in pairwise(expected)):
        # FFmpeg lets the parts of an edit list overlap by the delay of reordered images.
        expected, close = truth, 0.1
    told, wrong = [], []
    for rate in RATES:
        _demuxing._cached.cache_clear()  # so that it is told anew what is wrong with a file
        try:
            found, table, warned = ours(path, rate)
        except VideoError as error:
            return "told", str(error)
        told += warned
        problem = differences(found, table, rate, expected, close) if expected else "none expected"
        if problem:
            wrong.append(f"rate {rate}: {problem}")
    details = "; ".join([*wrong, *dict.fromkeys(told)])
    if not wrong:
        return "equal", details
    return ("told" if told else "WRONG"), details


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[""], help="files with this in their name")
    parser.add_argument("--reference", choices=["ffmpeg", "pyav"])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what differs here")
    parser.add_argument("-v", "--verbose", action="store_true", help="details of each file")
    options = parser.parse_args()
    os.environ["SVT_LOG"] = "0"
    av.logging.set_level(av.logging.PANIC)
    if options.reference is None:
        options.reference = "ffmpeg" if shutil.which("ffmpeg") else "pyav"
    decodes = {"ffmpeg": ffmpeg_decodes, "pyav": pyav_decodes}[options.reference]
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    counts = defaultdict(lambda: dict.fromkeys(["files", "equal", "told", "WRONG"], 0))
    with tempfile.TemporaryDirectory() as folder:
        for family in FAMILIES:
            for kind, path, *truth in family(Path(folder)):
                if any(word in path.name for word in options.only):
                    outcome, details = judge(path, decodes, *truth)
                    counts[kind]["files"] += 1
                    counts[kind][outcome] += 1
                    if outcome == "WRONG" or options.verbose:
                        print(f"{path.name}: {outcome} {details}", file=sys.stderr)
                    if options.keep and outcome != "equal":
                        shutil.copy(path, options.keep)
                path.unlink()
    table = pd.DataFrame(counts).T
    table.loc["all"] = table.sum()
    print(f"compared with {options.reference}")
    print(table.to_string())
    sys.exit(bool(table.loc["all", "WRONG"]))


if __name__ == "__main__":
    main()
