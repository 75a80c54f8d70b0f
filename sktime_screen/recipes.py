"""The pipeline we recommend, with every step visible."""

from sklearn.pipeline import Pipeline, make_pipeline

from ._defaults import SAMPLING_RATE
from .classify import KerasDenseClassifier, KerasFeatureMapClassifier, LabelSpreadingClassifier
from .features import PretrainedCNNFeatures
from .screentime import ScreenTimeAggregator
from .video import ImageResizer, VideoFrameSampler


def recommended_pipeline(
    *,
    rate=SAMPLING_RATE,
    head="map",
    image_size=None,
    backbone=None,
    memory=None,
    background=None,
    random_state=None,
    verbose=0,
) -> Pipeline:
    """Make the recommended pipeline from videos to seconds.

    Its classifier is cross-fitted: `fit` also tests it on held-out frames, to learn corrections and
    intervals.

    Parameters
    ----------
    rate : float or None, default=1.0
        Frames a second at which new videos are sampled.
    head : {"map", "dense"}, default="map"
        The classifier of the frames. "map" looks at every position of the image, see
        :class:`KerasFeatureMapClassifier`, and spreads the result to frames that are near in time
        or look alike, see :class:`LabelSpreadingClassifier`. "dense" looks at the average of each
        image, see :class:`KerasDenseClassifier`. It is faster and takes 5 KB a frame instead of
        0.09 MB, but finds far less, above all of small characters and in other videos.
    image_size : tuple of int, optional
        Height and width to which frames are resized: (384, 672) if not given, and (224, 224)
        with `head="dense"`. (256, 448) takes less than half the time and space, and finds fewer
        small characters.
    backbone : str, optional
        The pretrained network, see :class:`PretrainedCNNFeatures`;
        "efficientnet_lite0_map+efficientnet_lite2_map" if not given, two networks that find more
        together than each alone, and "efficientnet_lite0" with `head="dense"`.
        "efficientnet_lite0_map" alone takes 40 % of the time and half the space.
    memory : str, path or FeatureStore, optional
        Where to keep features on disk, see :class:`PretrainedCNNFeatures`.
    background : str or int, optional
        The class that means nobody, see :class:`ScreenTimeAggregator`.
    random_state : int, optional
        Seed of every step that draws at random. Intervals have their own, see
        :meth:`ScreenTimeAggregator.estimate`.
    verbose : int, default=0
        Above 0, show the progress of the feature extraction.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Sampler, resizer, features, classifier and aggregator; unfitted.

    Examples
    --------
    >>> from sktime_screen import recommended_pipeline
    >>> list(recommended_pipeline().named_steps)[-2:]
    ['labelspreadingclassifier', 'screentimeaggregator']
    """
    if head not in ("map", "dense"):
        raise ValueError(f"head={head!r}: 'map' or 'dense' is expected.")
    reading = {"memory": memory, "verbose": verbose}
    if head == "map":
        # The shape of videos, five times as many pixels as the smaller network was trained on.
        height, width = image_size or (384, 672)
        features = PretrainedCNNFeatures(
            backbone or "efficientnet_lite0_map+efficientnet_lite2_map",
            pooling=None,
            dtype="float16",
            quantization_step=0.25,
            **reading,
        )
        classifier = LabelSpreadingClassifier(
            KerasFeatureMapClassifier(center_videos=True, random_state=random_state),
            prior_strength=2.0,
            cv=3,
            random_state=random_state,
        )
        # Its cross-fitted parts are less sure than itself: what calibrates them takes too much.
        correction = "averaged"
    else:
        height, width = image_size or (224, 224)
        features = PretrainedCNNFeatures(backbone or "efficientnet_lite0", **reading)
        classifier = KerasDenseClassifier(class_weight="balanced", cv=5, random_state=random_state)
        correction = "auto"
    return make_pipeline(
        VideoFrameSampler(rate=rate),
        ImageResizer((height, width)),
        features,
        classifier,
        ScreenTimeAggregator(background=background, correction=correction),
    )
