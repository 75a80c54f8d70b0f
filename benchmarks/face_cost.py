"""Measure what faces cost beside the maps of the recommended pipeline.

    python benchmarks/face_cost.py VIDEO [--rate 1]

Seconds of processor time a frame, of all cores together: of decoding alone, at the size for maps
and as recorded, and of both features, each with its own decoding.
"""

import argparse
import time

from sktime_screen import FaceFeatures, recommended_pipeline


def measure(run):
    begun = time.process_time()
    run()
    return time.process_time() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video")
    parser.add_argument("--rate", type=float, default=1)
    options = parser.parse_args()
    pipeline = recommended_pipeline(rate=options.rate)
    frames = pipeline[:2].fit_transform([options.video])
    maps, faces = pipeline[2].fit(frames), FaceFeatures().fit(frames)
    for features in (maps, faces):
        features.transform(frames[:2])  # networks are made ready
    for name, run in {
        "decoding for maps": lambda: list(frames.iter_batches(4)),
        "decoding as recorded": lambda: list(frames.resize(None).iter_images()),
        "maps": lambda: maps.transform(frames),
        "faces": lambda: faces.transform(frames),
    }.items():
        print(f"{name}: {measure(run) / len(frames):.4f} s")


if __name__ == "__main__":
    main()
