"""Kill the feature extraction at random moments, resume it, and check what is stored.

    python benchmarks/kill_and_resume.py VIDEO [--kills 50]

Each run goes on from the features on disk and is killed (SIGKILL) at a random moment. After every
kill the rows that were stored before must still be there, unchanged; a last run is left alone, and
its features must equal those of an undisturbed one, bit for bit.
"""

import argparse
import multiprocessing
import os
import sqlite3
import tempfile
import time

import numpy as np

from sktime_screen import FeatureStore, ImageResizer, PretrainedCNNFeatures, VideoFrameSampler


def extract(video, folder, result=None):
    frames = VideoFrameSampler(rate=None).transform(video)
    frames = ImageResizer((224, 224)).transform(frames)
    features = PretrainedCNNFeatures(memory=folder).fit_transform(frames)
    if result:
        np.save(result, features.to_numpy())


def stored(folder):
    path = os.path.join(folder, "features.sqlite")
    if not os.path.exists(path):
        return {}
    with sqlite3.connect(path, timeout=60) as database:
        try:
            return dict(database.execute("SELECT key, vector FROM features"))
        except sqlite3.OperationalError:
            return {}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video")
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    processes = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as scratch:
        whole, broken = os.path.join(scratch, "whole"), os.path.join(scratch, "broken")
        begin = time.perf_counter()
        extract(options.video, whole, os.path.join(scratch, "whole.npy"))
        undisturbed = time.perf_counter() - begin
        frames = len(FeatureStore(whole))
        kills = at_work = lost = 0
        before = {}
        while kills < options.kills:
            if len(before) > 0.8 * frames:
                FeatureStore(broken).clear()
                before = {}
            child = processes.Process(target=extract, args=(options.video, broken))
            child.start()
            deadline = time.monotonic() + 120
            while len(stored(broken)) == len(before) and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(generator.uniform(0, 0.5))
            at_work += child.is_alive()
            child.kill()
            child.join()
            kills += 1
            after = stored(broken)
            lost += sum(after.get(key) != vector for key, vector in before.items())
            before = after
            print(f"kill {kills}: {len(after)} of {frames} frames stored", flush=True)
        extract(options.video, broken, os.path.join(scratch, "broken.npy"))
        same = np.array_equal(
            np.load(os.path.join(scratch, "whole.npy")),
            np.load(os.path.join(scratch, "broken.npy")),
        )
    print(f"{kills} kills, {at_work} at work; {lost} stored rows lost or changed")
    print(f"final features equal to an undisturbed run ({undisturbed:.0f} s): {same}")


if __name__ == "__main__":
    main()
