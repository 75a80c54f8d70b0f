"""Model files that run no code when they are read."""

import io
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, KFold, LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktime_screen import (
    FeatureStore,
    KerasDenseClassifier,
    KerasFeatureMapClassifier,
    LabelSpreadingClassifier,
    MultilabelStratifiedGroupKFold,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    load_skops,
    recommended_pipeline,
    save_skops,
)
from sktime_screen._skops_files import check_shapes, compute_weight_shapes

pytest.importorskip("skops")


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    table = pd.DataFrame(
        {"video": np.repeat(["a.mp4", "b.mp4", "c.mp4"], 40), "time": np.tile(np.arange(40.0), 3)}
    ).assign(duration=1.0)
    truth = generator.integers(0, 2, (120, 2))
    maps = generator.normal(size=(120, 252, 2)) + 3 * truth[:, None]
    X = pd.DataFrame(maps.reshape(120, -1), index=pd.MultiIndex.from_frame(table))
    X.attrs["map_shape"] = (12, 21, 2)
    return X.astype(np.float32), pd.DataFrame(truth, columns=["tom", "jerry"])


@pytest.fixture(scope="module")
def fitted(data, quick_training):
    return recommended_pipeline(random_state=0)[-2:].fit(*data)


@pytest.fixture(scope="module")
def file(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model.skops"
    save_skops(path, fitted)
    return path


@pytest.mark.slow
def test_the_same_in_another_process(data, fitted, file, tmp_path):
    data[0].to_pickle(tmp_path / "X.pkl")
    code = (
        "import sys, pandas as pd; from sktime_screen import load_skops;"
        "fitted = load_skops(sys.argv[1]); P = fitted[:-1].transform(pd.read_pickle(sys.argv[2]));"
        "P.to_pickle(sys.argv[3]); fitted[-1].estimate(P, random_state=0).to_pickle(sys.argv[4])"
    )
    words = [file, *(tmp_path / name for name in ("X.pkl", "P.pkl", "seconds.pkl"))]
    subprocess.run([sys.executable, "-c", code, *map(str, words)], check=True)
    P = fitted[:-1].transform(data[0])
    pd.testing.assert_frame_equal(pd.read_pickle(tmp_path / "P.pkl"), P)
    seconds = fitted[-1].estimate(P, random_state=0)
    pd.testing.assert_frame_equal(pd.read_pickle(tmp_path / "seconds.pkl"), seconds)
    assert os.listdir(file.parent) == ["model.skops"]


@pytest.mark.parametrize("classes", [False, True])
def test_other_pipelines(data, tmp_path, classes):
    X, y = data
    X = X.iloc[:, :20]
    if classes:
        y = pd.Series(np.where(y["tom"], "tom", "nobody"))
    pipeline = make_pipeline(
        KerasDenseClassifier(epochs=2, random_state=0), ScreenTimeAggregator(correction=None)
    ).fit(X, y)
    save_skops(tmp_path / "model.skops", pipeline)
    again = load_skops(tmp_path / "model.skops")
    np.testing.assert_array_equal(again.predict(X), pipeline.predict(X))
    assert str(clone(again)) == str(clone(pipeline))


@pytest.mark.parametrize(
    "cv", [LeaveOneGroupOut(), MultilabelStratifiedGroupKFold(2), list(KFold(2).split(range(120)))]
)
def test_parts_of_cross_fitting(data, tmp_path, cv):
    X, y = data[0].iloc[:, :20], data[1]
    spreading = LabelSpreadingClassifier(DummyClassifier(), cv=cv)
    pipeline = make_pipeline(spreading, ScreenTimeAggregator()).fit(X, y)
    save_skops(tmp_path / "model.skops", pipeline)
    again = load_skops(tmp_path / "model.skops")
    assert again[-1].correction_ == "calibrated"
    expected = pipeline[0].transform_cross_fitted(X)
    pd.testing.assert_frame_equal(again[0].transform_cross_fitted(X), expected)
    again[0]._trained_on = again[0]._trained_on[:, 1:]
    with pytest.raises(ValueError, match="_trained_on of LabelSpreadingClassifier"):
        check_shapes(again)


def test_the_whole_pipeline(file, tmp_path, video):
    whole = recommended_pipeline(memory="features", random_state=0)
    whole[:2].fit([video])
    save_skops(tmp_path / "model.skops", whole)
    again = load_skops(tmp_path / "model.skops")
    assert str(again) == str(whole)
    pd.testing.assert_index_equal(
        again[:2].transform([video]).index, whole[:2].transform([video]).index
    )


def shout(X):
    return X


def test_what_would_be_refused_is_not_written(fitted, tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(b"what was there")
    for strange in (
        FunctionTransformer(shout),
        PretrainedCNNFeatures(memory=FeatureStore(tmp_path / "features")),
    ):
        with pytest.raises(TypeError, match=r"shout|FeatureStore"):
            save_skops(path, make_pipeline(strange, fitted[-1]))
    search = GridSearchCV(DummyClassifier(), {"random_state": [0]}).fit([[0], [1]] * 5, [0, 1] * 5)
    with pytest.raises(
        TypeError, match=r"Scorer, .*: save the best_estimator_ of GridSearchCV, or"
    ):
        save_skops(path, search)
    assert path.read_bytes() == b"what was there"
    save_skops(tmp_path / "best.skops", search.best_estimator_)
    with pytest.raises(FileNotFoundError):
        save_skops(tmp_path / "no" / "model.skops", fitted)


@pytest.mark.parametrize(
    ("module", "name"),
    [("sktime_screen.cli._model", "load_model"), ("os", "system"), ("joblib", "load")],
)
def test_types_that_no_model_has_are_refused(file, tmp_path, module, name):
    evil = tmp_path / "evil.skops"
    with zipfile.ZipFile(file) as honest, zipfile.ZipFile(evil, "w") as changed:
        for member in honest.namelist():
            content = honest.read(member)
            if member == "schema.json":
                schema = json.loads(content)
                schema["__module__"], schema["__class__"] = module, name
                content = json.dumps(schema)
            changed.writestr(member, content)
    with pytest.raises(ValueError, match=rf"holds {module}.{name}.*was not read"):
        load_skops(evil)


def changed(file, path, change):
    """A file of skops with other members: ``change`` is given their contents, or is of new ones."""
    with zipfile.ZipFile(file) as honest:
        members = {name: honest.read(name) for name in honest.namelist()}
    members.update(change if isinstance(change, dict) else change(members) or {})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def as_npy(array):
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def arrays_of(members):
    return {name: np.load(io.BytesIO(members[name])) for name in members if name.endswith(".npy")}


def with_a_huge_header(members):
    name = next(iter(arrays_of(members)))
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"
    members[name] = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def with_a_bad_header(members):
    name = next(iter(arrays_of(members)))
    members[name] = members[name].replace(b"'descr'", b"'other'")


def with_no_header(members):
    members[next(iter(arrays_of(members)))] = b"no array"


def with_too_much(members):
    members["zeros.npy"] = as_npy(np.zeros(2**27, np.int8))


def with_too_much_within(members):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", bytes(2**27))
    members["matrix.npz"] = inner.getvalue()


def with_objects(members):
    name = next(iter(arrays_of(members)))
    members[name] = members[name].replace(b"'descr': '<", b"'descr': '|O#")


def with_another_schema(members):
    members["schema.json"] = b"[" * 10_000


def without_an_array(members):
    del members[next(iter(arrays_of(members)))]


@pytest.mark.parametrize(
    "change",
    [
        with_a_huge_header,
        with_a_bad_header,
        with_no_header,
        with_too_much,
        with_too_much_within,
        with_objects,
        with_another_schema,
        without_an_array,
    ],
)
def test_files_that_are_not_what_they_say(file, tmp_path, change):
    evil = changed(file, tmp_path / "evil.skops", change)
    with pytest.raises(ValueError, match=r"evil\.skops' cannot be read as a file of skops"):
        load_skops(evil)


def test_every_array_of_another_shape_is_refused(file, tmp_path):
    with zipfile.ZipFile(file) as archive:
        arrays = arrays_of({name: archive.read(name) for name in archive.namelist()})
    # One of each kind: those of cross-fitting are alike.
    kinds = {(array.shape, array.dtype): name for name, array in arrays.items() if array.ndim}
    assert len(kinds) > 10
    for (shape, dtype), name in kinds.items():
        other = {name: as_npy(np.zeros((*shape, 2), dtype)[:1])}
        evil = changed(file, tmp_path / "evil.skops", other)
        with pytest.raises(ValueError, match="cannot be read as a file of skops"):
            load_skops(evil)


@pytest.mark.parametrize("batch_normalization", [False, True])
def test_shapes_are_those_of_the_network(data, batch_normalization):
    X, y = data
    for head in (
        KerasDenseClassifier(
            hidden_layer_sizes=(5, 3), batch_normalization=batch_normalization, epochs=1
        ),
        KerasFeatureMapClassifier(
            (12, 21),
            hidden_layer_sizes=(4,),
            batch_normalization=batch_normalization,
            n_ensemble=3,
            epochs=1,
        ),
        KerasFeatureMapClassifier((12, 21), n_components=1, n_ensemble=1, epochs=1),
    ):
        head.fit(X, y)
        check_shapes(head)
        assert [weight.shape for weight in head.weights_] == compute_weight_shapes(
            **head._architecture
        )


def test_channels_that_are_projected_fit_the_features(data):
    head = KerasFeatureMapClassifier((12, 21), n_components=1, n_ensemble=1, epochs=1).fit(*data)
    for wrong in (head.components_[:1], head.components_.T, np.zeros((2, 1, 1), np.float32)):
        other = clone(head)
        vars(other).update(vars(head) | {"components_": wrong})
        with pytest.raises(ValueError, match="components_ of KerasFeatureMapClassifier is"):
            check_shapes(other)
    other.components_, other.n_features_in_ = head.components_, head.n_features_in_ + 1
    with pytest.raises(ValueError, match="n_features_in_ of KerasFeatureMapClassifier is 505"):
        check_shapes(other)


def test_other_files(tmp_path):
    (tmp_path / "model.skops").write_bytes(b"no archive")
    with pytest.raises(ValueError, match="cannot be read as a file of skops"):
        load_skops(tmp_path / "model.skops")
    with pytest.raises(FileNotFoundError, match="No such model"):
        load_skops(tmp_path / "none.skops")


def test_without_skops(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(ImportError, match=r"pip install 'sktime_screen\[skops\]'"):
        load_skops(tmp_path / "model.skops")


@pytest.mark.parametrize("name", ["means_", "scales_", "_moments"])
def test_shapes_of_what_scales_the_columns(data, name):
    head = KerasDenseClassifier(hidden_layer_sizes=(5,), epochs=1).fit(*data)
    value = getattr(head, name)
    setattr(head, name, value[:2] + (value[2][1:],) if name == "_moments" else value[1:])
    with pytest.raises(ValueError, match="means_ of KerasDenseClassifier"):
        check_shapes(head)
