"""Read thousands of damaged videos and count how it ends.

    python benchmarks/damage.py [--number 2000] [--seed 0] [--processes 2] [--keep FOLDER]

Small videos in the usual containers are damaged in every way that files are: bits flipped, cut at
any place, blocks zeroed, overwritten, lost or doubled, headers of another video put in front. Each
is read through ``VideoFrameSampler`` and ``ImageResizer`` in a process of its own with a limit of
30 seconds. It must end in frames or in an error that names the file; a crash, a hang, any other
error, and a file descriptor or thread left behind is a failure of ours. The table counts the
outcomes by container; the exit status is 1 if there was a failure.
"""

import argparse
import gc
import multiprocessing
import os
import resource
import sys
import tempfile
import threading
import traceback
import warnings
from collections import Counter
from pathlib import Path

import av
import numpy as np
import pandas as pd

LIMIT = 30
MOST_MEMORY = 8 * 2**30
OUTCOMES = ["frames", "named error", "other error", "crash", "hang", "leak"]

# container: (codec, pixel format, B-frames, options for the container)
VIDEOS = {
    "mp4": ("libx264", "yuv420p", 2, {}),
    "fragmented.mp4": ("libx264", "yuv420p", 2, {"movflags": "frag_keyframe+empty_moov"}),
    "mov": ("mpeg4", "yuv420p", 2, {"movflags": "faststart"}),
    "mkv": ("libx264", "yuv420p", 2, {}),
    "webm": ("libvpx-vp9", "yuv420p", 0, {}),
    "avi": ("mpeg4", "yuv420p", 2, {}),
    "ts": ("libx264", "yuv420p", 2, {}),
    "flv": ("libx264", "yuv420p", 0, {}),
    "gif": ("gif", "rgb8", 0, {}),
    "h264": ("libx264", "yuv420p", 2, {}),
}


def make_video(path, codec, pix_fmt, b_frames, options, n_frames=60):
    """Write a video of a moving square with sound, as far as the container takes sound."""
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, pix_fmt
        stream.codec_context.gop_size = 12
        stream.codec_context.max_b_frames = b_frames
        sound = None
        if path.suffix in (".mp4", ".mov", ".mkv", ".ts"):
            sound = container.add_stream("aac", rate=44100, layout="mono")
        noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
        for number in range(n_frames):
            image = noise // 4
            image[20:50, number : number + 20] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
            if sound:
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), "f4"), "fltp", "mono")
                frame.sample_rate, frame.pts = 44100, 1024 * number
                container.mux(sound.encode(frame))
        for track in filter(None, (stream, sound)):
            container.mux(track.encode())


def damaged(data, other, rng):
    """Damage the bytes of a file in one of many ways; ``other`` is another video to borrow from."""
    data = bytearray(data)
    size = len(data)
    way = rng.choice(["bits", "header", "cut", "zeros", "noise", "lost", "doubled", "swapped"])
    length = int(rng.choice([1, 4, 16, 64, 512, 4096, size // 4]))
    begin = int(rng.integers(0, max(1, size - length)))
    if way in ("bits", "header"):
        places = size if way == "bits" else min(size, int(rng.choice([64, 512, 4096])))
        # Headers and indexes stand at either end of a file.
        offset = size - places if rng.random() < 0.5 else 0
        for place in rng.integers(0, places, int(rng.choice([1, 3, 10, 40, 200]))):
            data[offset + place] ^= 1 << int(rng.integers(8))
    elif way == "cut":
        near = int(rng.choice([16, 256, 4096, size]))
        where = int(rng.integers(0, min(near, size)))
        del data[where if rng.random() < 0.5 else size - where :]
    elif way == "zeros":
        data[begin : begin + length] = bytes(length)
    elif way == "noise":
        data[begin : begin + length] = rng.bytes(length)
    elif way == "lost":
        del data[begin : begin + length]
    elif way == "doubled":
        data[begin:begin] = data[begin : begin + length] * int(rng.choice([1, 3, 50]))
    else:
        data[:length] = other[:length]
    return bytes(data)


def read(path, rate, abandon):
    """Read a video as the package does; returns how it ends and, of failures, the details."""
    from sktime_screen import ImageResizer, VideoFrameSampler

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frames = ImageResizer((32, 32)).transform(VideoFrameSampler(rate).transform(path))
            for _ in frames.iter_batches(8):
                if abandon:
                    break
        return "frames", ""
    except ValueError as error:
        details = "".join(traceback.format_exception(error))
        return ("named error" if path in str(error) else "other error"), details
    except Exception as error:
        return "other error", "".join(traceback.format_exception(error))


def left_behind():
    """Count file descriptors and threads of ours."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count()


def work(jobs):
    """Answer jobs from a pipe until it closes."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    av.logging.set_level(av.logging.PANIC)
    before = None
    while True:
        path, rate, abandon = jobs.recv()
        before = before or left_behind()
        outcome, details = read(path, rate, abandon)
        after = left_behind()
        if after != before and outcome != "other error":
            outcome, details = "leak", f"descriptors and threads: {before}, then {after}"
        before = after
        jobs.send((outcome, details))


class Reader:
    """A process that reads videos; it is replaced when it crashes or hangs."""

    def __init__(self):
        self.process = None

    def read(self, *job):
        if self.process is None:
            self.jobs, theirs = multiprocessing.Pipe()
            context = multiprocessing.get_context("spawn")
            self.process = context.Process(target=work, args=(theirs,), daemon=True)
            self.process.start()
            theirs.close()
        self.jobs.send(job)
        try:
            if self.jobs.poll(LIMIT):
                return self.jobs.recv()
            return self.stop("hang", f"more than {LIMIT} s")
        except EOFError:
            self.process.join()
            return self.stop("crash", f"exit status {self.process.exitcode}")

    def stop(self, *outcome):
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None
        return outcome


def run(number, seed, processes, keep, folder):
    """Damage and read videos; returns a table of counts and the failures."""
    videos = {}
    for name, how in VIDEOS.items():
        path = folder / f"whole.{name}"
        make_video(path, *how)
        videos[name] = path.read_bytes()
    names = list(videos)
    counts = Counter()
    failures = []
    lock = threading.Lock()
    numbers = iter(range(number))

    def take_turns():
        reader = Reader()
        while True:
            with lock:
                variant = next(numbers, None)
            if variant is None:
                reader.stop()
                return
            rng = np.random.default_rng([seed, variant])
            name = names[variant % len(names)]
            other = videos[names[int(rng.integers(len(names)))]]
            path = folder / f"{variant}.{name}"
            path.write_bytes(damaged(videos[name], other, rng))
            rate = None if rng.random() < 0.5 else 5.0
            outcome, details = reader.read(str(path), rate, bool(rng.random() < 0.2))
            with lock:
                counts[name, outcome] += 1
                if outcome not in ("frames", "named error"):
                    failures.append((variant, name, outcome, details))
                    if keep:
                        (keep / path.name).write_bytes(path.read_bytes())
            path.unlink()

    turns = [threading.Thread(target=take_turns) for _ in range(processes)]
    for turn in turns:
        turn.start()
    for turn in turns:
        turn.join()
    table = pd.DataFrame(
        [[counts[name, outcome] for outcome in OUTCOMES] for name in names], names, OUTCOMES
    )
    table.loc["all"] = table.sum()
    return table, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=2000, help="damaged videos")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep videos that fail here")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        table, failures = run(
            options.number, options.seed, options.processes, options.keep, Path(folder)
        )
    for variant, name, outcome, details in failures:
        print(f"variant {variant} ({name}): {outcome}\n{details.strip()}\n", file=sys.stderr)
    print(table.to_string())
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
