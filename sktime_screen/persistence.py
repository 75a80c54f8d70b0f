"""Models in files that run no code when they are read, in the format of skops."""

import os
from zipfile import ZIP_DEFLATED

from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.pipeline import Pipeline

from ._atomic_files import write_atomically
from ._skops_files import check_shapes, check_sizes
from .classify import (
    ClassifierTransformer,
    FaceAidedClassifier,
    FaceClassifier,
    FaceGallery,
    FaceModel,
    FineTunedCNNClassifier,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelledRows,
    LabelSpreadingClassifier,
    TargetEncoding,
    VideoClassifier,
)
from .features import FaceAidedFeatures, FaceFeatures, PretrainedCNNFeatures
from .model_selection import MultilabelStratifiedGroupKFold
from .screentime import CalibrationErrors, Classes, Correction, ScreenTimeAggregator
from .video import ImageResizer, VideoFrameSampler

# One by one, and not all that the package holds: some of its functions read pickles.
_TYPES = [
    CalibrationErrors,
    Classes,
    ClassifierTransformer,
    Correction,
    FaceAidedClassifier,
    FaceAidedFeatures,
    FaceClassifier,
    FaceFeatures,
    FaceGallery,
    FaceModel,
    FineTunedCNNClassifier,
    ImageResizer,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    LabelledRows,
    MultilabelStratifiedGroupKFold,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    TargetEncoding,
    VideoClassifier,
    VideoFrameSampler,
    # What `cv` may be, and skops does not know.
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
]
# Parts of classifiers of scikit-learn that hold numbers only. Trees are none of these: what walks
# through them trusts them.
_OF_SCIKIT_LEARN = {
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
}
_OURS = {f"{kind.__module__}.{kind.__qualname__}" for kind in _TYPES} | _OF_SCIKIT_LEARN


def save_skops(path, pipeline) -> None:
    """Write a fitted pipeline to a file that can be read without running code.

    Loading a pickle can run any code. The format of skops holds only arrays, parameters and names
    of types, and `load_skops` creates no object of a type that it does not know. Needs the extra
    ``sktime_screen[skops]``.

    Parameters
    ----------
    path : str or path
        The file to write, usually with the ending ``.skops``. An existing file is replaced.
    pipeline : sklearn.pipeline.Pipeline
        The fitted pipeline, made of estimators of this package and of scikit-learn. Of a search,
        its ``best_estimator_``.

    Raises
    ------
    ImportError
        If skops is not installed.
    TypeError
        If the pipeline holds something that `load_skops` would refuse, such as your own function or
        a Keras model object.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from sktime_screen import load_skops, save_skops
    >>> save_skops("screen_time.skops", screen_time)  # doctest: +SKIP
    >>> load_skops("screen_time.skops").transform(["next_video.mp4"])  # doctest: +SKIP
    """
    skops = _skops()
    try:
        content = skops.dumps(pipeline, compression=ZIP_DEFLATED)
        strange = _strange(skops, data=content)
    except (RecursionError, TypeError) as error:
        raise TypeError(
            f"The pipeline holds what cannot be written without pickle: {error}"
        ) from error
    if strange:
        advice = "make it of this package's and scikit-learn's estimators"
        if hasattr(pipeline, "best_estimator_"):
            advice = f"save the best_estimator_ of {type(pipeline).__name__}"
        raise TypeError(
            f"The pipeline holds {', '.join(strange)}, which load_skops would refuse: {advice}, "
            f"or write it with joblib.dump."
        )
    with write_atomically(path) as unfinished:
        unfinished.write_bytes(content)


def load_skops(path) -> Pipeline:
    """Load a pipeline that `save_skops` wrote, even from a maker you do not trust.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    sklearn.pipeline.Pipeline
        The fitted pipeline.

    Raises
    ------
    ImportError
        If skops is not installed.
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a skops file, holds other types than this package writes, unpacks to far more
        than its size, or holds arrays that do not fit together.
    """
    skops = _skops()
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No such model: '{path}'.")
    try:
        check_sizes(path)
        strange = _strange(skops, file=path)
        pipeline = None if strange else skops.load(path, trusted=sorted(_OURS))
        check_shapes(pipeline)
    except Exception as error:
        raise ValueError(
            f"'{path}' cannot be read as a file of skops ({type(error).__name__}: {error})."
        ) from error
    if strange:
        raise ValueError(
            f"'{path}' holds {', '.join(strange)}, which no model of save_skops does: it was not "
            f"read. If you know its maker, look at it with skops.io.visualize."
        )
    return pipeline


def _strange(skops, **source):
    return sorted(set(skops.get_untrusted_types(**source)) - _OURS)


def _skops():
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            "Files of skops need skops: pip install 'sktime_screen[skops]'."
        ) from error
    return skops.io
