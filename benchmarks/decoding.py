"""From videos to images of 224 x 224: ours beside OpenCV, FFmpeg's command, decord and torchcodec.

    python benchmarks/decoding.py [--videos VIDEO ...] [--rounds 5] [--ways ours opencv ...]
    python benchmarks/decoding.py --memory [--videos VIDEO] [--hours 2]

Videos are drawn by the package unless some are given: 360, 720 and 1080 lines, key frames 250 and
48 frames apart. Each measurement is a process of its own, and the ways take turns, so that all meet
the same machine. Time and memory count from when everything is imported. The tables give
medians, and in parentheses the ratio of ours to each way: below 1 ours needs less. ``--memory``
makes one video as long as asked for by repeating its packets, and gives the peak memory beyond what
imports need.
"""

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

SIZE = 224
HEIGHTS = (360, 720, 1080)
KEY_DISTANCES = (250, 48)


def ours(path, rate):
    from sktime_screen import ImageResizer, VideoFrameSampler

    yield
    frames = ImageResizer((SIZE, SIZE)).transform(VideoFrameSampler(rate=rate).transform(path))
    yield sum(len(images) for _, images in frames.iter_batches(32))


def opencv(path, rate):
    """Frames in between are grabbed but not retrieved, the best that its reader can do."""
    import cv2

    yield
    video = cv2.VideoCapture(path)
    fps = video.get(cv2.CAP_PROP_FPS)
    number = taken = 0
    while video.grab():
        if rate is None or number >= taken * fps / rate:
            _, image = video.retrieve()
            image = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
            cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            taken += 1
        number += 1
    video.release()
    yield taken


def tutorials(path, rate):
    """Each frame read, those asked for written as JPEG, read again, resized by scikit-image."""
    import cv2
    from skimage.transform import resize

    yield
    video = cv2.VideoCapture(path)
    step = 1 if rate is None else int(video.get(cv2.CAP_PROP_FPS) // rate)
    number = taken = 0
    with tempfile.TemporaryDirectory() as folder:
        while True:
            more, image = video.read()
            if not more:
                break
            if number % step == 0:
                file = os.path.join(folder, f"{number}.jpg")
                cv2.imwrite(file, image)
                resize(cv2.imread(file), (SIZE, SIZE), preserve_range=True)
                taken += 1
            number += 1
    yield taken


def ffmpeg(path, rate):
    yield
    filters = f"scale={SIZE}:{SIZE}" if rate is None else f"fps={rate},scale={SIZE}:{SIZE}"
    command = ["ffmpeg", "-v", "error", "-i", path, "-an", "-vf", filters, "-fps_mode"]
    command += ["passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
    n_bytes = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while block := process.stdout.read(1 << 20):
            n_bytes += len(block)
    yield n_bytes // (SIZE * SIZE * 3)


def decord(path, rate):
    import decord

    yield
    video = decord.VideoReader(path, width=SIZE, height=SIZE)
    times = video.get_frame_timestamp(range(len(video)))[:, 0]
    yield _in_batches(lambda numbers: video.get_batch(numbers).asnumpy(), times, rate)


def torchcodec(path, rate):
    import cv2
    from torchcodec.decoders import VideoDecoder

    yield
    video = VideoDecoder(path, dimension_order="NHWC", num_ffmpeg_threads=0)
    times = [number / video.metadata.average_fps for number in range(len(video))]

    def batch(numbers):
        for image in video.get_frames_at(numbers).data.numpy():
            cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)

    yield _in_batches(batch, times, rate)


def _in_batches(read, times, rate):
    numbers, taken = [], 0
    for number, moment in enumerate(times):
        if rate is None or moment + 1e-6 >= taken / rate:
            numbers.append(number)
            taken += 1
    for begin in range(0, len(numbers), 32):
        read(numbers[begin : begin + 32])
    return taken


WAYS = {way.__name__: way for way in (ours, opencv, ffmpeg, decord, torchcodec, tutorials)}
# The tutorials' way takes tens of times longer: ask for it with --ways.
USUAL = ["ours", "opencv", "ffmpeg", "decord", "torchcodec"]


def measure_here(way, path, rate):
    """Run one way in this process; its imports come before its first ``yield``."""
    steps = WAYS[way](path, rate)
    next(steps)
    memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu = _cpu_seconds()
    begin = time.perf_counter()
    frames = next(steps)
    wall = time.perf_counter() - begin
    own, children = (
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = children if way == "ffmpeg" else own - memory_before
    return {
        "frames": frames,
        "wall": wall,
        "cpu": _cpu_seconds() - cpu,
        "memory": peak * unit / 2**20,
    }


def _cpu_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure(way, path, rate):
    """Run one way in a fresh process; None where it fails."""
    command = [sys.executable, __file__, "--one", way, path, str(rate)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        print(f"{way} failed: {result.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(result.stdout.splitlines()[-1])


def installed(way):
    if way == "ffmpeg":
        return shutil.which(way) is not None
    module = {"decord": "decord", "torchcodec": "torchcodec", "tutorials": "skimage"}.get(way)
    return module is None or importlib.util.find_spec(module) is not None


def compare(videos, ways, rounds):
    """Print a table for each rate: wall and CPU seconds and memory of each way."""
    for rate in (1, None):
        rows = []
        for path in videos:
            for _ in range(rounds):
                for way in ways:
                    result = measure(way, path, rate)
                    if result:
                        rows.append({"video": Path(path).stem, "way": way, **result})
        medians = pd.DataFrame(rows).groupby(["video", "way"], sort=False).median()
        frame = medians.reset_index("way")
        for column in ("wall", "cpu"):
            own = medians[column].xs("ours", level="way").reindex(frame.index)
            ratio = own.to_numpy() / frame[column].to_numpy()
            frame[column] = [
                f"{seconds:.2f} ({share:.2f})"
                for seconds, share in zip(frame[column], ratio, strict=True)
            ]
        frame[["frames", "memory"]] = frame[["frames", "memory"]].round().astype(int)
        frame.columns = ["way", "frames", "wall, s", "CPU, s", "memory, MiB"]
        print("\nevery frame" if rate is None else f"\n{rate} frame a second")
        print(frame.to_string())


def make_videos(folder, seconds):
    """Draw videos of every height and encode them with key frames far apart and close."""
    from sktime_screen.datasets import make_cartoon_video

    paths = []
    for height in HEIGHTS:
        drawn = folder / f"{height}.mp4"
        make_cartoon_video(drawn, seconds, size=(height, height * 16 // 9))
        for distance in KEY_DISTANCES:
            path = folder / f"{height}_keys_{distance}.mp4"
            encode(drawn, path, distance)
            paths.append(str(path))
    return paths


def encode(source, target, key_distance):
    import av

    with av.open(str(source)) as video, av.open(str(target), "w") as container:
        images = video.streams.video[0]
        images.thread_type = "AUTO"
        stream = container.add_stream("libx264", rate=images.average_rate)
        stream.width, stream.height, stream.pix_fmt = images.width, images.height, "yuv420p"
        stream.options = {"crf": "21", "preset": "medium", "g": str(key_distance)}
        for frame in video.decode(images):
            frame.pict_type = 0
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def repeat(source, target, seconds):
    """Copy a video's packets over and over until it is as long as asked for."""
    import av

    with av.open(str(target), "w") as container:
        stream, offset, made = None, 0, 0
        while made < seconds:
            with av.open(str(source)) as video:
                images = video.streams.video[0]
                stream = stream or container.add_stream_from_template(images)
                packets = [packet for packet in video.demux(images) if packet.size]
                length = max(packet.pts + packet.duration for packet in packets)
                for packet in packets:
                    packet.pts += offset
                    packet.dts += offset
                    packet.stream = stream
                    container.mux(packet)
                offset += length
                made += length * images.time_base


def memory(source, hours, folder):
    """Print the peak memory of sampling a long video."""
    path = str(folder / "long.mp4")
    repeat(source, path, hours * 3600)
    for rate in (1, None):
        result = measure("ours", path, rate)
        print(
            f"{hours:g} h, {'every frame' if rate is None else f'{rate} frame a second'}: "
            f"{result['frames']} frames, {result['memory']:.0f} MiB beyond imports, "
            f"{result['wall']:.0f} s"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", nargs="+", metavar="VIDEO")
    parser.add_argument("--seconds", type=float, default=60, help="length of videos drawn here")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=USUAL)
    parser.add_argument("--memory", action="store_true", help="peak memory of a long video")
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, path, rate = options.one
        result = measure_here(way, path, None if rate == "None" else float(rate))
        print(json.dumps(result))
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        if options.memory:
            if options.videos:
                source = options.videos[0]
            else:
                from sktime_screen.datasets import make_cartoon_video

                source = folder / "short.mp4"
                make_cartoon_video(source, options.seconds)
            memory(source, options.hours, folder)
            return
        videos = options.videos or make_videos(folder, options.seconds)
        ways = [way for way in options.ways if installed(way)]
        compare(videos, ways, options.rounds)


if __name__ == "__main__":
    main()
