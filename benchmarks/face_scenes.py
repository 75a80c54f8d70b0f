"""Measure seconds from portraits by the size of faces, on scenes composed of stills.

    python benchmarks/face_scenes.py STILLS.csv [--heights 24 32 48] [--seconds 90] [--seeds 2 3]

STILLS.csv is that of ``actors.py``. A scene has shots of 3 to 8 seconds: one to three people before
a moving background, their heads cut out of a few stills of each and scaled so that faces are so
many pixels high in images of 640 x 360. Shots differ in light and sharpness. People move, many are
seen half from the side, and half of them turn away for a while, so that only hair is seen. Two
thirds of the actors have three portraits each, of other groups of stills; the others are strangers.
Who is there is known of every frame, turned away or not.
"""

import argparse
import os
import tempfile
import warnings
from fractions import Fraction

import av
import cv2
import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from sktime_screen import FaceClassifier, FaceFeatures, VideoFrameSampler
from sktime_screen.features import unpack_faces
from sktime_screen.video import FrameSequence

HEIGHT, WIDTH, FPS = 360, 640, 8
N_PORTRAITS = 3
# Stills of each actor in a scene: in one episode people look much alike.
N_LOOKS = 4
# Of the height of a face: how far a head reaches beyond it.
ABOVE, BESIDE, BELOW = 0.55, 0.5, 0.6


def look_at_stills(path, cache_dir):
    """Return the stills with one face, with its box in pixels."""
    stills = pd.read_csv(path)
    images = [os.path.join(os.path.dirname(path), name) for name in stills["Image_ID"]]
    table = pd.DataFrame({"video": "stills", "time": range(len(stills)), "duration": 1.0})
    frames = FrameSequence(table.assign(image=images))
    faces = unpack_faces(FaceFeatures(memory=cache_dir).fit_transform(frames))
    single = (faces.scores > 0).sum(axis=1) == 1
    sure = faces.scores[:, 0] > 0.85
    stills["path"], stills["box"] = images, list(faces.boxes[:, 0])
    return stills[single & sure]


class Head:
    """The head of a still, scaled so that the face is so high, with a soft edge."""

    def __init__(self, still, height, tilt, light, blur):
        image = cv2.imread(still["path"])
        left, top, right, bottom = still["box"] * np.tile(image.shape[1::-1], 2)
        size = bottom - top
        first = np.floor([max(0, top - ABOVE * size), max(0, left - BESIDE * size)]).astype(int)
        last = np.ceil([bottom + BELOW * size, right + BESIDE * size]).astype(int)
        cut = image[first[0] : last[0], first[1] : last[1]]
        scale = height / size
        target = [max(4, round(side * scale)) for side in cut.shape[1::-1]]
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        self.image = cv2.resize(cut, target, interpolation=method)
        mask = np.zeros(self.image.shape[:2], np.float32)
        centre = (round(target[0] / 2), round(target[1] / 2))
        cv2.ellipse(
            mask, centre, (round(target[0] * 0.46), round(target[1] * 0.5)), 0, 0, 360, 1, -1
        )
        self.mask = cv2.GaussianBlur(mask, (0, 0), max(0.6, height / 24))
        matrix = cv2.getRotationMatrix2D(centre, tilt, 1.0)
        self.image = cv2.warpAffine(self.image, matrix, target, borderMode=cv2.BORDER_REPLICATE)
        self.image = cv2.GaussianBlur(self.image, (0, 0), blur) if blur > 0.2 else self.image
        self.image = cv2.convertScaleAbs(self.image, alpha=light)
        hair = self.image[: max(1, target[1] // 6)].reshape(-1, 3).mean(axis=0)
        self.back = np.full_like(self.image, hair)
        self.back += cv2.resize(
            np.random.default_rng(0).integers(0, 18, (6, 6, 3)).astype(np.uint8), target
        )

    def turn(self, angle):
        """Return image and mask of the head turned by 0 (towards the camera) to 1 (away)."""
        width = max(3, round(self.image.shape[1] * (1 - 0.45 * min(1, 2 * angle))))
        size = (width, self.image.shape[0])
        face, mask = (
            cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (self.image, self.mask)
        )
        back = cv2.resize(self.back, size)
        # The hair comes in from one side.
        seen = np.linspace(0, 1, width) > 1.4 * max(0, angle - 0.25)
        return np.where(seen[None, :, None], face, back), mask


def compose(stills, actors, height, seconds, generator):
    """Return images (n, height, width, 3) BGR, and who is seen: (n, n_actors)."""
    images, shown = [], []
    looks = {}
    for name in actors:
        own = stills[stills["Class"] == name]
        looks[name] = own.iloc[generator.permutation(len(own))[:N_LOOKS]]
    while len(images) < seconds * FPS:
        n_frames = int(generator.integers(3 * FPS, 8 * FPS))
        people = generator.choice(actors, generator.integers(1, 4), replace=False)
        ground = cv2.resize(
            generator.integers(20, 200, (9, 16, 3)).astype(np.uint8),
            (2 * WIDTH, 2 * HEIGHT),
            interpolation=cv2.INTER_CUBIC,
        )
        ground = cv2.add(ground, generator.integers(0, 14, ground.shape).astype(np.uint8))
        drift = generator.uniform(-6, 6, 2)
        light, blur = generator.uniform(0.4, 1.1), generator.uniform(0, 0.03)
        heads = []
        for place, person in enumerate(people):
            still = looks[person].iloc[int(generator.integers(N_LOOKS))]
            size = height * generator.uniform(0.9, 1.1)
            begin = np.array(
                [WIDTH * (place + 0.5) / len(people), HEIGHT * generator.uniform(0.35, 0.6)]
            )
            swing, speed = generator.uniform(2, 14, 2), generator.uniform(0.3, 1.5)
            away = generator.random() < 0.5
            since, until = np.sort(generator.uniform(0, n_frames, 2)) if away else (np.inf, np.inf)
            head = Head(still, size, generator.normal(0, 10), light, blur * size)
            least = generator.uniform(0, 0.5) if generator.random() < 0.5 else 0
            heads.append((head, begin, swing, speed, since, until, least))
        for number in range(n_frames):
            x, y = np.clip(
                [WIDTH / 2, HEIGHT / 2] + drift * number / FPS * 4, 0, [WIDTH, HEIGHT]
            ).astype(int)
            image = ground[y : y + HEIGHT, x : x + WIDTH].copy()
            for head, begin, swing, speed, since, until, least in heads:
                phase = speed * number / FPS
                centre = begin + swing * [np.sin(phase), np.cos(1.3 * phase)]
                turned = (
                    np.clip(min(number - since, until - number) / FPS * 1.5, 0, 1)
                    if number > since
                    else 0
                )
                paste(image, *head.turn(max(turned, least)), centre)
            images.append(image)
            shown.append(np.isin(actors, people))
    return images, np.array(shown)


def paste(image, part, mask, centre):
    left, top = (np.round(centre) - np.array(part.shape[1::-1]) / 2).astype(int)
    first = np.maximum([top, left], 0)
    last = np.minimum([top + part.shape[0], left + part.shape[1]], image.shape[:2])
    if (last <= first).any():
        return
    inner = slice(first[0] - top, last[0] - top), slice(first[1] - left, last[1] - left)
    where = image[first[0] : last[0], first[1] : last[1]]
    share = mask[inner][..., None]
    where[:] = np.rint(share * part[inner] + (1 - share) * where).astype(np.uint8)


def write_video(path, images):
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "28", "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def make_scene(stills, height, seconds, seed, folder):
    """Write a video and portraits; return the path, who is seen and the names."""
    generator = np.random.default_rng(seed)
    actors = generator.permutation(np.unique(stills["Class"]))
    known = actors[: max(2, round(len(actors) * 2 / 3))]
    groups = []
    for name in known:
        own = stills[stills["Class"] == name].drop_duplicates("group")
        own = own.iloc[generator.permutation(len(own))[:N_PORTRAITS]]
        groups += own["group"].tolist()
        os.makedirs(os.path.join(folder, "cast", name), exist_ok=True)
        for path in own["path"]:
            target = os.path.join(folder, "cast", name, os.path.basename(path))
            with open(path, "rb") as source, open(target, "wb") as copy:
                copy.write(source.read())
    others = stills[~stills["group"].isin(groups)]
    images, shown = compose(others, actors, height, seconds, generator)
    path = os.path.join(folder, f"scene-{height}-{seed}.mp4")
    write_video(path, images)
    return path, shown, actors


def measure(head, table, shown, actors):
    """Return the figures of each known person."""
    times = table.index.get_level_values("time").to_numpy()
    truth = shown[np.clip(np.rint(times * FPS).astype(int), 0, len(shown) - 1)]
    rows = []
    for name in head.class_names_:
        probabilities, true = head.transform(table)[name], truth[:, list(actors).index(name)]
        found = (probabilities > 0.5).to_numpy()
        # As if this person had no part: the frames that others have alone.
        absent = head.transform(table[~true])[name] > 0.5
        rows.append(
            {
                "average precision": average_precision_score(true, probabilities),
                "precision": (found & true).sum() / max(1, found.sum()),
                "recall": (found & true).sum() / max(1, true.sum()),
                "frames right": (found == true).mean(),
                "seconds off, %": 100 * (found.sum() / true.sum() - 1),
                "either way": 100 * abs(found.sum() / true.sum() - 1),
                "seen though absent": absent.mean(),
            }
        )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stills", metavar="STILLS.csv")
    parser.add_argument("--heights", type=int, nargs="+", default=[24, 32, 48])
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--rates", type=float, nargs="+", default=[1, 4])
    parser.add_argument("--detection-size", type=int, default=640)
    parser.add_argument("--cache-dir", metavar="FOLDER")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "Portraits look more|.* of the faces in")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        cache_dir = options.cache_dir or folder
        stills = look_at_stills(options.stills, cache_dir)
        for height in options.heights:
            for seed in options.seeds:
                place = os.path.join(folder, f"{height}-{seed}")
                path, shown, actors = make_scene(stills, height, options.seconds, seed, place)
                features = FaceFeatures(memory=cache_dir, detection_size=options.detection_size)
                for rate in options.rates:
                    table = features.fit_transform(VideoFrameSampler(rate=rate).transform([path]))
                    head = FaceClassifier(os.path.join(place, "cast")).fit(table)
                    for row in measure(head, table, shown, actors):
                        rows.append({"height": height, "rate": rate, **row})
    table = pd.DataFrame(rows).groupby(["height", "rate"]).mean()
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
