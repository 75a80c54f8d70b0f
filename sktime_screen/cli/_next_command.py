"""The commands that are suggested when labels are there to be learned."""

import os
import shlex
from pathlib import Path

from .._defaults import SAMPLING_RATE
from ._options import HeadName


def list_training_options(fitted, rate, head, image_size, backbone):
    """Return the options by which `train` looks at frames as the model does, or as was asked."""
    from ..classify import FaceAidedClassifier, FaceClassifier
    from ..features import FaceAidedFeatures, PretrainedCNNFeatures
    from ..recipes import recommended_pipeline
    from ..video import ImageResizer

    words = []
    for _, step in [] if fitted is None else fitted.steps:
        if isinstance(step, FaceAidedFeatures):
            step = step.images_
        elif isinstance(step, FaceAidedClassifier):
            words += ["--portraits", str(step.faces.portraits)] if step.faces.portraits else []
        elif isinstance(step, FaceClassifier):
            words += ["--portraits", str(step.portraits)]
        if isinstance(step, ImageResizer):
            image_size = tuple(step.size)
        elif isinstance(step, PretrainedCNNFeatures):
            backbone, head = step.backbone, "map" if step.pooling is None else "dense"
    _, resizer, features, *_ = recommended_pipeline(head=head)
    if fitted is not None:
        rate = fitted[0].rate
    words += [] if rate == SAMPLING_RATE else ["--rate", f"{rate:g}"]
    words += [] if head == "map" else ["--head", "dense"]
    if image_size not in (None, resizer.size):
        words += ["--image-size", *map(str, image_size)]
    if backbone not in (None, features.backbone):
        words += ["--backbone", str(backbone)]
    if fitted is not None and fitted[-1].background is not None:
        words += ["--background", str(fitted[-1].background)]
    return words


def suggest_training(fitted, model, made):
    """Return the command that trains a model again, on its labels and on a file of more."""
    # Of models that do not tell, the word stands for them: alone, the others would replace them.
    known = getattr(fitted, "made_with_", {}).get("labels") or ["LABELS"]
    if model is None:
        # Portraits alone have taught it.
        known, model = [], "screen_time.joblib"
    options = list_training_options(fitted, None, HeadName.map, None, None)
    words = ["train", *map(_shorten, known), made, *options, "--model", os.fspath(model)]
    return shlex.join(["sktime-screen", *words])


def _shorten(path):
    """Return a path as it is written in the working directory, if it lies there."""
    folder = Path.cwd()
    return str(Path(path).relative_to(folder)) if Path(path).is_relative_to(folder) else path


def suggest_next_command(videos, made, strategy, model, labels, options, *, learns):
    """Return what to do with the labels; a random sample is not spent on a model there is.

    ``learns`` tells whether the model remembers its labels, and can learn these beside them.
    """
    from ..labels import RANDOM_STRATEGIES

    sampled = strategy in RANDOM_STRATEGIES
    if model is not None and (sampled or learns):
        words = ["sktime-screen", "measure", *videos, "--model", str(model), "--labels", made]
        return shlex.join(words if sampled else [*words, "--save-model", str(model)])
    so_far = map(str, labels or [])
    return shlex.join(
        [
            *("sktime-screen", "train", *so_far, made, *options),
            *("--model", str(model or "screen_time.joblib")),
        ]
    )
