"""The pipeline we recommend, with every step visible."""

from sklearn.pipeline import Pipeline, make_pipeline

from ._defaults import SAMPLING_RATE
from .classify import (
    FaceAidedClassifier,
    FaceClassifier,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
)
from .features import FaceAidedFeatures, FaceFeatures, PretrainedCNNFeatures, find_input_size
from .screentime import ScreenTimeAggregator
from .video import ImageResizer, VideoFrameSampler


def recommended_pipeline(
    *,
    rate=SAMPLING_RATE,
    head="map",
    image_size=None,
    backbone=None,
    faces="auto",
    portraits=None,
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
    head : {"map", "dense", "faces"}, default="map"
        The classifier of the frames. "map" looks at every position of the image and the colours
        there, see :class:`KerasFeatureMapClassifier`, and spreads the result to frames that are
        near in time or look alike, see :class:`LabelSpreadingClassifier`. "dense" looks at the
        average of each image, see :class:`KerasDenseClassifier`. It is faster and takes 5 KB a
        frame instead of 0.09 MB, but finds far less, above all of small characters and in other
        videos. "faces" looks at nothing but faces, see :class:`FaceClassifier`. With `portraits` it
        needs no labels: ``pipeline.fit(videos)``.
    image_size : tuple of int, optional
        Height and width to which frames are resized: (384, 672) if not given, and (224, 224)
        with `head="dense"`. (256, 448) takes less than half the time and space, and finds fewer
        small characters. If `backbone` is a file for images of one size, this size.
    backbone : str, optional
        The pretrained network, by its name or the path of a file, see
        :class:`PretrainedCNNFeatures`;
        "efficientnet_lite0_map+efficientnet_lite2_map" if not given, two networks that find more
        together than each alone, and "efficientnet_lite0" with `head="dense"`.
        "efficientnet_lite0_map" alone takes 40 % of the time and half the space.
    faces : bool or "auto", default="auto"
        Whether to look at faces as well. They carry actors from episode to episode, and cost a
        cartoon time without telling anything. How much they count for a character, the labels
        tell, see :class:`FaceAidedClassifier`. "auto" does if there are `portraits`. Needs the
        extra ``sktime_screen[faces]``.
    portraits : str or path, optional
        A folder with a folder of pictures for each person, see :class:`FaceClassifier`.
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
    if head not in ("map", "dense", "faces"):
        raise ValueError(f"head={head!r}: 'map', 'dense' or 'faces' is expected.")
    if faces == "auto":
        faces = head == "faces" or portraits is not None
    if not faces and (head == "faces" or portraits is not None):
        raise ValueError("faces=False, but head='faces' and portraits are about faces.")
    reading = {"memory": memory, "verbose": verbose}
    resizer, features, classifier = [], FaceFeatures(**reading), None
    # Its cross-fitted parts are less sure than itself: what calibrates them takes too much.
    correction = "averaged" if head == "map" else "auto"
    if faces:
        classifier = FaceClassifier(
            portraits, features=FaceFeatures(**reading), cv=3, random_state=random_state
        )
    if head != "faces":
        size, of_images, of_whole = _look_at_images(head, backbone, reading, random_state)
        if image_size is None:
            image_size = (backbone and find_input_size(backbone)) or size
        resizer = [ImageResizer(image_size)]
        features = FaceAidedFeatures(of_images, features) if faces else of_images
        classifier = FaceAidedClassifier(of_whole, classifier) if faces else of_whole
    return make_pipeline(
        VideoFrameSampler(rate=rate),
        *resizer,
        features,
        classifier,
        ScreenTimeAggregator(background=background, correction=correction),
    )


def _look_at_images(head, backbone, reading, random_state):
    """Return the size of images, their features and their classifier."""
    if head == "dense":
        features = PretrainedCNNFeatures(backbone or "efficientnet_lite0", **reading)
        classifier = KerasDenseClassifier(class_weight="balanced", cv=5, random_state=random_state)
        return (224, 224), features, classifier
    features = PretrainedCNNFeatures(
        backbone or "efficientnet_lite0_map+efficientnet_lite2_map",
        pooling=None,
        dtype="float16",
        quantization_step=0.25,
        colors=True,
        **reading,
    )
    classifier = LabelSpreadingClassifier(
        KerasFeatureMapClassifier(
            center_videos=True, n_position_groups=300, random_state=random_state
        ),
        prior_strength=2.0,
        move_boundary=True,
        cv=3,
        random_state=random_state,
    )
    # The shape of videos, five times as many pixels as the smaller network was trained on.
    return (384, 672), features, classifier
