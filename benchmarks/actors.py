"""Measure how well actors are told by portraits, by labels, and by both.

    python benchmarks/actors.py STILLS.csv [--portraits 1 3 10] [--faces-only] [--json FILE]
    python benchmarks/actors.py VIDEO LABELS.csv --portraits FOLDER [--own-labels N] [--json FILE]

STILLS.csv has the columns ``Image_ID``, the path of an image beside it, ``Class``, who it shows,
and ``group``: images of one group are nearly the same, and are always on one side of a split. Who
is on an image is told by faces, by maps of the whole image and by both joined, each taught by so
many images of an actor, and by four fifths of all groups.

LABELS.csv has the columns ``time`` (or what else `load_label_csv` reads) and one 0/1 column a
character. FOLDER has a folder of pictures for each. Without own labels the portraits are all that
is known. With N, that many frames of the video that the package chooses are labelled as well, and
the others are measured. Printed are, by character, the share of frames that are right, the average
precision and the seconds. Portraits without a face are left out, and those with several are cut to
one.
"""

import argparse
import contextlib
import functools
import json
import os
import shutil
import tempfile
import warnings

import cv2
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedGroupKFold

from sktime_screen import (
    FaceClassifier,
    FaceFeatures,
    VideoFrameSampler,
    load_label_csv,
    recommended_pipeline,
    suggest_frames,
)
from sktime_screen.classify import find_main_faces
from sktime_screen.features import find_face_columns, unpack_faces
from sktime_screen.video import FrameSequence, list_class_images

DRAWS = {1: 20, 3: 20, 10: 10}
# Maps take a minute to learn from: few draws of them.
DRAWS_OF_MAPS = 2
N_FOLDS = 5
ALL = "4/5 of all"


def make_extractor(cache_dir):
    """Return the steps from images to the table of maps and faces."""
    return recommended_pipeline(memory=cache_dir, faces=True)[1:3]


def take_maps(features):
    """Return the columns of maps, as the transformer of maps alone makes them."""
    maps = features.iloc[:, : int(find_face_columns(features).argmax())]
    maps = maps.set_axis(range(maps.shape[1]), axis=1)
    maps.attrs = features.attrs
    return maps


def measure_stills(path, numbers, with_maps, cache_dir):
    """Return the shares of stills that are right, a row a number of portraits."""
    stills = pd.read_csv(path)
    images = [os.path.join(os.path.dirname(path), name) for name in stills["Image_ID"]]
    table = pd.DataFrame(
        {"video": "stills", "time": range(len(stills)), "duration": 1.0, "image": images}
    )
    extract = make_extractor(cache_dir) if with_maps else FaceFeatures(memory=cache_dir)
    features = extract.fit_transform(FrameSequence(table))
    # Stills are no frames that follow each other.
    features = features.reset_index(drop=True)
    who, groups = stills["Class"].to_numpy(object), stills["group"].to_numpy()
    mean, spread = measure_impostors(features, who, groups)
    print(f"Cosine with the mean of another's three portraits: {mean:.3f} +- {spread:.3f}")
    rows = []
    for number in numbers:
        for draw in range(DRAWS.get(number, 5)):
            train, test = draw_portraits(who, groups, features, number, draw)
            maps = with_maps and draw < DRAWS_OF_MAPS
            rows.append({"taught by": number, **judge(features, who, train, test, maps)})
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    for train, test in folds.split(stills, who, groups):
        rows.append({"taught by": ALL, **judge(features, who, train, test, with_maps)})
    return pd.DataFrame(rows).groupby("taught by", sort=False).mean()


def measure_impostors(features, who, groups):
    """Return mean and standard deviation of cosines with the mean of another's three portraits."""
    found = []
    for draw in range(DRAWS[3]):
        train, test = draw_portraits(who, groups, features, 3, draw)
        faces = unpack_faces(features).embeddings[:, 0]
        for name in np.unique(who):
            centre = faces[train[who[train] == name]].mean(axis=0)
            found.append(faces[test[who[test] != name]] @ (centre / np.linalg.norm(centre)))
    found = np.concatenate(found)
    return found.mean(), found.std()


def draw_portraits(who, groups, features, number, seed):
    """Return rows of so many stills an actor with one face each, and those of other groups."""
    single = (unpack_faces(features).scores > 0).sum(axis=1) == 1
    order = np.random.default_rng(seed).permutation(np.flatnonzero(single))
    order = order[np.sort(np.unique(groups[order], return_index=True)[1])]
    train = np.concatenate([order[who[order] == name][:number] for name in np.unique(who)])
    return train, np.flatnonzero(~np.isin(groups, groups[train]))


def judge(features, who, train, test, with_maps):
    """Return the shares of rows that each way of telling actors gets right."""
    learned, asked = features.iloc[train], features.iloc[test]
    names = np.unique(who)
    portraits = {name: unpack_faces(learned[who[train] == name]) for name in names}
    with given_portraits(portraits):
        head = FaceClassifier("given").fit(learned[:1])
        found = names[head.predict_proba(asked).argmax(axis=1)]
    by_labels = FaceClassifier().fit(learned, who[train]).predict(asked)
    right = {"portraits": found == who[test], "labels": by_labels == who[test]}
    if with_maps:
        heads = {
            "maps": recommended_pipeline(random_state=0)[-2],
            "joined": recommended_pipeline(faces=True, random_state=0)[-2],
        }
        few = len(train) < 3 * len(names)
        for name, head in heads.items():
            if few and name == "joined":
                continue
            # Too few rows to hold any out.
            head = clone(head.estimator if few else head)
            view = (take_maps(learned), take_maps(asked)) if name == "maps" else (learned, asked)
            if few:
                head.fit(view[0], who[train])
            else:
                head.fit_transform(view[0], who[train])
            right[name] = head.predict(view[1]) == who[test]
    return {name: shares.mean() for name, shares in right.items()}


@contextlib.contextmanager
def given_portraits(faces):
    """Let a `FaceClassifier` take faces that are there already for those of its portraits."""
    from sktime_screen.classify import _face_classifier

    read = _face_classifier.read_portraits
    _face_classifier.read_portraits = lambda folder, features: {
        name: of_one.embeddings[:, 0].astype(np.float64) for name, of_one in faces.items()
    }
    try:
        yield
    finally:
        _face_classifier.read_portraits = read


def measure_video(options, cache_dir):
    """Return, for each way of telling actors, a table of figures with a row a character."""
    X, y = load_video_labels(options.source, options.labels)
    # Maps are dear: they are looked at a frame a second.
    rate = 1 if options.own_labels else options.rate
    frames, measured = add_frames_between(X, rate)
    with tempfile.TemporaryDirectory() as folder:
        portraits = keep_usable_portraits(options.portraits, y.columns.tolist(), folder)
        pipelines = {}
        if options.own_labels:
            make = functools.partial(recommended_pipeline, memory=cache_dir, random_state=0)
            pipelines["maps"] = make()
            if portraits:
                pipelines["faces"] = make(head="faces", portraits=portraits)
            pipelines["joined"] = make(faces=True, portraits=portraits)
            extract = pipelines["maps"][:3]
            sample = suggest_frames(X, options.own_labels, features=extract, random_state=0)
            own = X.index.get_indexer(sample.index)
        else:
            if portraits:
                pipelines["portraits"] = recommended_pipeline(
                    head="faces", portraits=portraits, memory=cache_dir
                )
            own = np.empty(0, int)
        tables = {}
        for name, pipeline in pipelines.items():
            if len(own):
                pipeline.fit(X.iloc[own], y.iloc[own])
            else:
                pipeline.fit(frames[:1])
            columns = [str(name) for name in pipeline[-1].class_names_]
            found = pd.DataFrame(pipeline.predict_proba(frames)[measured], columns=columns)
            shown = pd.DataFrame(pipeline.predict(frames)[measured], columns=columns)
            tables[name] = compare(X, y, found, shown, own)
        if not tables:
            nothing = pd.DataFrame(index=range(len(y)))
            tables["nothing"] = compare(X, y, nothing, nothing, own)
    return tables


def load_video_labels(video, labels):
    """Return the labelled frames of a video, and a table with a column a character."""
    video = os.path.abspath(video)
    known = pd.read_csv(labels, sep=None, engine="python")
    names = {os.path.basename(str(name)) for name in known.get("video", [])}
    with tempfile.TemporaryDirectory() as folder:
        if len(names) < 2 and not names & {os.path.basename(video)} and "Image_ID" not in known:
            # Labels of one video, which was called otherwise or not at all.
            known = known.drop(columns="video", errors="ignore")
            known.insert(0, "video", video)
            labels = os.path.join(folder, "labels.csv")
            known.to_csv(labels, index=False)
        rate = None if "time" in known else 1
        X, y = load_label_csv(labels, video=video, rate=rate, missing="drop")
    if isinstance(y, pd.Series):
        y = pd.get_dummies(y).astype(int)
    return X, y.rename(columns=str)


def add_frames_between(X, rate):
    """Return a table of frames of the video, and which of them are labelled, in order.

    Faces are followed from frame to frame, so frames between labels help.
    """
    sampled = VideoFrameSampler(rate=rate).sample(X["video"].unique().tolist())
    distances = np.abs(sampled["time"].to_numpy()[:, None] - X["time"].to_numpy())
    if distances.min(axis=0).max() < 1e-3:
        measured = distances.argmin(axis=0)
        sampled.loc[measured, "time"] = X["time"].to_numpy()
        return sampled, measured
    left = sampled[distances.min(axis=1) > 0.25 / rate]
    if rate <= 1 and X["duration"].sum() > 0.8 * sampled["duration"].sum():
        left = left[:0]
    # Each stands for the time to the next one.
    together = pd.concat([X, left], ignore_index=True)[["video", "time"]]
    order = np.argsort(together["time"].to_numpy(), kind="stable")
    frames = together.iloc[order].reset_index(drop=True)
    steps = np.diff(frames["time"])
    frames["duration"] = np.append(steps, np.median(steps) if len(steps) else 1.0).clip(1e-3, 1.0)
    return frames, np.argsort(order)[: len(X)]


def keep_usable_portraits(source, characters, folder):
    """Copy the portraits of the characters, cut to one face; return where to, None for none.

    Of several faces that one is taken which is most like those of the person's other portraits.
    """
    called = {name.strip().casefold(): name for name in characters}
    features = FaceFeatures().fit([])
    found = {}
    for person, file in sorted(list_class_images(source)) if source else ():
        name = called.get(person.strip().casefold())
        path = os.path.join(source, person, file)
        if name is None:
            print(f"Left out {path}: no labels of {person!r}.")
            continue
        faces, main, n_faces = look_at(path, features)
        if n_faces:
            found.setdefault(name, []).append((path, faces, main, n_faces))
        else:
            print(f"Left out {path}: no face.")
    for name, portraits in found.items():
        single = [faces.embeddings[0, main] for _, faces, main, n_faces in portraits if n_faces < 2]
        os.makedirs(os.path.join(folder, name))
        for path, faces, main, n_faces in portraits:
            target = os.path.join(folder, name, os.path.basename(path))
            if n_faces == 1:
                shutil.copy(path, target)
                continue
            if single:
                main = int((faces.embeddings[0] @ np.mean(single, axis=0)).argmax())
            print(f"Cut {path} to one of {n_faces} faces.")
            image = cv2.imread(path)
            left, top, right, bottom = faces.boxes[0, main] * np.tile(image.shape[1::-1], 2)
            room = 0.25 * (bottom - top)
            rows = slice(max(0, int(top - room)), int(bottom + room))
            cv2.imwrite(target, image[rows, max(0, int(left - room)) : int(right + room)])
            if look_at(target, features)[2] != 1:
                os.remove(target)
                print(f"Left out {path}.")
        if not os.listdir(os.path.join(folder, name)):
            os.rmdir(os.path.join(folder, name))
    return folder if os.listdir(folder) else None


def look_at(path, features):
    """Return the faces of an image, the number of the main one and how many are as good."""
    table = pd.DataFrame({"video": [path], "time": 0.0, "duration": 1.0, "image": [path]})
    faces = unpack_faces(features.transform(FrameSequence(table)))
    return faces, *(int(values[0]) for values in find_main_faces(faces))


def compare(X, y, found, shown, own):
    """Return the figures of each character; who is not known is never seen."""
    found, shown = (table.reindex(columns=y.columns, fill_value=0) for table in (found, shown))
    others = np.setdiff1d(np.arange(len(y)), own)
    durations = X["duration"].to_numpy()
    rows = {}
    for name in y.columns:
        truth = y[name].to_numpy()
        precision = None
        if truth[others].any():
            scores = found[name].to_numpy()[others]
            precision = float(average_precision_score(truth[others], scores))
        rows[name] = {
            "frames_right": float((shown[name].to_numpy() == truth)[others].mean()),
            "average_precision": precision,
            "seconds_predicted": float(durations @ shown[name]),
            "seconds_true": float(durations @ truth),
        }
    return pd.DataFrame(rows).T.astype(object)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", metavar="STILLS.csv or VIDEO")
    parser.add_argument("labels", metavar="LABELS.csv", nargs="?")
    parser.add_argument("--portraits", nargs="*", default=[], help="numbers, or a folder")
    parser.add_argument("--faces-only", action="store_true", help="no maps, which take an hour")
    parser.add_argument("--own-labels", type=int, default=0)
    parser.add_argument("--rate", type=float, default=4, help="frames a second, without labels")
    parser.add_argument("--cache-dir", metavar="FOLDER", help="where features are kept")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "No interval|Intervals are too narrow|Portraits look more")
    with tempfile.TemporaryDirectory() as folder:
        cache_dir = options.cache_dir or folder
        if options.labels is None:
            numbers = [int(number) for number in options.portraits or (1, 3, 10)]
            table = measure_stills(options.source, numbers, not options.faces_only, cache_dir)
            print(table.round(4).to_string())
            found = {"stills": table.T.to_dict()}
        else:
            options.portraits = options.portraits[0] if options.portraits else None
            tables = measure_video(options, cache_dir)
            for name, table in tables.items():
                print(
                    f"\n{name}\n{table.astype(float).round(3).to_string()}\nmean\n{table.astype(float).mean().round(3).to_string()}"
                )
            found = {name: table.T.to_dict() for name, table in tables.items()}
            # What is recommended comes last.
            found = {"characters": found[list(found)[-1]], "ways": found}
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
