"""The faces that decided who was seen, and those of people whom nobody knows."""

import numpy as np
import pandas as pd

from ..features import find_face_columns, pack_faces, unpack_faces
from ..labels import cut_face_image, find_people
from ..video import FrameSequence, VideoError, split_rows_by_file
from ._page_content import add_image_files

# Of a video, of each character: the tracks that last longest, and the least sure of the others.
_N_LONGEST, _N_LEAST_SURE = 4, 2
# People whom nobody knows, of a video, and the images of each.
_N_STRANGERS, _N_IMAGES = 6, 3
# Of several videos together: images of each character, and people whom nobody knows.
_N_IN_ALL, _N_STRANGERS_IN_ALL = 12, 12
_BOX = ["left", "top", "right", "bottom"]
_COLUMNS = ["video", "time", "character", "stranger", "seconds", "probability", *_BOX]
_LOOKS = {"rooms": (0.3,), "sides": (48, 96), "quality": 75}


def find_deciding_faces(classifier, X, background=None) -> pd.DataFrame:
    """Find the faces to show in a report: those that decided, and those that nobody knows.

    Parameters
    ----------
    classifier : FaceClassifier or FaceAidedClassifier
        A fitted classifier.
    X : pandas.DataFrame
        The table that it judges, or its columns of faces, of whole videos and with the frame index.
    background : str or int, optional
        The class that means nobody.

    Returns
    -------
    pandas.DataFrame
        A row an image: ``video``; ``time`` (s); ``character``, or none and the number of a
        ``stranger`` of this video, whose faces are alike and rather nobody's; ``seconds``, for how
        long this track is seen, or the stranger; ``probability`` of the character; and ``left``,
        ``top``, ``right`` and ``bottom`` as shares of the image. Of each video a few: faces are
        followed from frame to frame, and each such track is shown as it is seen best. For each
        character the longest come first, then the least sure of the others. No row holds a vector.

    See Also
    --------
    ScreenTimeReport : Shows them.
    """
    faces, judged = unpack_faces(X), classifier.judge_faces(X)
    names = np.asarray(classifier.class_names_)
    known = np.array([background is None or name != background for name in names])
    rows, places = np.nonzero(judged.tracks >= 0)
    shares = judged.probabilities[rows, places][:, known]
    if not shares.any():
        return pd.DataFrame(columns=_COLUMNS)
    heights = faces.boxes[..., 3] - faces.boxes[..., 1]
    found = X.index[rows].to_frame(index=False)
    found[_BOX] = faces.boxes[rows, places]
    found["quality"] = (faces.scores * heights)[rows, places]
    found["track"] = judged.tracks[rows, places]
    parts = []
    for name, probability in zip(names[known].tolist(), shares.T, strict=True):
        own = found.assign(probability=probability)[probability > 0.5]
        parts.append(_choose_tracks(own).assign(character=name))
    unknown = (judged.tracks >= 0) & (judged.probabilities[..., known].max(axis=2) <= 0.5)
    parts.append(_find_strangers(X, faces, unknown))
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True).reindex(columns=_COLUMNS)


def _choose_tracks(own):
    """Return the best views of some tracks of a character's faces."""
    best = own.sort_values("quality", ascending=False, kind="stable").drop_duplicates("track")
    best = best.set_index("track")
    best["seconds"] = own.groupby("track")["duration"].sum()
    best = best.sort_values("seconds", ascending=False, kind="stable")
    longest = best.groupby("video", sort=False).head(_N_LONGEST)
    others = best.drop(longest.index).sort_values("probability", kind="stable")
    return pd.concat([longest, others.groupby("video", sort=False).head(_N_LEAST_SURE)])


def _find_strangers(X, faces, unknown):
    """Return views of the people whom nobody knows; ``unknown`` (n, n_faces)."""
    values = pack_faces(
        faces.embeddings * unknown[..., None],
        faces.boxes * unknown[..., None],
        faces.scores * unknown,
    )
    table = pd.DataFrame(values, X.index, X.columns[find_face_columns(X)])
    videos = X.index.get_level_values("video")
    shown = []
    for video, rows in pd.Series(range(len(X))).groupby(videos, sort=False):
        for number, person in enumerate(find_people(table.iloc[rows])[:_N_STRANGERS]):
            for row, place in person.pictures[:_N_IMAGES]:
                frame = rows.iloc[row]
                box = dict(zip(_BOX, faces.boxes[frame, place].tolist(), strict=True))
                time = X.index.get_level_values("time")[frame]
                seen = {"video": video, "time": time, "seconds": person.seconds}
                shown.append({**seen, "stranger": number, **box})
    return pd.DataFrame(shown)


def show_faces(faces, characters, images, most):
    """Return what the page shows of faces, and the reason for each video without images.

    ``images`` is a frame table of images, or None; ``most`` the largest number of faces.
    """
    if faces is None or not len(faces):
        return None, []
    strangers = faces["stranger"].notna()
    chosen = pd.concat([_choose_of_all(faces[~strangers]), _choose_strangers(faces[strangers])])
    chosen = add_image_files(chosen.head(most), images)
    cut, problems = _cut_images(chosen.reset_index(drop=True))
    known = [(name, [one for one in cut if one["character"] == name]) for name in characters]
    unknown = {}
    for one in cut:
        if one["stranger"] == one["stranger"]:
            unknown.setdefault((one["video"], one["stranger"]), []).append(one)
    shown = {
        "known": [(name, own) for name, own in known if own],
        "unknown": sorted(unknown.values(), key=lambda own: -own[0]["seconds"]),
    }
    return (shown if cut else None), problems


def _choose_of_all(known):
    """Return faces of each character: the first of each video before the second of any."""
    by_video = known.groupby(["character", "video"], sort=False).cumcount()
    ordered = known.iloc[np.argsort(by_video.to_numpy(), kind="stable")]
    several = known["video"].nunique() > 1
    return ordered.groupby("character", sort=False).head(_N_IN_ALL) if several else known


def _choose_strangers(unknown):
    """Return faces of the people who are seen longest."""
    people = unknown.groupby(["video", "stranger"], sort=False)["seconds"].first()
    longest = people.sort_values(ascending=False, kind="stable").head(_N_STRANGERS_IN_ALL).index
    return unknown[pd.MultiIndex.from_frame(unknown[["video", "stranger"]]).isin(longest)]


def _cut_images(faces):
    """Return rows of faces with their images, and what was wrong with videos."""
    rows, problems = faces.to_dict("records"), []
    boxes = faces[_BOX].to_numpy()
    table = faces[["video", "time", *(["image"] if "image" in faces else [])]].assign(duration=1.0)
    for of_file in split_rows_by_file(table) if len(table) else []:
        try:
            for position, image in FrameSequence(table.iloc[of_file]).iter_images():
                box = boxes[of_file[position]] * np.tile(image.shape[1::-1], 2)
                uri = cut_face_image(image, box, np.empty((0, 4)), **_LOOKS)
                rows[of_file[position]]["uri"] = uri
        except (OSError, ValueError, VideoError) as error:
            problems.append(str(error))
    return [row for row in rows if "uri" in row], problems
