"""PretrainedCNNFeatures: images to vectors by a network trained on ImageNet."""

import math
import os
import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .._sklearn import HasMethods, Hidden, Interval, StrOptions, fit_context
from ..video import FrameSequence
from ._backbone import check_poolings
from ._backbone_options import check_options
from ._batches import decode_batches
from ._encoder import Encoder, find_pixels
from ._engines import choose_engine
from ._fitted_with import (
    check_unchanged,
    describe_resizing,
    describe_settings,
    digest_files,
    warn_of_resizing,
)
from ._frame_features import FrameFeatures
from ._images import check_images
from ._map_colors import ColoredNetwork
from ._network_files import is_network_path
from ._networks import get_network
from ._pixel_values import PRESETS
from ._store import FeatureStore


class PretrainedCNNFeatures(FrameFeatures):
    """Compute features of images with a pretrained network.

    ``fit`` learns nothing. The first ``transform`` reads the weights. The process then keeps the
    network and shares it between all transformers with the same parameters, such as the clones of
    a grid search. A pickle does not contain it.

    Parameters
    ----------
    backbone : str, path-like or keras.Model, default="efficientnet_lite0"
        A name of :func:`list_backbones`, which includes the preprocessing. Or several names joined
        by "+", such as "efficientnet_lite0+efficientnet_lite2": their features stand side by side,
        in maps at each position. Or your own model, as an object or as the path of a ``.keras`` or
        ``.h5`` file that ``model.save`` wrote. It is given RGB from 0 to 255 as float32, so it has
        to contain its preprocessing:
        ``keras.Sequential([keras.Input((224, 224, 3)), keras.layers.Rescaling(1 / 255), model])``.
        Or the path of a network of any framework in ONNX (``.onnx``), TFLite (``.tflite``) or
        OpenVINO's format (``.xml`` with the ``.bin`` beside it), see :ref:`encoders`. OpenVINO
        runs it, on the processor.
    weights : "imagenet", None or path-like, default="imagenet"
        Weights of a backbone given by its name. "imagenet" comes with the package for
        "efficientnet_lite0" and "efficientnet_lite2"; Keras downloads the others at first use. A
        path names a local file: ``.weights.h5``, ``.h5`` or ``.keras``, or ``.pth`` for these two.
        None draws random weights, the same in every process.
    pooling : {"avg", "max", "class_token"} or None, or a tuple or list of these, default="avg"
        The mean or the maximum of the last feature map over its positions, or None for the whole
        map, flattened: 7 x 7 x 512 = 25,088 columns with "vgg16" at 224 x 224. Several, such as
        ``("avg", "max")``, give their columns side by side, from one pass through the network. Of
        the tokens of a vision transformer in a file the positions are those of the patches, and
        "class_token" takes the class token instead. Leave "avg" for a network that gives one row
        an image, in which there is nothing to pool.
    preprocessing : {"auto", "imagenet", "clip", "tf", "raw"} or dict, default="auto"
        Which pixel values a file ``.onnx``, ``.tflite`` or ``.xml`` takes. "imagenet" and "clip"
        take the mean of ImageNet or of CLIP off pixels from 0 to 1 and divide by their standard
        deviation. "tf" is from -1 to 1, "raw" from 0 to 255. A dict names other numbers, for pixels
        from 0 to 1, and the order of the channels:
        ``{"mean": (0.4, 0.5, 0.5), "std": 0.25, "channel_order": "BGR"}``. "auto" reads
        ``preprocessor_config.json`` beside the file, where Hugging Face's exporter writes it. For a
        file that takes bytes, such as :func:`save_int8_network` writes, it is "raw".
    output : str, optional
        The output of such a file. By default its only one, or of several "last_hidden_state", the
        tokens of the networks of Hugging Face.
    batch_size : int or "auto", default="auto"
        The largest number of images that go through the network at once. "auto" takes 32 on a
        processor. On a GPU it starts with 128 and takes more while that is faster, up to 1,024 or
        128 MiB of images. If they do not fit in the GPU's memory, it takes half. The features do
        not depend on it.
    memory : str, path-like, joblib.Memory or FeatureStore, optional
        Where to keep the features on disk: a folder, or a :class:`FeatureStore`. The features of a
        frame are then computed once, for all folds and candidates of a grid search and for later
        runs. A run that was stopped continues where it was. Images in arrays are not stored, since
        nothing tells which frames they are.
    engine : {"auto", "openvino", "keras"}, default="auto"
        The library that runs the network. "auto" takes Keras on a GPU, for a model given as an
        object, and if Keras does not run on TensorFlow; otherwise OpenVINO, if it is installed.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        The type of number the network computes with. "auto" takes "bfloat16" with OpenVINO on a
        processor that has instructions for it, and on an NVIDIA GPU that has them (compute
        capability 8.0 and later), except for models given as objects. Otherwise it takes "float32".
        bfloat16 changes the features of the two EfficientNet-Lites by 3 % (the median over
        photographs, run by Keras on a processor).
    dtype : {"float32", "float16"}, default="float32"
        The type of the features. "float16" takes half the space, in memory and on disk. It holds
        values up to 65,504 with three digits, which is enough for feature maps.
    quantization_step : float or None, default=None
        Round the features of each frame to multiples of this many of their standard deviations, at
        most 127 on each side of zero. On disk they then take about half a byte each: with 0.25, a
        map of 12 x 21 positions and 672 channels takes 0.09 MB instead of 0.34 in float16. None
        does not round.
    reuse_within : float or None, default=None
        Let a frame take the features of the last one that was computed, if no block of 32 x 32
        pixels differs by more than this many standard deviations of the image. It is for every
        frame of a video, most of which look like the one before. With 1/32, features taken over are
        off by 1 to 5 % on average, about as by bfloat16 (under film grain by 8 %), and by 13 % at
        most: that finds drawings that stay for two frames or more. With 1/2, they are off by up to
        39 %, also where the camera moves slowly, and labels on two videos stayed what they were.
        The first frame of each second is always computed, so at one frame a second nothing changes.
        Which other frames are asked for does not matter. Images in arrays and files are all
        computed. None computes every frame.
    colors : bool, default=False
        Whether each position of a feature map also has the colours that are seen there: 64 more
        channels, the last. Networks that were trained on photographs heed colours little, and
        characters have theirs. For ``pooling=None``.
    n_jobs : int, optional
        How many videos joblib processes at once. One process uses all cores of a machine, so this
        is for several machines. None (the default) follows joblib's backend, as in
        ``with joblib.parallel_config(backend="dask")``. The workers have to find the videos under
        the same paths. The features come back, and this process stores them in ``memory``.
    verbose : bool or int, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    image_shape_ : tuple of int
        Height, width and channels (3) of the images given to ``fit``.
    n_features_out_ : int
        Number of features.
    engine_ : {"openvino", "keras"}
        The library that runs the network on this machine.
    precision_ : {"float32", "bfloat16"}
        The type of number the network computes with on this machine.

    See Also
    --------
    ImageResizer : Brings images to the size of the network.
    list_backbones : The names of the networks.
    save_int8_network : Writes a network in 8 bits, a faster backbone.

    Notes
    -----
    If the backbone is a ``keras.Model`` object, ``sklearn.base.clone`` lets the copies share it.
    Pickling and ``copy.deepcopy`` store it within the transformer, in Keras's own format.

    A network that was converted for OpenVINO is kept on disk, in ``sktime_screen/networks`` of the
    user's cache folder or in ``networks`` of the folder that the environment variable
    ``SKTIME_SCREEN_HOME`` names. These files take 1 GiB at most. A process that finds its network
    there does not import TensorFlow.

    Examples
    --------
    >>> from sklearn.datasets import load_sample_images
    >>> from sktime_screen import ImageResizer, PretrainedCNNFeatures
    >>> images = ImageResizer((224, 224)).transform(load_sample_images().images)
    >>> PretrainedCNNFeatures().fit_transform(images).shape
    (2, 1280)
    """

    # Pipelines of earlier versions do not have it.
    colors = False

    _parameter_constraints = {
        "backbone": [str, os.PathLike, HasMethods("predict_on_batch")],
        "weights": [str, os.PathLike, None],
        "pooling": [StrOptions({"avg", "max", "class_token"}), tuple, list, None],
        "preprocessing": [StrOptions({"auto", *PRESETS}), dict],
        "output": [str, None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "memory": [str, os.PathLike, HasMethods("cache"), FeatureStore, None],
        "engine": [StrOptions({"auto", "openvino", "keras"})],
        "precision": [StrOptions({"auto", "float32", "bfloat16"}), Hidden(StrOptions({"int8"}))],
        "dtype": [StrOptions({"float32", "float16"})],
        "quantization_step": [Interval(Real, 0, None, closed="neither"), None],
        "reuse_within": [Interval(Real, 0, None, closed="left"), None],
        "colors": ["boolean"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        backbone="efficientnet_lite0",
        *,
        weights="imagenet",
        pooling="avg",
        preprocessing="auto",
        output=None,
        batch_size="auto",
        memory=None,
        engine="auto",
        precision="auto",
        dtype="float32",
        quantization_step=None,
        reuse_within=None,
        colors=False,
        n_jobs=None,
        verbose=False,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.pooling = pooling
        self.preprocessing = preprocessing
        self.output = output
        self.batch_size = batch_size
        self.memory = memory
        self.engine = engine
        self.precision = precision
        self.dtype = dtype
        self.quantization_step = quantization_step
        self.reuse_within = reuse_within
        self.colors = colors
        self.n_jobs = n_jobs
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Check the parameters and note the size of the images; nothing is downloaded.

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
        ValueError
            If there is no such backbone, or if it does not take such images. The message says what
            was found and what to do.
        FileNotFoundError
            If the file of the backbone, or one with its weights, is missing.
        WeightsFileError
            If the file of the backbone cannot be read, takes something else than images, or has
            operations that OpenVINO does not know.
        """
        check_options(self)
        self.image_shape_ = check_images(X).shape[1:]
        self.engine_, self.precision_ = self._choose_engine()
        network = self._network(self.engine_, self.precision_)
        self._columns = network.columns
        self._digest = digest_files(self.backbone, self.weights)
        self._settings = describe_settings(self)
        self._resizing = describe_resizing(X)
        self.n_features_out_ = sum(size for _, size in network.columns)
        return self

    def transform(self, X) -> Any:
        """Compute the features.

        Parameters
        ----------
        X : FrameSequence, ndarray of shape (n, height, width, 3) uint8, or list of images
            The images, RGB from 0 to 255, of the size given to ``fit``.

        Returns
        -------
        DataFrame or ndarray of shape (n, `n_features_out_`), `dtype`
            One row an image. For a FrameSequence, a table with the frame index. Its columns have
            names, or numbers for a single map, whose height, width and channels are in the table's
            ``attrs["map_shape"]``. A frame that comes in several rows of a sequence is decoded and
            computed once.

        Raises
        ------
        VideoError
            If a video cannot be decoded or, with ``memory``, changed meanwhile. The features of all
            other videos are stored before such an error is raised.
        WeightsUnavailableError
            If the ImageNet weights cannot be downloaded.
        WeightsFileError
            If the file given as ``weights`` does not hold weights of this network, or if the file
            of the backbone or of its weights has changed since ``fit``.
        ValueError
            If the images are not like those given to ``fit``, or if a parameter, a live model or
            ``preprocessor_config.json`` has changed since.
        """
        check_is_fitted(self)
        images = self._check_images(X)
        network = self._load_network()
        return self._make_table(network, images, self._compute_features(network, images))

    def _check_images(self, X):
        images = check_images(X)
        if images.shape[1:] != self.image_shape_ and len(images):
            height, width, _ = self.image_shape_
            raise ValueError(
                f"The images have the shape {images.shape[1:]}, those given to fit had "
                f"{self.image_shape_}: put ImageResizer(({height}, {width})) before "
                f"{type(self).__name__}, for fit as for transform."
            )
        warn_of_resizing(self, images)
        return images

    def _make_table(self, network, images, features):
        if not isinstance(images, FrameSequence):
            return features
        # A model keeps the names of columns, and those of all places and channels of a map would be
        # most of its file.
        named = check_poolings(self.pooling) != (None,)
        columns = self.get_feature_names_out() if named else None
        table = pd.DataFrame(features, index=images.index, columns=columns, copy=False)
        if network.map_size is not None:
            n_positions = math.prod(network.map_size)
            table.attrs["map_shape"] = (*network.map_size, features.shape[1] // n_positions)
            table.attrs["map_colors"] = network.n_colors if self.colors else 0
        return table

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Return the names of the features: backbone, pooling if there are several, number.

        Parameters
        ----------
        input_features : object, optional
            Not used: images have no feature names.

        Returns
        -------
        ndarray of str
            "efficientnet_lite0_0", "efficientnet_lite0_1" and so on; with several poolings
            "efficientnet_lite0_avg_0", "efficientnet_lite0_max_0" and, for None,
            "efficientnet_lite0_map_0". Of a file, its name stands for that of the backbone.
        """
        check_is_fitted(self)
        return np.array(
            [f"{name}_{i}" for name, size in self._columns for i in range(size)], object
        )

    def _has_live_model(self):
        return not isinstance(self.backbone, (str, os.PathLike))

    def _choose_engine(self):
        engine = self.engine
        if is_network_path(self.backbone):
            if engine == "keras":
                raise ValueError(
                    f"engine='keras': OpenVINO runs {os.fspath(self.backbone)!r}. Leave engine out."
                )
            engine = "openvino"
        return choose_engine(engine, self.precision, live_model=self._has_live_model())

    def _network(self, engine, precision):
        poolings, size = check_poolings(self.pooling), self.image_shape_[:2]
        network = get_network(self._source, self.weights, poolings, size, engine, precision)
        if self.colors and network.map_size is None:
            raise ValueError(
                f"colors=True is for feature maps, and pooling={self.pooling!r} of this backbone "
                f"leaves none: set pooling=None, or leave colors out."
            )
        return ColoredNetwork(network) if self.colors else network

    @property
    def _source(self):
        """What the network is made of: the backbone or, of a file, also how it is used."""
        if not is_network_path(self.backbone):
            return self.backbone
        path = os.fspath(self.backbone)
        return Encoder(path, find_pixels(self.preprocessing, path), self.output)

    def _check_engine(self):
        chosen = self._choose_engine()
        if chosen != (self.engine_, self.precision_):
            warnings.warn(
                f"Fitted with {self.engine_} in {self.precision_}, run on this machine with "
                f"{chosen[0]} in {chosen[1]}: features differ by a few percent. Set engine and "
                f"precision where that matters.",
                stacklevel=4,
            )
        return chosen

    def _load_network(self):
        check_unchanged(self)
        return self._network(*self._check_engine())

    def _decode(self, network, frames, rows, failures):
        return decode_batches(frames, rows, self._choose_batch_size(network), failures)

    def __sklearn_clone__(self):
        # scikit-learn would deep-copy a live model for every candidate and fold; the other
        # parameters are names and numbers.
        twin = type(self)(**self.get_params(deep=False))
        if hasattr(self, "_sklearn_output_config"):
            twin._sklearn_output_config = self._sklearn_output_config.copy()
        return twin
