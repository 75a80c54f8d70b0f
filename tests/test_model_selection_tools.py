"""scikit-learn's tools around a whole video pipeline or its head, in one process and in two."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    StratifiedGroupKFold,
    TunedThresholdClassifierCV,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    ImageResizer,
    KerasDenseClassifier,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    VideoFrameSampler,
    neg_screen_time_error_scorer,
    time_blocks,
)
from sktime_screen.datasets import make_cartoon_video

pytestmark = pytest.mark.slow


class Labelled:
    """Labelled frames of a short cartoon, and what they are learned with."""

    def __init__(self, folder):
        path = str(folder / "video.mp4")
        truth = make_cartoon_video(path, seconds=48, seed=10, size=(90, 160), fps=12)
        self.X = VideoFrameSampler(rate=1).sample(path)
        rows = truth["time"].searchsorted(self.X["time"] + 1e-6, side="right") - 1
        self.y = np.where(truth["mouse"].to_numpy()[rows], "mouse", "absent")
        self.groups = time_blocks(self.X, 6)
        self.cv = StratifiedGroupKFold(3)
        self.folds = list(self.cv.split(self.X, self.y, self.groups))
        images = [VideoFrameSampler(rate=1), ImageResizer((64, 64))]
        features = PretrainedCNNFeatures(memory=folder / "features", precision="float32")
        self.head = KerasDenseClassifier((8,), epochs=10, random_state=0)
        self.features = make_pipeline(*images, features).fit_transform(self.X)
        self.pipeline = make_pipeline(
            *images, features, self.head, ScreenTimeAggregator(correction=None)
        )


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    return Labelled(tmp_path_factory.mktemp("cartoon"))


def in_one_process_and_in_two(use):
    """Return what a tool gives, which has to be the same with one job and with two."""
    alone, shared = (np.asarray(use(n_jobs=n_jobs)) for n_jobs in (1, 2))
    np.testing.assert_allclose(shared, alone, rtol=1e-4, atol=1e-6)
    return alone


def test_grid_search(labelled):
    grid = {
        "kerasdenseclassifier__learning_rate": [0.01, 1e-6],
        "screentimeaggregator__threshold": [0, 0.5],
    }

    def search(n_jobs):
        found = GridSearchCV(
            labelled.pipeline, grid, cv=labelled.cv, scoring="balanced_accuracy", n_jobs=n_jobs
        )
        found.fit(labelled.X, labelled.y, groups=labelled.groups)
        assert found.best_params_["kerasdenseclassifier__learning_rate"] == 0.01
        seconds = found.transform(labelled.X["video"].unique())
        assert seconds.sum(axis=1).iloc[0] == pytest.approx(48)
        return found.cv_results_["mean_test_score"]

    scores = in_one_process_and_in_two(search)
    assert scores[[0, 2]].tolist() == [0.5, 0.5]
    assert scores[1] > 0.75


def test_halving_grid_search_over_epochs(labelled):
    def search(n_jobs):
        found = HalvingGridSearchCV(
            labelled.pipeline,
            {"kerasdenseclassifier__learning_rate": [1e-6, 1e-5, 0.01]},
            resource="kerasdenseclassifier__epochs",
            min_resources=3,
            max_resources=9,
            cv=labelled.folds,
            n_jobs=n_jobs,
        ).fit(labelled.X, labelled.y)
        assert found.best_params_ == {
            "kerasdenseclassifier__learning_rate": 0.01,
            "kerasdenseclassifier__epochs": 9,
        }
        return found.cv_results_["mean_test_score"]

    assert in_one_process_and_in_two(search).max() > 0.75


def test_cross_validate_with_several_metrics(labelled):
    scoring = {"accuracy": "accuracy", "auc": "roc_auc", "seconds": neg_screen_time_error_scorer}

    def validate(n_jobs):
        found = cross_validate(
            labelled.pipeline, labelled.X, labelled.y, cv=labelled.folds, scoring=scoring,
            n_jobs=n_jobs, error_score="raise",
        )  # fmt: skip
        return [found[f"test_{name}"].mean() for name in scoring]

    accuracy, auc, seconds = in_one_process_and_in_two(validate)
    assert min(accuracy, auc) > 0.75
    assert -8 < seconds <= 0


def test_learning_curve(labelled):
    def curve(n_jobs):
        sizes, _, scores = learning_curve(
            labelled.pipeline, labelled.X, labelled.y, cv=labelled.folds, train_sizes=[8, 30],
            shuffle=True, random_state=0, n_jobs=n_jobs, error_score="raise",
        )  # fmt: skip
        assert sizes.tolist() == [8, 30]
        return scores.mean(axis=1)

    few, many = in_one_process_and_in_two(curve)
    assert few <= many
    assert many > 0.75


def test_permutation_importance(labelled):
    fitted = labelled.pipeline.fit(labelled.X, labelled.y)

    def measure(n_jobs):
        return permutation_importance(
            fitted, labelled.X, labelled.y, n_repeats=3, random_state=0, n_jobs=n_jobs
        ).importances_mean

    video, time, duration = in_one_process_and_in_two(measure)
    assert time > 0.2
    assert video == duration == 0


def test_calibrated_classifier(labelled):
    def calibrate(n_jobs):
        calibrated = CalibratedClassifierCV(
            labelled.pipeline, cv=labelled.folds, ensemble=False, n_jobs=n_jobs
        ).fit(labelled.X, labelled.y)
        assert calibrated.score(labelled.X, labelled.y) > 0.75
        return calibrated.predict_proba(labelled.X)

    probabilities = in_one_process_and_in_two(calibrate)
    share = np.mean(labelled.y == "mouse")
    assert probabilities[:, 1].mean() == pytest.approx(share, abs=0.15)


def test_tuned_threshold(labelled):
    def tune(n_jobs):
        tuned = TunedThresholdClassifierCV(
            labelled.pipeline, cv=labelled.folds, thresholds=11, store_cv_results=True,
            n_jobs=n_jobs,
        ).fit(labelled.X, labelled.y)  # fmt: skip
        assert tuned.best_score_ == tuned.cv_results_["scores"].max()
        assert tuned.score(labelled.X, labelled.y) > 0.75
        return [tuned.best_threshold_, tuned.best_score_]

    assert in_one_process_and_in_two(tune)[1] > 0.7


def test_stacking(labelled):
    estimators = [("all", labelled.pipeline), ("again", labelled.pipeline)]

    def stack(n_jobs):
        stacked = StackingClassifier(
            estimators, LogisticRegression(), cv=labelled.folds, n_jobs=n_jobs
        ).fit(labelled.X, labelled.y)
        assert stacked.score(labelled.X, labelled.y) > 0.75
        return stacked.predict_proba(labelled.X)

    assert in_one_process_and_in_two(stack).shape == (48, 2)


def test_bagging_of_the_head(labelled):
    X = labelled.features.to_numpy()

    def bag(n_jobs):
        bagged = BaggingClassifier(labelled.head, 4, random_state=0, n_jobs=n_jobs)
        bagged.fit(X, labelled.y)
        assert bagged.score(X, labelled.y) > 0.75
        return bagged.predict_proba(X)

    assert in_one_process_and_in_two(bag).shape == (48, 2)


def test_bagging_around_video_steps_is_explained(labelled):
    bagging = BaggingClassifier(labelled.pipeline, 2)
    message = r"array of the shape \(48, 3\), expected a frame table .* around the classifier"
    with pytest.raises(ValueError, match=message):
        bagging.fit(labelled.X, labelled.y)
