"""Whole images and faces joined, each character by what tells it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import normalize

from sktime_screen import (
    FaceAidedClassifier,
    FaceAidedFeatures,
    FaceClassifier,
    LabelSpreadingClassifier,
    ScreenTimeAggregator,
    load_skops,
    recommended_pipeline,
    save_skops,
)
from sktime_screen._skops_files import check_shapes
from sktime_screen.features import name_face_columns, pack_faces

N, N_FACES, N_DIMENSIONS = 160, 2, 32
IMAGES = ["image0", "image1", "image2"]
LOOKS = np.linalg.qr(np.random.default_rng(0).normal(size=(N_DIMENSIONS, 4)))[0].T


def make_video(told_by_images, told_by_faces, seed=0):
    """Return features and labels of tom, whom images may tell, and ross, whom faces may tell."""
    generator = np.random.default_rng(seed)
    truth = np.repeat(generator.integers(0, 2, (N // 4, 2)), 4, axis=0)
    images = generator.normal(size=(N, 3))
    images[:, 0] += told_by_images * truth[:, 0]
    embeddings = np.zeros((N, N_FACES, N_DIMENSIONS))
    shown = truth[:, 1] if told_by_faces else generator.integers(0, 2, N)
    for number, looks in enumerate((LOOKS[0], LOOKS[1])):
        noise = 0.1 * generator.normal(size=(N, N_DIMENSIONS))
        embeddings[:, number] = normalize(looks + noise)
    scores = np.column_stack([np.ones(N), shown])
    embeddings[:, 1] *= shown[:, None]
    boxes = np.tile([0, 0, 0.1, 0.1], (N, N_FACES, 1)) * scores[..., None]
    boxes[:, 1, [0, 2]] += 0.5
    index = pd.MultiIndex.from_arrays(
        [["video.mp4"] * N, np.arange(N) * 1.0, np.ones(N)], names=["video", "time", "duration"]
    )
    faces = pd.DataFrame(
        pack_faces(embeddings, boxes, scores),
        index=index,
        columns=name_face_columns(N_FACES, N_DIMENSIONS),
    )
    images = pd.DataFrame(images, index=index, columns=IMAGES)
    return pd.concat([images, faces], axis=1), pd.DataFrame(truth, columns=["tom", "ross"])


def of_images(**options):
    head = OneVsRestClassifier(LogisticRegression())
    return LabelSpreadingClassifier(head, cv=3, random_state=0, strength=0.1, **options)


def joined():
    return FaceAidedClassifier(of_images(), FaceClassifier(cv=3, random_state=0))


def count_right(probabilities, truth):
    return ((probabilities > 0.5) == (truth == 1).to_numpy()).mean()


def as_labels(truth, kind):
    """Return labels as a table, as two classes, or as three classes a frame."""
    if kind == "table":
        return truth
    names = np.where(truth["ross"] == 1, "ross", np.where(truth["tom"] == 1, "tom", "nobody"))
    return names if kind == "classes" else np.where(names == "tom", "tom", "else")


@pytest.mark.parametrize("kind", ["table", "classes", "two"])
def test_without_faces_the_answers_are_those_of_the_images(kind):
    X, truth = make_video(told_by_images=2, told_by_faces=False)
    X.loc[:, name_face_columns(N_FACES, N_DIMENSIONS)] = 0.0
    y = as_labels(truth, kind)
    alone = of_images()
    images = X[IMAGES]
    expected = alone.fit_transform(images, y)
    head = joined()
    pd.testing.assert_frame_equal(head.fit_transform(X, y), expected, rtol=1e-4)
    pd.testing.assert_frame_equal(head.transform(X), alone.transform(images), rtol=1e-4)
    found = head.transform_cross_fitted(X)
    pd.testing.assert_frame_equal(found, alone.transform_cross_fitted(images), rtol=1e-4)
    assert (head.weights_ == [1, 0, 0]).all().all()


def test_faces_that_tell_nothing_hardly_count():
    for seed in range(4):
        X, y = make_video(told_by_images=2, told_by_faces=False, seed=seed)
        head = joined().fit(X, y)
        assert (head.weights_["faces"] < 0.25).all()
        assert abs(head.weights_ - [1, 0, 0]).to_numpy().max() < 0.5
        before = of_images().fit(X[IMAGES], y).transform(X[IMAGES])
        assert abs(head.transform(X) - before).to_numpy().mean() < 0.05


@pytest.mark.parametrize("kind", ["table", "classes"])
def test_each_character_is_told_by_what_tells_it(kind):
    X, truth = make_video(told_by_images=3, told_by_faces=True)
    train, test = np.arange(N) < 80, np.arange(N) >= 80
    y = as_labels(truth, kind)
    head = joined().fit(X[train], y[train])
    alone = of_images().fit(X.loc[train, IMAGES], y[train])
    found, before = (
        head.transform(X[test]),
        alone.transform(X.loc[test, IMAGES]),
    )
    if kind == "table":
        right, right_before = (count_right(p, truth[test]) for p in (found, before))
        assert right["ross"] > 0.97 > 0.75 > right_before["ross"]
        assert right["tom"] >= right_before["tom"] > 0.85
        weights = head.weights_["faces"]
        assert weights["ross"] > 0.3
        assert weights["tom"] < 0.1
    else:
        assert head.score(X[test], y[test]) > alone.score(X.loc[test, IMAGES], y[test]) + 0.1
        np.testing.assert_allclose(head.predict_proba(X[test]).sum(axis=1), 1)


def test_what_the_aggregator_is_told():
    X, y = make_video(told_by_images=3, told_by_faces=True)
    head = joined()
    probabilities = head.fit_transform(X[::2], y[::2])
    assert probabilities.attrs == {"out_of_sample": True, "transductive": True}
    aggregator = ScreenTimeAggregator(correction="averaged").fit(probabilities, y[::2])
    table = aggregator.estimate(
        head.transform(X),
        cross_fitted=head.transform_cross_fitted(X),
        novelty=head.novelty(X),
        random_state=0,
    )
    np.testing.assert_allclose(table["seconds"], y.sum(), atol=8)
    alone = of_images().fit(X.loc[:, IMAGES][::2], y[::2])
    expected = alone.novelty(X[IMAGES])
    pd.testing.assert_series_equal(head.novelty(X), expected)


def test_a_file_of_skops_says_the_same(tmp_path):
    pytest.importorskip("skops")
    X, y = make_video(told_by_images=3, told_by_faces=True)
    pipeline = make_pipeline(joined(), ScreenTimeAggregator(correction="averaged")).fit(X, y)
    save_skops(tmp_path / "model.skops", pipeline)
    again = load_skops(tmp_path / "model.skops")
    np.testing.assert_array_equal(again.predict_proba(X), pipeline.predict_proba(X))
    found = again[0].transform_cross_fitted(X)
    pd.testing.assert_frame_equal(found, pipeline[0].transform_cross_fitted(X))
    again[0].faces_._parts = again[0].faces_._parts[1:]
    with pytest.raises(ValueError, match="_parts of FaceClassifier"):
        check_shapes(again)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (FaceAidedClassifier(of_images(), FaceClassifier()), "faces to be cross-fitted"),
        (
            FaceAidedClassifier(LabelSpreadingClassifier(), FaceClassifier(cv=3)),
            "estimator to be cross-fitted",
        ),
    ],
)
def test_both_have_to_be_cross_fitted(head, told):
    X, y = make_video(3, True)
    if head.estimator.estimator is None:
        head.estimator.estimator = OneVsRestClassifier(LogisticRegression())
    with pytest.raises(ValueError, match=told):
        head.fit(X, y)


def test_both_kinds_of_columns_are_needed():
    X, y = make_video(3, True)
    for chosen in (X.iloc[:, :3], X.iloc[:, 3:]):
        with pytest.raises(ValueError, match="table of FaceAidedFeatures"):
            joined().fit(chosen, y)


class Column(TransformerMixin, BaseEstimator):
    """Gives one column; of faces where it is named so."""

    def __init__(self, columns):
        self.columns = columns

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        table = pd.DataFrame(0.5, index=X.index, columns=self.columns)
        table.attrs = {"map_shape": (1, 2, 3)} if len(self.columns) == 1 else {}
        return table

    def get_feature_names_out(self):
        return np.array(self.columns, object)


def test_features_stand_side_by_side():
    features = FaceAidedFeatures(Column(["image0"]), Column(name_face_columns(1, 2)))
    X = pd.DataFrame(index=pd.Index([3, 4]))
    table = features.fit_transform(X)
    expected = ["image0", *name_face_columns(1, 2)]
    assert table.columns.tolist() == features.get_feature_names_out().tolist() == expected
    assert table.attrs == {"map_shape": (1, 2, 3)}
    assert table.index.tolist() == [3, 4]


def test_which_pipeline_looks_at_faces(tmp_path):
    names = {
        (): "labelspreadingclassifier",
        (("faces", True),): "faceaidedclassifier",
        (("portraits", tmp_path),): "faceaidedclassifier",
        (("head", "dense"), ("portraits", tmp_path)): "faceaidedclassifier",
        (("head", "faces"),): "faceclassifier",
        (("head", "faces"), ("portraits", tmp_path)): "faceclassifier",
    }
    for options, name in names.items():
        pipeline = recommended_pipeline(memory=tmp_path, **dict(options))
        assert pipeline.steps[-2][0] == name
        memories = {
            value for name, value in pipeline.get_params().items() if name.endswith("__memory")
        }
        assert memories == {tmp_path}
    pipeline = recommended_pipeline(portraits=tmp_path)
    assert pipeline[-2].faces.portraits == tmp_path
    assert pipeline[-1].correction == "averaged"
    for options in ({"portraits": tmp_path}, {"head": "faces"}):
        with pytest.raises(ValueError, match="faces=False"):
            recommended_pipeline(faces=False, **options)
