"""FaceClassifier: who is in a frame, by the faces in it."""

import os
import warnings
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from .._sklearn import HasMethods, fit_context
from .._targets import encode_labels, read_labels
from ..features import (
    FaceFeatures,
    describe_small_faces,
    find_face_columns,
    follow_faces,
    unpack_faces,
)
from ..model_selection import make_cross_fitting_splits
from ..video import get_frame_times
from ._classifier import FrameClassifier, mark
from ._face_gallery import FaceGallery
from ._face_model import FaceModel
from ._labelled_rows import LabelledRows
from ._portraits import read_portraits
from ._target_encoding import TargetEncoding

# Log-odds of what is certain. Surer than this no face is worth hearing above others.
_CERTAIN = 5.0
# Of a frame in which no face is a person's, where one that is weighs 1.
_WEIGHT_OF_UNSEEN = 0.3


class JudgedFaces(NamedTuple):
    """The faces of frames, each judged by all views of its track, see `FaceClassifier`.

    - ``tracks``: int (n, n_faces), the number of each one's track; -1 where there is no face.
    - ``probabilities``: float64 (n, n_faces, n_classes), that it is a class's; 0 for no face.
    """

    tracks: np.ndarray
    probabilities: np.ndarray


class FaceClassifier(FrameClassifier):
    """Tell who is in each frame by the faces in it.

    Takes the faces that `FaceFeatures` finds. It learns persons from portraits, from labels of
    frames, or from both. Labels say who is in a frame, not which face is whose. Without any label,
    ``fit(X)`` takes the persons of the portraits; whoever is not among them is nobody.

    With `cv`, ``fit(X, y).transform(X)`` differs from ``fit_transform(X, y)``, which predicts each
    row as if its part had not been labelled.

    Parameters
    ----------
    portraits : str or path, optional
        A folder with a folder of pictures for each person: ``portraits/ross/1.jpg``, ... Each
        picture shows one face, or others less than half as high behind it. Three different
        pictures of a person are enough. Or a ZIP file of such a folder, as `save_cast_page` makes
        it.
    features : FaceFeatures, optional
        Finds the faces of the portraits; by default ``FaceFeatures()``. It has to be like the one
        that makes `X`.
    cv : int, cross-validation splitter, iterable or None, default=None
        Parts for cross-fitting in `fit_transform`, see :class:`KerasDenseClassifier`.
    random_state : int, RandomState instance or None, default=None
        Assigns the rows to the parts of `cv`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or (n_labels, 2)
        The classes. For a table of labels, and without labels, 0 and 1 for each person.
    class_names_ : ndarray of shape (n_classes,)
        The classes, or the names of persons: a table's columns, or the folders of the portraits.
    n_features_in_ : int
        Number of columns of faces seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of faces seen in `fit`.

    See Also
    --------
    FaceFeatures : Finds the faces, and what they look like.
    FaceAidedClassifier : Joins this and a classifier of whole images.

    Notes
    -----
    The log-odds that a face is a person's are linear in its embedding. Those of a frame are the
    soft maximum, log(sum(exp(..))), of its faces' and of a floor, for who is seen with no face.

    Portraits give the direction of their mean embedding. How alike a face has to be depends on how
    alike different persons are: the portraits show it, together with what is known of the default
    embedding. Labels then move this model by as much as they are evidence, from a Gaussian prior
    (multiple-instance learning [1]_). Without labels, a face is at most one person's, and the faces
    of each video that surely are a person's are added to the portraits [2]_.

    With a frame index, the same face in frames that follow each other is one track: boxes overlap
    and embeddings are alike. All faces of a track are judged by their mean. So the prediction for a
    frame depends on the other frames in the call: pass whole videos.

    References
    ----------
    .. [1] O. Maron and T. Lozano-Perez, "A framework for multiple-instance learning", NIPS 1997.
    .. [2] J.-L. Gauvain and C.-H. Lee, "Maximum a posteriori estimation for multivariate Gaussian
       mixture observations of Markov chains", IEEE Transactions on Speech and Audio Processing 2,
       1994.

    Examples
    --------
    >>> from sktime_screen import FaceClassifier, FaceFeatures, VideoFrameSampler
    >>> faces = FaceFeatures().fit_transform(frames)  # doctest: +SKIP
    >>> FaceClassifier("cast").fit(faces).transform(faces)  # doctest: +SKIP
    """

    _parameter_constraints = {
        "portraits": [str, os.PathLike, None],
        "features": [HasMethods(["fit", "transform"]), None],
        "cv": ["cv_object"],
        "random_state": ["random_state"],
    }

    def __init__(self, portraits=None, *, features=None, cv=None, random_state=None) -> None:
        self.portraits = portraits
        self.features = features
        self.cv = cv
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None) -> Self:
        """Learn the persons.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceFeatures`. Other columns may stand beside its own.
        y : array-like or DataFrame of shape (n,) or (n, n_labels), optional
            One class a row, or a table with a 0/1 column a person. None if only portraits are to
            be learned from; a single row of X is enough then.

        Returns
        -------
        FaceClassifier
            Itself.

        Raises
        ------
        FileNotFoundError, NotADirectoryError
            If there is no such folder of portraits.
        ValueError
            If there are neither portraits nor labels, a portrait does not show one face, X is no
            table of `FaceFeatures` or of another embedding than `features`, there are fewer than
            two classes, or rows lack a label.
        """
        faces = self._unpack(X, reset=True)
        n_dimensions = faces.embeddings.shape[2]
        by_person = self._read_portraits(n_dimensions, getattr(X, "attrs", {}).get("face_networks"))
        self._gallery = FaceGallery.from_portraits(by_person, n_dimensions)
        self._part_models: Any = None
        if y is None:
            if not by_person:
                raise ValueError(
                    "FaceClassifier needs labels or portraits: give y, or a folder of portraits."
                )
            self._set_encoding(TargetEncoding(np.array(list(by_person)), True, False))
            self._prior = self._gallery.make_model()
            self._model = None
        else:
            labels = read_labels(y)
            check_consistent_length(faces.scores, labels)
            self._set_encoding(TargetEncoding.from_labels(labels))
            self._prior = self._make_prior(by_person, n_dimensions)
            self._model = self._fit_model(faces, labels, slice(None))
        return self

    def fit_transform(self, X, y=None) -> Any:  # type: ignore[override]
        """Learn the persons, and return the probabilities of the rows.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceFeatures`.
        y : array-like or DataFrame of shape (n,) or (n, n_labels), optional
            Labels, as in `fit`.

        Returns
        -------
        DataFrame of float32, shape (n, n_classes)
            With `cv`, the predictions for each part from the labels of the other parts. Otherwise
            those of `transform`. ``attrs["out_of_sample"]`` tells which.
        """
        self.fit(X, y)
        if y is None or self.cv is None:
            return mark(self.transform(X), out_of_sample=y is None, transductive=True)
        labels = read_labels(y)
        faces = self._unpack(X, reset=False)
        targets = self._encoding.encode(labels)
        splits = make_cross_fitting_splits(X, labels, targets, self.cv, self._new_generator())
        frame_times = get_frame_times(X.index)
        self._known = LabelledRows(targets[:, :0], targets, *frame_times[:2])
        self._parts = np.empty(len(targets), dtype=np.int64)
        self._part_models = []
        logits = np.empty_like(targets)
        for part, (train, test) in enumerate(splits):
            self._parts[test] = part
            model = self._fit_model(faces, labels, train)
            self._part_models.append(model)
            logits[test] = self._judge(_take(faces, test), _take(frame_times, test), model)
        return mark(self._table(X, logits), out_of_sample=True, transductive=True)

    @available_if(lambda self: getattr(self, "_part_models", None) is not None)
    def transform_cross_fitted(self, X) -> pd.DataFrame:
        """Predict each frame as if the labels near it were unknown.

        See :meth:`LabelSpreadingClassifier.transform_cross_fitted`. Available after
        `fit_transform` with `cv`, as in the fit of a pipeline.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceFeatures`, with the frame index.

        Returns
        -------
        DataFrame of float32, shape (n, n_classes)
            Probabilities, for videos without a label the same as from `transform`.

        Raises
        ------
        ValueError
            If X has no frame index, or the rows of `fit_transform` had none.
        """
        check_is_fitted(self)
        faces, frame_times = self._unpack(X, reset=False), get_frame_times(X.index)
        parts = self._known.find_parts(frame_times, self._parts)
        logits = self._judge(faces, frame_times, self._model)
        for part in np.unique(parts[parts >= 0]):
            rows = parts == part
            logits[rows] = self._judge(faces, frame_times, self._part_models[part])[rows]
        return self._table(X, logits)

    def find_strangers(self, X) -> pd.Series:
        """Tell in which frames there is a face that is rather nobody's than anybody's.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceFeatures`.

        Returns
        -------
        Series of bool, shape (n,)
            Whether there is such a face, with the index of X.
        """
        check_is_fitted(self)
        faces = self._unpack(X, reset=False)
        tracks, of_faces = self._judge_faces(faces, get_frame_times(X.index), self._model)
        strange = tracks.present & (of_faces.max(axis=2) < 0)
        return pd.Series(strange.any(axis=1), X.index, name="stranger")

    def judge_faces(self, X) -> JudgedFaces:
        """Tell whose each face is, and which faces are one, seen in frames that follow each other.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            The table of `FaceFeatures`.

        Returns
        -------
        JudgedFaces
            A named tuple of ndarrays: ``tracks`` (n, n_faces), the number of the track of each
            face, -1 where there is none; and ``probabilities`` (n, n_faces, n_classes), that the
            face is of each of `class_names_`. Which face is where, `unpack_faces` tells.
        """
        check_is_fitted(self)
        faces = self._unpack(X, reset=False)
        tracks, of_faces = self._judge_faces(faces, get_frame_times(X.index), self._model)
        shares = expit(of_faces) if self._encoding.multilabel else softmax(of_faces, axis=2)
        return JudgedFaces(tracks.numbers, shares * tracks.present[..., None])

    def _read_portraits(self, n_dimensions, networks):
        if self.portraits is None:
            return {}
        features = FaceFeatures() if self.features is None else clone(self.features)
        by_person = read_portraits(self.portraits, features, networks)
        found = next(iter(by_person.values())).shape[1]
        if found != n_dimensions:
            raise ValueError(
                f"The faces of X have embeddings of {n_dimensions} numbers, but those of the "
                f"portraits of {found}: give `features` the parameters of the FaceFeatures that "
                f"made X."
            )
        return by_person

    def _make_prior(self, by_person, n_dimensions):
        """Return the model before labels are seen, persons without portraits being unknown."""
        names = [str(name) for name in self._encoding.classes]
        prior = FaceModel.unknown(len(names), n_dimensions)
        known = self._gallery.make_model()
        for person, name in enumerate(by_person):
            if name in names:
                for values, of_person in zip(prior, known, strict=True):
                    values[names.index(name)] = of_person[person]
        strange = [name for name in by_person if name not in names]
        if strange:
            warnings.warn(
                f"There are portraits of {strange}, of whom the labels say nothing: they are left "
                f"out. The labels are of {names}.",
                stacklevel=4,
            )
        return prior

    def _fit_model(self, faces, labels, rows):
        """Fit the model to some of the rows."""
        known = self._encoding
        targets = encode_labels(known.read(labels), known.classes).astype(np.float64)
        return self._prior.fit_to_frames(
            faces.embeddings[rows],
            faces.scores[rows] > 0,
            targets[rows],
            exclusive=not known.multilabel,
        )

    def _logits(self, X):
        check_is_fitted(self)
        if self._model is None:
            for said in describe_small_faces(X):
                warnings.warn(said, stacklevel=4)
        index = getattr(X, "index", None)
        return self._judge(self._unpack(X, reset=False), get_frame_times(index), self._model)

    def _judge(self, faces, frame_times, model):
        """Return the outputs of the encoding; a model of None is that of the gallery."""
        tracks, of_faces = self._judge_faces(faces, frame_times, model)
        judge = self._prior if model is None else model
        logits = judge.judge_frames(of_faces, tracks.present).clip(-_CERTAIN, _CERTAIN)
        # What is not seen tells less than what is.
        unseen = np.exp(judge.floors - logits)
        logits = tracks.smooth(logits, 1 - (1 - _WEIGHT_OF_UNSEEN) * unseen)
        if self._encoding.multilabel or self._encoding.softmax:
            return logits
        return logits[:, 1:] - logits[:, :1]

    def _judge_faces(self, faces, frame_times, model):
        """Return tracks, and the log-odds of each face: (n, n_faces, n_classes)."""
        tracks = follow_faces(faces, frame_times, self._gallery.alike)
        if model is not None:
            return tracks, model.judge_faces(tracks.embeddings)
        of_faces = np.empty((*tracks.present.shape, len(self.class_names_)))
        videos = np.zeros(len(of_faces)) if frame_times[0] is None else frame_times[0]
        for rows in pd.Series(videos).groupby(videos).indices.values():
            of_video = tracks.embeddings[rows]
            own = self._gallery.adapt(of_video[tracks.present[rows]])
            of_faces[rows] = own.judge_faces(of_video)
        return tracks, of_faces

    def _unpack(self, X, *, reset):
        faces = unpack_faces(X)
        if not len(X):
            raise ValueError(
                "Found array with 0 sample(s), while a minimum of 1 is required by FaceClassifier."
            )
        validate_data(self, X.loc[:, find_face_columns(X)], reset=reset, skip_check_array=True)
        return faces

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def _take(values, rows):
    """Select rows of a named or plain tuple of arrays, some of which may be None."""
    taken = [None if value is None else value[rows] for value in values]
    return type(values)(*taken) if hasattr(values, "_fields") else tuple(taken)
