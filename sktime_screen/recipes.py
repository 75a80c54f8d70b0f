"""The pipeline we recommend, with every step visible."""

from sklearn.pipeline import Pipeline, make_pipeline

from .classify import KerasDenseClassifier, KerasFeatureMapClassifier, LabelSpreadingClassifier
from .features import PretrainedCNNFeatures
from .screentime import ScreenTimeAggregator
from .video import ImageResizer, VideoFrameSampler


def recommended_pipeline(
    *,
    rate=1.0,
    head="map",
    image_size=None,
    backbone=None,
    memory=None,
    background=None,
    random_state=None,
    verbose=0,
) -> Pipeline:
    """Make the pipeline from videos to seconds that we recommend.

    Its classifier is cross-fitted: `fit` also tries it on frames that were held out, from which
    corrections and intervals of seconds are learned.

    Parameters
    ----------
    rate : float or None, default=1.0
        Frames a second at which new videos are sampled.
    head : {"map", "dense"}, default="map"
        What classifies the frames. "map" looks at every place of the image, see
        :class:`KerasFeatureMapClassifier`, and carries what it found to frames that are near in
        time or look alike, see :class:`LabelSpreadingClassifier`. "dense" looks at the average of
        the image and at each frame by itself, see :class:`KerasDenseClassifier`: it is faster and
        takes 5 KB a frame instead of 0.09 MB, but finds characters far less well, above all small
        ones and those of other videos.
    image_size : tuple of int, optional
        Height and width to which frames are resized: (384, 672) if not given, and (224, 224)
        with `head="dense"`. (256, 448) takes less than half the time and room, and finds small
        characters less well.
    backbone : str, optional
        The pretrained network, see :class:`PretrainedCNNFeatures`;
        "efficientnet_lite0_map+efficientnet_lite2_map" if not given, two networks that see more
        than each alone, and "efficientnet_lite0" with `head="dense"`. "efficientnet_lite0_map"
        alone takes 40 % of the time and half the room.
    memory : str, path or FeatureStore, optional
        Where features are kept on disk, see :class:`PretrainedCNNFeatures`.
    background : str or int, optional
        The class that means nobody, see :class:`ScreenTimeAggregator`.
    random_state : int, optional
        Seed of every step that draws at random. Intervals have their own, see
        :meth:`ScreenTimeAggregator.estimate`.
    verbose : int, default=0
        Above 0, progress of the feature extraction is shown.

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
            KerasFeatureMapClassifier(random_state=random_state),
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
