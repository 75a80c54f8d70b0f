"""The pipeline we recommend, with every step visible."""

from sklearn.pipeline import make_pipeline

from .classify import KerasDenseClassifier
from .features import PretrainedCNNFeatures
from .frames import ImageResizer, VideoFrameSampler
from .screentime import ScreenTimeAggregator


def recommended_pipeline(
    *,
    rate=1.0,
    backbone="efficientnet_lite0",
    memory=None,
    background=None,
    random_state=None,
    verbose=0,
):
    """Make the pipeline from videos to seconds that we recommend.

    Parameters
    ----------
    rate : float or None, default=1.0
        Frames a second at which new videos are sampled.
    backbone : str, default="efficientnet_lite0"
        The pretrained network, see :class:`PretrainedCNNFeatures`.
    memory : str, path or FeatureStore, optional
        Where features are kept on disk, see :class:`PretrainedCNNFeatures`.
    background : str or int, optional
        The class that means nobody, see :class:`ScreenTimeAggregator`.
    random_state : int, optional
        Seed of the classifier.
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
    ['kerasdenseclassifier', 'screentimeaggregator']
    """
    return make_pipeline(
        VideoFrameSampler(rate=rate),
        ImageResizer((224, 224)),
        PretrainedCNNFeatures(backbone, memory=memory, verbose=verbose),
        KerasDenseClassifier(class_weight="balanced", random_state=random_state),
        ScreenTimeAggregator(background=background),
    )
