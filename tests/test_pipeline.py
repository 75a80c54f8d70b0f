"""What a whole pipeline does, from a frame table to seconds, under scikit-learn's own tools."""

import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone, is_classifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen import (
    ImageResizer,
    KerasDenseClassifier,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    VideoFrameSampler,
    recommended_pipeline,
)
from sktime_screen.datasets import make_cartoon_video


def pipeline_steps(**head):
    return [
        VideoFrameSampler(rate=2),
        ImageResizer((64, 64)),
        PretrainedCNNFeatures("efficientnet_lite0"),
        KerasDenseClassifier(
            (16,), **{"epochs": 15, "class_weight": "balanced", "random_state": 0, **head}
        ),
        ScreenTimeAggregator(),
    ]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """The frame table of a short cartoon video, and its two columns of labels."""
    path = str(tmp_path_factory.mktemp("cartoon") / "video.mp4")
    truth = make_cartoon_video(path, seconds=30, seed=10, size=(90, 160), fps=12)
    X = VideoFrameSampler(rate=2).sample(path)
    rows = truth["time"].searchsorted(X["time"] + 1e-6, side="right") - 1
    return X, truth[["cat", "mouse"]].iloc[rows].reset_index(drop=True)


@pytest.fixture(scope="module")
def X(labelled):
    return labelled[0]


@pytest.fixture(scope="module")
def y(labelled):
    """One class a frame."""
    return labelled[1]["mouse"].map({0: "absent", 1: "mouse"}).to_numpy()


@pytest.fixture(scope="module")
def fitted(X, y):
    return make_pipeline(*pipeline_steps()).fit(X, y)


def test_from_a_table_or_videos_to_seconds(fitted, X, y):
    video = X["video"].iloc[0]
    assert is_classifier(fitted)
    assert fitted.score(X, y) > 0.9
    seconds = fitted.transform([video])
    assert seconds.index.tolist() == [video]
    assert seconds.columns.tolist() == ["absent", "mouse"]
    assert seconds.loc[video].sum() == pytest.approx(30.0)
    pd.testing.assert_frame_equal(seconds, fitted.transform(X))
    np.testing.assert_array_equal(fitted.predict(video), fitted.predict(X))
    assert fitted.predict(X).shape == y.shape
    predicted_seconds = X["duration"][fitted.predict(X) == "mouse"].sum()
    assert seconds.loc[video, "mouse"] == pytest.approx(predicted_seconds)


def test_two_videos_in_a_row(fitted, X, tmp_path):
    other = str(tmp_path / "other.mp4")
    make_cartoon_video(other, seconds=5, seed=4, size=(120, 160), fps=10)
    seconds = fitted.transform([other, X["video"].iloc[0]])
    assert seconds.index.tolist() == [other, X["video"].iloc[0]]
    np.testing.assert_allclose(seconds.sum(axis=1), [5.0, 30.0])


def test_probabilities_carry_the_frame_index(fitted, X):
    probabilities = fitted[:-1].transform(X)
    assert probabilities.index.names == ["video", "time", "duration"]
    assert probabilities.columns.tolist() == ["absent", "mouse"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    shuffled = X.sample(frac=1, random_state=1)
    again = fitted[:-1].transform(shuffled)
    np.testing.assert_allclose(again.loc[probabilities.index], probabilities, atol=1e-5)


def test_several_characters_at_once(labelled):
    X, y = labelled
    pipeline = make_pipeline(*pipeline_steps()).fit(X, y)
    seconds = pipeline.transform(X)
    assert seconds.columns.tolist() == ["cat", "mouse"]
    assert pipeline.predict(X).shape == y.shape
    truth = y.mul(X["duration"], axis=0).sum()
    np.testing.assert_allclose(seconds.iloc[0], truth, atol=6)
    assert pipeline.score(X, y) > 0.8
    for scoring in ["average_precision", "roc_auc", "f1_macro", "accuracy"]:
        assert get_scorer(scoring)(pipeline, X, y) > 0.8


@pytest.mark.parametrize(
    ("cv", "grouped"),
    [
        (StratifiedKFold(3, shuffle=True, random_state=0), False),
        (StratifiedGroupKFold(3), True),
    ],
    ids=["stratified", "grouped"],
)
def test_grid_search(X, y, cv, grouped):
    search = GridSearchCV(
        make_pipeline(*pipeline_steps()),
        {"kerasdenseclassifier__dropout": [0.2, 0.5], "screentimeaggregator__threshold": [0, 0.5]},
        cv=cv,
        scoring="balanced_accuracy",
        error_score="raise",
    )
    search.fit(X, y, groups=(X["time"] // 5) if grouped else None)
    results = pd.DataFrame(search.cv_results_)
    at_zero = results["param_screentimeaggregator__threshold"] == 0
    # From probability 0 on everything is the second class: half of the balanced accuracy.
    np.testing.assert_allclose(results.loc[at_zero, "mean_test_score"], 0.5)
    assert search.best_params_["screentimeaggregator__threshold"] == 0.5
    assert search.best_score_ > 0.6
    assert search.transform(X).shape == (1, 2)


def test_scorers_of_probabilities(fitted, X, y):
    assert get_scorer("roc_auc")(fitted, X, y) > 0.95
    assert get_scorer("neg_log_loss")(fitted, X, y) > -0.4


def test_cross_validated_probabilities(X, y):
    pipeline = make_pipeline(*pipeline_steps(epochs=5))
    probabilities = cross_val_predict(pipeline, X, y, cv=3, method="predict_proba")
    assert probabilities.shape == (len(X), 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("sampler", [RandomOverSampler(random_state=0), SMOTE(random_state=0)])
def test_resampling_features(X, y, sampler):
    steps = pipeline_steps()
    pipeline = make_imbalanced_pipeline(*steps[:3], sampler, *steps[3:]).fit(X, y)
    assert pipeline.score(X, y) > 0.9
    assert pipeline.transform(X).sum(axis=1).iloc[0] == pytest.approx(30.0)


def test_undersampling_the_table_before_anything_is_decoded(X, y, decoded):
    pipeline = make_imbalanced_pipeline(RandomUnderSampler(random_state=0), *pipeline_steps())
    pipeline.fit(X, y)
    assert sum(decoded) == 2 * min(np.unique(y, return_counts=True)[1]) < len(X)
    assert len(pipeline.predict(X)) == len(X)


@pytest.mark.slow
def test_a_pipeline_on_disk_predicts_the_same_in_a_fresh_process(fitted, X, tmp_path):
    joblib.dump(fitted, tmp_path / "screen_time.joblib")
    X.to_pickle(tmp_path / "X.pkl")
    assert (tmp_path / "screen_time.joblib").stat().st_size < 2e6, "a network is in the pickle"
    program = (
        "import sys, joblib, pandas\n"
        "folder = sys.argv[1]\n"
        "pipeline = joblib.load(folder + '/screen_time.joblib')\n"
        "assert 'tensorflow' not in sys.modules\n"
        "X = pandas.read_pickle(folder + '/X.pkl')\n"
        "joblib.dump((pipeline.predict_proba(X), pipeline.transform(X)), folder + '/out')\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    probabilities, seconds = joblib.load(tmp_path / "out")
    np.testing.assert_allclose(probabilities, fitted.predict_proba(X), atol=1e-5)
    pd.testing.assert_frame_equal(seconds, fitted.transform(X))


def test_set_output_on_the_whole(X, y):
    steps = pipeline_steps()
    pipeline = make_pipeline(*steps[:3], StandardScaler(), *steps[3:])
    pipeline.set_output(transform="pandas").fit(X, y)
    assert pipeline[:-1].transform(X).index.names == ["video", "time", "duration"]
    seconds = pipeline.transform(X)
    assert seconds.columns.tolist() == ["absent", "mouse"]
    assert seconds.iloc[0].sum() == pytest.approx(30.0)


def test_an_index_lost_on_the_way_is_explained(X, y):
    steps = pipeline_steps()
    pipeline = make_pipeline(*steps[:3], StandardScaler(), *steps[3:]).fit(X, y)
    with pytest.raises(ValueError, match=r"set_output\(transform='pandas'\)"):
        pipeline.transform(X)


def test_clone_and_html(fitted):
    copy = clone(fitted)
    assert {name: str(value) for name, value in copy.get_params().items()} == {
        name: str(value) for name, value in fitted.get_params().items()
    }
    assert "ScreenTimeAggregator" in fitted._repr_html_()
    assert list(recommended_pipeline().named_steps) == [
        "videoframesampler",
        "imageresizer",
        "pretrainedcnnfeatures",
        "labelspreadingclassifier",
        "screentimeaggregator",
    ]
    assert "kerasdenseclassifier" in recommended_pipeline(head="dense").named_steps
    for head in ("map", "dense"):
        assert recommended_pipeline(head=head, image_size=(384, 671))[1].size == (384, 671)


@pytest.mark.parametrize("head", ["map", "dense"])
def test_one_seed_for_all_steps(head):
    given = recommended_pipeline(head=head, random_state=3).get_params()
    seeds = {name: seed for name, seed in given.items() if name.endswith("random_state")}
    assert set(seeds.values()) == {3}
    assert len(seeds) == (2 if head == "map" else 1)


@pytest.mark.slow
def test_recommended_pipeline_that_looks_at_places(X, y, tmp_path):
    pipeline = recommended_pipeline(memory=tmp_path, random_state=0).fit(X[::2], y[::2])
    probabilities = pipeline[:-1].transform(X)
    heat = pipeline[-2].class_heatmaps(pipeline[:-2].transform(X[:3]))
    assert heat.shape == (3, probabilities.shape[1], 12, 21)
    assert (pipeline.predict(X) == np.asarray(y)).mean() > 0.8


def test_equal_seeds_equal_results(X, y):
    probabilities = [
        make_pipeline(*pipeline_steps(epochs=3)).fit(X, y).predict_proba(X) for _ in range(2)
    ]
    np.testing.assert_array_equal(*probabilities)


def test_refuses(X, y, tmp_path):
    pipeline = make_pipeline(*pipeline_steps())
    with pytest.raises(ValueError, match="60 frames but 7 labels"):
        pipeline.fit(X, y[:7])
    with pytest.raises(ValueError, match="fit takes a frame table"):
        pipeline.fit(X["video"].unique(), y)
    with pytest.raises(ValueError, match="mouse"):
        pipeline.fit(X, np.full(len(X), "mouse"))
    with pytest.raises(FileNotFoundError, match=r"gone\.mp4"):
        pipeline.fit(X.assign(video=str(tmp_path / "gone.mp4")), y)


def test_names_of_columns(fitted):
    assert fitted.get_feature_names_out().tolist() == fitted[-1].get_feature_names_out().tolist()
    assert fitted[:2].get_feature_names_out().tolist() == ["image"]
    assert len(fitted[:3].get_feature_names_out()) == 1280
