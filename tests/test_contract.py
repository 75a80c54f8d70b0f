"""The contract that every public estimator keeps, or says why not: one list, all checks for all.

``python tests/test_contract.py`` prints the checks passed by estimator, and each exception with its
reason.
"""

import copy
import importlib.util
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import write_coded_video
from network_files import make_transformer
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.estimator_checks import parametrize_with_checks
from test_faces import make_embedding, make_yunet

import sktime_screen
from sktime_screen import (
    ClassifierTransformer,
    FaceAidedClassifier,
    FaceAidedFeatures,
    FaceClassifier,
    FaceFeatures,
    FineTunedCNNClassifier,
    ImageResizer,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    VideoClassifier,
    VideoFrameSampler,
)
from sktime_screen.features import name_face_columns, pack_faces
from sktime_screen.video import FrameSequence

METHODS = ["predict", "predict_proba", "predict_log_proba", "decision_function", "transform"]
N_FRAMES = 24
Y = np.where(np.arange(N_FRAMES) // 3 % 2, "tom", "jerry")


class Material:
    """Two short videos, a small network, and what the steps of a pipeline make of them."""

    def __init__(self, folder):
        self.folder = folder
        self.videos = [
            write_coded_video(folder / f"{k}.mp4", range(24), Fraction(1, 12), first=99 * k)
            for k in range(4)
        ]
        self.fitted = {}

    @cached_property
    def frames(self):
        return VideoFrameSampler(rate=6).sample(self.videos[:2])

    @cached_property
    def images(self):
        return FrameSequence(self.frames, (32, 32))

    @cached_property
    def features(self):
        values = np.random.default_rng(0).exponential(1, (N_FRAMES, 6)).astype(np.float32)
        values[:, 0] += (Y == "tom") / 2
        names = [f"feature{k}" for k in range(6)]
        return pd.DataFrame(values, self.images.index, names)

    @cached_property
    def faces(self):
        embeddings = np.random.default_rng(0).normal(size=(N_FRAMES, 2, 8))
        embeddings[:, 0, 0] += np.where(Y == "tom", 1, -1)
        embeddings /= np.linalg.norm(embeddings, axis=2, keepdims=True)
        boxes, scores = np.full((N_FRAMES, 2, 4), 0.5), np.full((N_FRAMES, 2), 0.9)
        boxes[..., 2:] += 0.1
        columns = name_face_columns(2, 8)
        return pd.DataFrame(pack_faces(embeddings, boxes, scores), self.images.index, columns)

    @cached_property
    def features_and_faces(self):
        return pd.concat([self.features, self.faces], axis=1)

    @cached_property
    def face_networks(self):
        return (
            make_yunet(self.folder / "detector.xml"),
            make_embedding(self.folder / "embedding.xml"),
        )

    @cached_property
    def probabilities(self):
        tom = np.clip(np.where(Y == "tom", 0.7, 0.3) + np.sin(np.arange(N_FRAMES)) / 4, 0, 1)
        return pd.DataFrame({"jerry": 1 - tom, "tom": tom}, self.images.index)

    @cached_property
    def backbone(self):
        import keras

        draw = keras.initializers.RandomNormal(stddev=0.3, seed=0)
        layers = [keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 128, -1)]
        for stride in (4, 2):
            layers.append(keras.layers.Conv2D(6, 3, stride, "same", kernel_initializer=draw))
        keras.Sequential(layers).save(self.folder / "network.keras")
        return str(self.folder / "network.keras")

    @cached_property
    def encoder(self):
        return make_transformer(self.folder / "encoder.xml")

    def fit(self, case):
        """Fit an estimator once for all checks that only ask it."""
        if case.name not in self.fitted:
            self.fitted[case.name] = case.make(self).fit(*case.data(self))
        return self.fitted[case.name]


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    return Material(tmp_path_factory.mktemp("contract"))


class Case(NamedTuple):
    """An estimator, what it is fitted on, and the checks that do not hold for it."""

    kind: Any
    make: Callable
    data: Callable
    exceptions: dict[str, str]
    variant: str = ""

    @property
    def name(self):
        return f"{self.kind.__name__}{self.variant}"

    @property
    def X(self):
        return lambda material: self.data(material)[0]


IMAGES_HAVE_NO_COLUMNS = "images have no columns with names"
NOTHING_TO_LEARN = "it learns nothing: transform needs no fit"
NO_TABLE = "images are not put into a table"
# Polars asks pyarrow for numbers of half precision.
NO_HALF_PRECISION = (
    {}
    if importlib.util.find_spec("pyarrow")
    else {"test_output_is_set": "numbers of half precision need pyarrow in polars"}
)
NAMED_FACES = "faces are found by the names of columns, which arrays lack"
# Without labels they take the characters from portraits, or from the columns of probabilities.
NEED_NO_LABELS = (FaceClassifier, ScreenTimeAggregator)


def make_face_features(material):
    detector, embedding = material.face_networks
    return FaceFeatures(detector, embedding, n_faces=2, detection_size=96, pixel_range=(0, 255))


CASES = [
    Case(
        VideoFrameSampler,
        lambda m: VideoFrameSampler(rate=6),
        lambda m: (m.frames, Y),
        {
            "test_not_fitted": NOTHING_TO_LEARN,
            "test_columns_seen_in_fit": "a frame table's columns have fixed names, in any order",
            "test_output_is_set": NO_TABLE,
            "test_an_array_gives_what_a_table_gives": "an array has no column names: see its error",
        },
    ),
    Case(
        ImageResizer,
        lambda m: ImageResizer((8, 8)),
        lambda m: (m.images, Y),
        {
            "test_not_fitted": NOTHING_TO_LEARN,
            "test_columns_seen_in_fit": IMAGES_HAVE_NO_COLUMNS,
            "test_output_is_set": NO_TABLE,
            "test_an_array_gives_what_a_table_gives": (
                "a sequence is resized once, from the original, an array from what it holds"
            ),
        },
    ),
    Case(
        PretrainedCNNFeatures,
        lambda m: PretrainedCNNFeatures(m.backbone, precision="float32"),
        lambda m: (m.images, Y),
        {"test_columns_seen_in_fit": IMAGES_HAVE_NO_COLUMNS},
    ),
    Case(
        PretrainedCNNFeatures,
        lambda m: PretrainedCNNFeatures(m.encoder, preprocessing="tf", precision="float32"),
        lambda m: (m.images, Y),
        {"test_columns_seen_in_fit": IMAGES_HAVE_NO_COLUMNS},
        "-from-a-file",
    ),
    Case(
        KerasDenseClassifier,
        lambda m: KerasDenseClassifier((4,), epochs=3, random_state=0),
        lambda m: (m.features, Y),
        {},
    ),
    Case(
        KerasFeatureMapClassifier,
        lambda m: KerasFeatureMapClassifier((2, 1), n_ensemble=1, epochs=3, random_state=0),
        lambda m: (m.features, Y),
        {},
    ),
    Case(
        ClassifierTransformer,
        lambda m: ClassifierTransformer(
            DecisionTreeClassifier(max_depth=1, random_state=0), cv=2, random_state=0
        ),
        lambda m: (m.features, Y),
        {},
    ),
    Case(
        LabelSpreadingClassifier,
        lambda m: LabelSpreadingClassifier(
            DecisionTreeClassifier(max_depth=1, random_state=0), cv=2, random_state=0
        ),
        lambda m: (m.features, Y),
        {
            "test_an_array_gives_what_a_table_gives": (
                "rows of an array have no times: only those that look alike are connected"
            )
        },
    ),
    Case(
        FaceFeatures,
        make_face_features,
        lambda m: (m.images, Y),
        {
            "test_columns_seen_in_fit": IMAGES_HAVE_NO_COLUMNS,
            "test_an_array_gives_what_a_table_gives": "a sequence is looked at as recorded",
            **NO_HALF_PRECISION,
        },
    ),
    Case(
        FaceAidedFeatures,
        lambda m: FaceAidedFeatures(
            PretrainedCNNFeatures(m.backbone, precision="float32"), make_face_features(m)
        ),
        lambda m: (m.images, Y),
        {
            "test_columns_seen_in_fit": IMAGES_HAVE_NO_COLUMNS,
            "test_an_array_gives_what_a_table_gives": "a sequence is looked at as recorded",
            **NO_HALF_PRECISION,
        },
    ),
    Case(
        FaceClassifier,
        lambda m: FaceClassifier(cv=2, random_state=0),
        lambda m: (m.faces, Y),
        {
            "test_columns_seen_in_fit": NAMED_FACES,
            "test_output_is_set": NAMED_FACES,
            "test_an_array_gives_what_a_table_gives": NAMED_FACES,
            "test_polars": NAMED_FACES,
        },
    ),
    Case(
        FaceAidedClassifier,
        lambda m: FaceAidedClassifier(
            ClassifierTransformer(
                DecisionTreeClassifier(max_depth=1, random_state=0), cv=2, random_state=0
            ),
            FaceClassifier(cv=2, random_state=0),
        ),
        lambda m: (m.features_and_faces, Y),
        {
            "test_columns_seen_in_fit": NAMED_FACES,
            "test_output_is_set": NAMED_FACES,
            "test_an_array_gives_what_a_table_gives": NAMED_FACES,
            "test_polars": NAMED_FACES,
        },
    ),
    Case(
        FineTunedCNNClassifier,
        lambda m: FineTunedCNNClassifier(
            m.backbone, trainable_layers=1, epochs=2, warm_up_epochs=1, batch_size=8, random_state=0
        ),
        lambda m: (m.images, Y),
        {"test_columns_seen_in_fit": IMAGES_HAVE_NO_COLUMNS},
    ),
    Case(
        VideoClassifier,
        lambda m: VideoClassifier(
            make_pipeline(
                VideoFrameSampler(),
                ImageResizer((32, 32)),
                PretrainedCNNFeatures(m.backbone, precision="float32"),
                LogisticRegression(),
            ),
            rate=2,
            voting="soft",
        ),
        lambda m: (m.videos, Y[[0, 1, 3, 4]]),
        {"test_columns_seen_in_fit": "a video is a path"},
    ),
    Case(
        ScreenTimeAggregator,
        lambda m: ScreenTimeAggregator(correction=None, frame_duration=1 / 6),
        lambda m: (m.probabilities, Y),
        {},
    ),
]


def contract(applies=lambda case: True):
    """Run a check for each estimator that it is about; an exception has to fail it."""

    def run_for_all(check):
        cases = []
        for case in filter(applies, CASES):
            reason = case.exceptions.get(check.__name__)
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            cases.append(pytest.param(case, id=case.name, marks=marks))
        return pytest.mark.parametrize("case", cases)(check)

    return run_for_all


def classifies(case):
    return hasattr(case.kind, "predict")


def transforms(case):
    return hasattr(case.kind, "transform")


def learns(parameter):
    return lambda case: parameter in inspect.signature(case.kind.fit).parameters


def has(parameter):
    return lambda case: parameter in inspect.signature(case.kind).parameters


def answers(fitted, X):
    """What all methods say of X, as arrays."""
    found = {}
    for method in METHODS:
        if hasattr(fitted, method):
            found[method] = np.asarray(getattr(fitted, method)(X))
    return found


def rows_of(fitted, X):
    """One row of numbers for each row of X."""
    method = fitted.predict_proba if hasattr(fitted, "predict_proba") else fitted.transform
    return np.asarray(method(X))


def assert_same(found, expected, **tolerance):
    assert found.keys() == expected.keys()
    for method, values in found.items():
        if values.dtype.kind in "fiu" and tolerance:
            assert_allclose(values, expected[method], **tolerance, err_msg=method)
        else:
            assert_array_equal(values, expected[method], err_msg=method)


def take(X, rows):
    if isinstance(X, pd.DataFrame):
        return X.iloc[rows]
    return [X[row] for row in rows] if isinstance(X, list) else X[rows]


def test_the_list_is_complete():
    public = {getattr(sktime_screen, name) for name in sktime_screen.__all__}
    assert {kind for kind in public if hasattr(kind, "fit")} == {case.kind for case in CASES}
    checks = {name for name in globals() if name.startswith("test_")}
    assert checks >= {name for case in CASES for name in case.exceptions}


@contract()
def test_arguments_are_called_X_and_y(case, material):
    learning = ("fit", "fit_transform", "partial_fit", "score")
    given = {method: ["X", "y"] for method in learning}
    given |= {method: ["X"] for method in METHODS}
    for method, expected in given.items():
        if hasattr(case.kind, method):
            parameters = [*inspect.signature(getattr(case.kind, method)).parameters]
            assert parameters[1 : 1 + len(expected)] == expected, method


@contract()
def test_constructor_stores_what_it_is_given(case, material):
    given = {name: object() for name in inspect.signature(case.kind).parameters}
    estimator = case.kind(**given)
    assert vars(estimator) == given
    assert estimator.get_params(deep=False) == given


@contract()
def test_clone(case, material):
    fitted = material.fit(case)
    twin = clone(fitted)
    assert repr(twin) == repr(case.make(material))
    assert vars(twin).keys() == fitted.get_params(deep=False).keys()
    for name, value in twin.get_params(deep=False).items():
        assert repr(value) == repr(fitted.get_params()[name])


@contract()
def test_parameters_through_a_pipeline(case, material):
    pipeline = make_pipeline(case.make(material))
    (step,) = pipeline.named_steps
    for name, value in pipeline[0].get_params().items():
        assert pipeline.get_params()[f"{step}__{name}"] is value
    for name in pipeline[0].get_params(deep=False):
        new = object()
        pipeline.set_params(**{f"{step}__{name}": new})
        assert getattr(pipeline[0], name) is new
    with pytest.raises(ValueError, match="Invalid parameter 'no_such'"):
        pipeline[0].set_params(no_such=1)


@contract()
def test_parameters_out_of_range_are_named(case, material):
    X, y = case.data(material)
    for name in case.make(material).get_params(deep=False):
        if case.kind._parameter_constraints[name] != "no_validation":
            estimator = case.make(material).set_params(**{name: object()})
            with pytest.raises(InvalidParameterError, match=f"The {name!r} parameter of"):
                estimator.fit(X, y)


@contract()
def test_not_fitted(case, material):
    estimator, X = case.make(material), case.X(material)
    for method in METHODS:
        if hasattr(estimator, method):
            with pytest.raises(NotFittedError):
                getattr(estimator, method)(X)
    if transforms(case):
        with pytest.raises(NotFittedError):
            estimator.get_feature_names_out()


@contract()
def test_fit_again_is_as_a_first_fit(case, material):
    X, y = case.data(material)
    first = material.fit(case)
    estimator = case.make(material)
    half = range(0, len(y), 2)
    estimator.fit(take(X, half), y[half])
    assert estimator.fit(X, y) is estimator
    assert vars(estimator).keys() == vars(first).keys()
    assert_same(answers(estimator, X), answers(first, X))


@contract()
def test_inputs_and_parameters_stay_as_they_are(case, material):
    X, y = copy.deepcopy(case.data(material))
    y.flags.writeable = False
    estimator = case.make(material)
    before = pickle.dumps((X, estimator.get_params()))
    estimator.fit(X, y)
    answers(estimator, X)
    assert pickle.dumps((X, clone(estimator).get_params())) == before


@contract()
def test_columns_seen_in_fit(case, material):
    X, y = case.data(material)
    fitted = material.fit(case)
    assert fitted.n_features_in_ == X.shape[1]
    assert fitted.feature_names_in_.tolist() == X.columns.tolist()
    with pytest.raises(ValueError, match="feature names"):
        rows_of(fitted, X.add_prefix("other "))
    of_array = case.make(material).fit(X.to_numpy(), y)
    assert not hasattr(of_array, "feature_names_in_")
    with pytest.raises(ValueError, match=r"\b[73]\b.*\b[62]\b"):
        rows_of(of_array, np.hstack([X, X])[:, : X.shape[1] + 1])


@contract(transforms)
def test_columns_of_the_output_are_named(case, material):
    fitted = material.fit(case)
    names = fitted.get_feature_names_out()
    assert names.dtype == object
    made = fitted.transform(case.X(material))
    if isinstance(made, pd.DataFrame):
        assert made.columns.tolist() == names.tolist()
    else:
        assert names.tolist() == ["image"]


@contract(transforms)
def test_output_is_set(case, material):
    polars = pytest.importorskip("polars")
    X = case.X(material)
    fitted = copy.deepcopy(material.fit(case))
    expected = fitted.transform(X)
    names = fitted.get_feature_names_out().tolist()
    for given, index in [(X, expected.index), (np.asarray(X), None)]:
        table = fitted.set_output(transform="pandas").transform(given)
        assert isinstance(table, pd.DataFrame)
        assert table.columns.tolist() == names
        assert index is None or table.index.equals(index)
        other = fitted.set_output(transform="polars").transform(given)
        assert isinstance(other, polars.DataFrame)
        assert other.columns == names
        assert_array_equal(other.to_numpy(), table.to_numpy())
        usual = fitted.set_output(transform="default").transform(given)
        assert type(usual) is (np.ndarray if index is None else pd.DataFrame)
    clone(fitted.set_output(transform="pandas")).fit(*case.data(material))


@contract(transforms)
def test_an_index_stays_with_its_rows(case, material):
    X, y = case.data(material)
    made = material.fit(case).transform(take(X, range(5, 20)))
    expected = material.images.index[5:20]
    if case.kind is ScreenTimeAggregator:
        expected = expected.get_level_values("video").unique()
    pd.testing.assert_index_equal(made.index, expected)
    if classifies(case) and case.kind is not ScreenTimeAggregator:
        made = case.make(material).fit_transform(X, y)
        pd.testing.assert_index_equal(made.index, material.images.index)


@contract(transforms)
def test_an_array_gives_what_a_table_gives(case, material):
    X, y = case.data(material)
    array = np.asarray(X)
    fitted = case.make(material).fit(array, y)
    made = fitted.transform(array)
    assert type(made) is np.ndarray
    assert_allclose(rows_of(fitted, array), rows_of(material.fit(case), X), atol=1e-5)


@contract(lambda case: case.kind not in (ImageResizer, PretrainedCNNFeatures,
                                         FaceFeatures, FaceAidedFeatures,
                                         FineTunedCNNClassifier, VideoClassifier))  # fmt: skip
def test_polars(case, material):
    polars = pytest.importorskip("polars")
    X, y = case.data(material)
    table = polars.DataFrame({name: X[name].tolist() for name in X})
    labels = polars.Series(y)
    fitted = case.make(material).fit(table, labels)
    if case.kind is VideoFrameSampler:
        assert fitted.transform(table).index.equals(material.images.index)
        return
    of_array = case.make(material).fit(X.to_numpy(), y)
    # scikit-learn 1.7 reads no names in tables of polars.
    assert list(getattr(fitted, "feature_names_in_", X)) == [*X]
    assert_same(answers(fitted, table), answers(of_array, X.to_numpy()), atol=1e-6)
    characters = polars.DataFrame({"tom": (y == "tom") * 1, "jerry": (y == "jerry") * 1})
    of_table = case.make(material).fit(table, characters)
    assert of_table.class_names_.tolist() == ["tom", "jerry"]


@pytest.fixture(scope="module")
def elsewhere(material):
    """What estimators that were pickled say in a process of their own."""
    asked = {}
    for case in CASES:
        fitted = material.fit(case)
        asked[case.name] = fitted, case.X(material), [*answers(fitted, case.X(material))]
    joblib.dump(asked, material.folder / "asked")
    program = """
        import sys, joblib, numpy
        said = {}
        for name, (fitted, X, methods) in joblib.load(sys.argv[1] + "/asked").items():
            said[name] = {each: numpy.asarray(getattr(fitted, each)(X)) for each in methods}
        joblib.dump(said, sys.argv[1] + "/said")
    """
    program = inspect.cleandoc(program)
    subprocess.run([sys.executable, "-c", program, str(material.folder)], check=True)
    return joblib.load(material.folder / "said")


@contract()
def test_a_pickle_says_the_same_in_a_fresh_process(case, material, elsewhere):
    expected = answers(material.fit(case), case.X(material))
    assert_same(elsewhere[case.name], expected, rtol=1e-4, atol=1e-5)


@contract()
def test_representations(case, material):
    for estimator in (case.make(material), material.fit(case)):
        assert case.kind.__name__ in estimator._repr_html_()
        assert repr(estimator).startswith(f"{case.kind.__name__}(")
        assert f"{case.kind.__name__}" in make_pipeline(estimator)._repr_html_()


@contract(has("random_state"))
def test_random_state(case, material):
    X, y = case.data(material)

    def say(random_state):
        return case.make(material).set_params(random_state=random_state).fit_transform(X, y)

    before = np.random.get_state()[1].copy()  # noqa: NPY002
    say(None)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    for make in (lambda: 1, lambda: np.random.RandomState(1)):
        assert_array_equal(say(make()), say(make()))


@contract()
def test_rows_are_answered_in_their_order(case, material):
    X, fitted = case.X(material), material.fit(case)
    rows = np.random.default_rng(0).permutation(len(X))
    expected = rows_of(fitted, X)[rows]
    assert_allclose(rows_of(fitted, take(X, rows)), expected, atol=1e-6)


@contract(classifies)
def test_answers_agree(case, material):
    X, y = case.data(material)
    fitted = material.fit(case)
    assert is_classifier(fitted)
    assert fitted.classes_.tolist() == ["jerry", "tom"]
    said = answers(fitted, X)
    assert said["predict_proba"].shape == (len(X), 2)
    assert_allclose(said["predict_proba"].sum(axis=1), 1, atol=1e-6)
    assert fitted.score(X, y) == np.mean(said["predict"] == y)
    if case.kind is not ScreenTimeAggregator:
        most_probable = fitted.classes_[said["predict_proba"].argmax(axis=1)]
        assert_array_equal(said["predict"], most_probable)
    if "decision_function" in said:
        assert_array_equal(said["decision_function"] > 0, said["predict"] == "tom")
        assert_allclose(np.exp(said["predict_log_proba"]), said["predict_proba"], atol=1e-12)


@contract(classifies)
def test_labels_in_any_form(case, material):
    X, y = case.data(material)
    expected = rows_of(material.fit(case), X)
    for given in (y.tolist(), pd.Series(y), pd.Categorical(y), (y == "tom") * 5, y == "tom"):
        fitted = case.make(material).fit(X, given)
        assert_array_equal(rows_of(fitted, X), expected)
        assert set(fitted.predict(X)) <= set(given)


@contract(classifies)
def test_labels_that_cannot_be_learned(case, material):
    X, y = case.data(material)
    message = "requires y to be passed, but the target y is None"
    for labels, expected in [
        (None, message),
        (y[:-1], rf"\b{len(y)}\b.*\b{len(y) - 1}\b"),
        (np.where(np.arange(len(y)), y.astype(object), None), "the first is row 0"),
        (np.where(np.arange(len(y)), y.astype(object), 1), "names and numbers.* 1 in row 0"),
        ([1, *y[1:]], "names and numbers.* 1 in row 0"),
    ]:
        if labels is None and case.kind in NEED_NO_LABELS:
            continue
        with pytest.raises(ValueError, match=expected):
            case.make(material).fit(X, labels)


@contract(learns("sample_weight"))
def test_weights_of_rows(case, material):
    X, y = case.data(material)
    equal = case.make(material).fit(X, y, sample_weight=np.ones(len(y)))
    assert_allclose(rows_of(equal, X), rows_of(material.fit(case), X), atol=1e-6)
    half = range(0, len(y), 2)
    weights = np.where(y[half] == "tom", 0.001, 1)
    equal = case.make(material).fit(take(X, half), y[half])
    tilted = case.make(material).fit(take(X, half), y[half], sample_weight=weights)
    assert rows_of(tilted, X)[:, 1].mean() < rows_of(equal, X)[:, 1].mean()
    for wrong in (weights[:-1], -weights, weights * np.nan):
        with pytest.raises(ValueError, match=r"sample_weight|[Nn]egative|NaN"):
            case.make(material).fit(take(X, half), y[half], sample_weight=wrong)


@contract(learns("validation_data"))
def test_the_course_of_a_training(case, material):
    fitted = material.fit(case)
    assert fitted.n_iter_ == fitted.n_epochs_ == len(fitted.loss_curve_)
    assert fitted.loss_curve_ == fitted.history_["loss"]


@contract()
def test_tags(case, material):
    tags = get_tags(case.make(material))
    assert (tags.estimator_type == "classifier") == classifies(case)
    assert (tags.transformer_tags is not None) == transforms(case)
    assert tags.target_tags.required == (classifies(case) and case.kind not in NEED_NO_LABELS)
    assert tags.non_deterministic is False


OTHER_ROWS = "a row of weight 2 takes part in one step, the same row twice may in two"


def reasons(estimator):
    """Say which of scikit-learn's checks do not hold, and why."""
    as_if_new = "fit_transform predicts rows as if they were new, fit(...).transform does not"
    by_kind = {
        ClassifierTransformer: {
            "check_transformer_general": as_if_new,
            "check_transformer_data_not_an_array": as_if_new,
        },
        KerasDenseClassifier: {
            "check_sample_weight_equivalence_on_dense_data": OTHER_ROWS,
            "check_sample_weight_equivalence_on_sparse_data": OTHER_ROWS,
        },
        KerasFeatureMapClassifier: {
            "check_sample_weight_equivalence_on_dense_data": OTHER_ROWS,
            "check_methods_subset_invariance": "single precision rounds by the number of rows",
        },
        LabelSpreadingClassifier: {
            "check_sample_weight_equivalence_on_dense_data": (
                "the same row twice is two neighbours in an array, a row of weight 2 is one"
            ),
            "check_methods_subset_invariance": "rows that are asked about together inform others",
            "check_methods_sample_order_invariance": "ties between equally near neighbours",
        },
    }
    return by_kind.get(type(estimator), {})


@parametrize_with_checks(
    [
        VideoFrameSampler(),
        ImageResizer(),
        PretrainedCNNFeatures(),
        KerasDenseClassifier(),
        # One network, as many rows get: each shape that the checks come up with is traced.
        KerasFeatureMapClassifier((1, 1), learning_rate=0.01, epochs=50, n_ensemble=1),
        ClassifierTransformer(LogisticRegression()),
        LabelSpreadingClassifier(DecisionTreeClassifier(max_depth=4, random_state=0)),
        FineTunedCNNClassifier(),
        VideoClassifier(LogisticRegression()),
    ],
    expected_failed_checks=reasons,
)
def test_scikit_learn(estimator, check):
    check(estimator)


class Tally:
    """Counts the checks by estimator while pytest runs them."""

    def __init__(self):
        self.passed = {case.kind.__name__: {"contract": 0, "scikit-learn": 0} for case in CASES}
        self.exceptions = {name: [] for name in self.passed}

    def pytest_runtest_logreport(self, report):
        test, _, given = report.nodeid.rpartition("::")[2].partition("[")
        name = next((name for name in self.passed if given.startswith(name)), None)
        if name is None or report.when != "call":
            return
        if report.passed:
            self.passed[name]["scikit-learn" if test == "test_scikit_learn" else "contract"] += 1
        elif hasattr(report, "wasxfail"):
            check = given.rpartition("-")[2] if test == "test_scikit_learn" else test
            self.exceptions[name].append(f"{check.rstrip(']')}: {report.wasxfail}")

    def __str__(self):
        lines = [
            "| estimator | contract | scikit-learn | exceptions |",
            "| --- | --- | --- | --- |",
        ]
        for name, passed in self.passed.items():
            cells = [name, *passed.values(), "<br>".join(self.exceptions[name]) or "none"]
            lines.append(f"| {' | '.join(map(str, cells))} |")
        return "\n".join(lines)


if __name__ == "__main__":
    tally = Tally()
    failed = pytest.main([__file__, "-n", "0", "-q", "--no-header", "-W", "ignore"], [tally])
    print(tally)
    sys.exit(failed)
