"""Measure what faces cost beside the maps of the recommended pipeline.

    python benchmarks/face_cost.py VIDEO [--rate 1] [--repeats 3]

Seconds of processor time a frame, of all cores together: of decoding alone, at the size for maps
and as recorded; of each kind of features with its own decoding; and of both, decoded once. Each the
least of several, in turns.
"""

import argparse
import time

from sktime_screen import recommended_pipeline


def measure(run):
    begun = time.process_time()
    run()
    return time.process_time() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video")
    parser.add_argument("--rate", type=float, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    pipeline = recommended_pipeline(rate=options.rate, faces=True)
    frames = pipeline[:2].fit_transform([options.video])
    together = pipeline[2].fit(frames)
    maps, faces = together.images_, together.faces_
    together.transform(frames[:2])  # networks are made ready
    ways = {
        "decoding for maps": lambda: list(frames.iter_batches(4)),
        "decoding as recorded": lambda: list(frames.resize(None).iter_images()),
        "maps": lambda: maps.transform(frames),
        "faces": lambda: faces.transform(frames),
        "both": lambda: together.transform(frames),
    }
    found = {name: [] for name in ways}
    for _ in range(options.repeats):
        for name, run in ways.items():
            found[name].append(measure(run) / len(frames))
    least = {name: min(times) for name, times in found.items()}
    for name, seconds in least.items():
        print(f"{name}: {seconds:.4f} s")
    apart = least["maps"] + least["faces"]
    print(f"each for itself / maps: {apart / least['maps']:.2f}")
    print(f"both / maps: {least['both'] / least['maps']:.2f}")


if __name__ == "__main__":
    main()
