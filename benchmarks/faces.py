"""Measure who people are told to be by their faces.

    python benchmarks/faces.py STILLS.csv [--heights 16 24 32 48 64 96] [--portraits 1 3 10]
        [--detector FILE] [--embedding FILE] [--detection-size 640] [--min-score 0.8]
        [--json FILE]

STILLS.csv has the columns ``Image_ID``, the path of an image beside it, ``Class``, who it shows,
and ``group``: images of one group are nearly the same, and are always on one side of a split. Who
is on an image is what most of the three nearest faces of other groups say, by the largest face of
each; the detector is less sure than 0.8 of faces from the side. For the heights, images are scaled
so that this face is so many pixels high, and put into a frame of 640 x 360 pixels; those they are
compared to stay as they are.
"""

import argparse
import json
import os
import time
from functools import partial

import cv2
import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from sktime_screen import FaceFeatures
from sktime_screen.features import unpack_faces
from sktime_screen.features._face_detection import compute_overlaps

# A face is the one that was found at the full size if their boxes share this much of their union.
SAME = 0.3
N_FOLDS = 5
DRAWS = 20
FULL = 0
FRAME = 360, 640


def read(path):
    return cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)


def scale(image, factor):
    size = [max(1, round(side * factor)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def put_into_frame(image):
    height, width = image.shape[:2]
    frame = np.zeros((max(FRAME[0], height), max(FRAME[1], width), 3), np.uint8)
    frame[:height, :width] = image
    return frame


def find_faces(features, images):
    """Return the faces of images, and the seconds of processor time an image that took."""
    parts, begun = [], time.process_time()
    for start in range(0, len(images), 32):
        parts.append(features.transform([read() for read in images[start : start + 32]]))
    table = pd.DataFrame(np.concatenate(parts), columns=features.get_feature_names_out())
    return unpack_faces(table), (time.process_time() - begun) / max(1, len(images))


def name_by_nearest(gallery, names, faces, n=3):
    """Return what most of the nearest faces are called, and of as many the nearest's name."""
    similar = faces @ gallery.T
    nearest = np.argsort(-similar, axis=1)[:, :n]
    found = []
    for row, places in enumerate(nearest):
        votes = pd.Series(1 + 1e-3 * similar[row, places]).groupby(names[places]).sum()
        found.append(votes.idxmax())
    return np.array(found)


def measure_stills(path, options):
    stills = pd.read_csv(path)
    folder = os.path.dirname(path)
    paths = [os.path.join(folder, name) for name in stills["Image_ID"]]
    features = FaceFeatures(
        options.detector,
        options.embedding,
        detection_size=options.detection_size,
        min_score=options.min_score,
    ).fit([])
    full, seconds = find_faces(features, [partial(read, path) for path in paths])
    found = full.scores[:, 0] > 0
    sizes = np.array([read(path).shape[0] for path in paths])
    heights = (full.boxes[:, 0, 3] - full.boxes[:, 0, 1]) * sizes
    who = stills["Class"].to_numpy()
    folds = list(
        StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0).split(
            stills, who, stills["group"]
        )
    )
    rows = []
    for height in (FULL, *options.heights):
        chosen = np.flatnonzero(found & (heights >= height))
        vectors = np.zeros((len(stills), full.embeddings.shape[2]), np.float32)
        if height == FULL:
            vectors[chosen] = full.embeddings[chosen, 0]
            is_found = found
            per_image = seconds
            chosen = np.arange(len(stills))
        else:
            small = [scale(read(paths[k]), height / heights[k]) for k in chosen]
            faces, per_image = find_faces(features, [partial(put_into_frame, s) for s in small])
            shares = [
                np.divide(image.shape[1::-1], put_into_frame(image).shape[1::-1]) for image in small
            ]
            expected = full.boxes[chosen, :1] * np.tile(shares, 2)[:, None]
            same = compute_overlaps(faces.boxes, expected)[0] * (faces.scores > 0)
            best = same.argmax(axis=1)
            is_found = np.zeros(len(stills), bool)
            is_found[chosen] = same.max(axis=1) >= SAME
            vectors[chosen] = faces.embeddings[np.arange(len(chosen)), best]
        right = []
        for train, test in folds:
            train, test = train[found[train]], test[is_found[test]]
            named = name_by_nearest(full.embeddings[train, 0], who[train], vectors[test])
            right.extend(named == who[test])
        rows.append(
            {
                "height": height or "as they are",
                "images": len(chosen),
                "found": is_found[chosen].mean(),
                "right of found": np.mean(right) if right else np.nan,
                "CPU ms an image": 1000 * per_image,
            }
        )
    return pd.DataFrame(rows).set_index("height"), measure_portraits(stills, full, options)


def measure_portraits(stills, faces, options):
    """Return how many of the other groups are right, by the number of portraits an actor."""
    who, groups = stills["Class"].to_numpy(), stills["group"].to_numpy()
    found = faces.scores[:, 0] > 0
    rows = []
    for n in options.portraits:
        shares = []
        for seed in range(DRAWS):
            random = np.random.default_rng(seed)
            order = random.permutation(np.flatnonzero(found))
            _, first = np.unique(groups[order], return_index=True)
            order = order[np.sort(first)]  # one of a group
            gallery = np.concatenate([order[who[order] == name][:n] for name in np.unique(who)])
            test = found & ~np.isin(groups, groups[gallery])
            named = name_by_nearest(
                faces.embeddings[gallery, 0], who[gallery], faces.embeddings[test, 0], min(n, 3)
            )
            shares.append((named == who[test]).mean())
        rows.append({"portraits": n, "right": np.mean(shares), "worst draw": min(shares)})
    return pd.DataFrame(rows).set_index("portraits")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stills")
    parser.add_argument("--heights", type=int, nargs="*", default=[16, 24, 32, 48, 64, 96])
    parser.add_argument("--portraits", type=int, nargs="*", default=[1, 3, 10])
    parser.add_argument("--detector", default="yunet")
    parser.add_argument("--embedding", default="sface")
    parser.add_argument("--detection-size", type=int, default=640)
    parser.add_argument("--min-score", type=float, default=0.8)
    parser.add_argument("--json")
    options = parser.parse_args()
    by_height, by_portraits = measure_stills(options.stills, options)
    print(by_height.round(4).to_string(), by_portraits.round(4).to_string(), sep="\n\n")
    if options.json:
        with open(options.json, "w") as file:
            tables = {
                "heights": by_height.reset_index().to_dict("records"),
                "portraits": by_portraits.reset_index().to_dict("records"),
            }
            json.dump(tables, file, indent=1)


if __name__ == "__main__":
    main()
