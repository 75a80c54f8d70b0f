"""Videos shared out among processes that know nothing of each other's disks, and may die."""

import operator
import os
import signal
import warnings
from fractions import Fraction
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import Tiny, write_coded_video
from joblib.externals.loky import get_reusable_executor
from joblib.parallel import ThreadingBackend
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sktime_screen import (
    ClassifierTransformer,
    FeatureStore,
    ImageResizer,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    ScreenTimeDisplay,
    ScreenTimeReport,
    VideoFrameSampler,
    _parallel,
)
from sktime_screen._parallel import share_out
from sktime_screen.features import _frame_features, _networks
from sktime_screen.screentime import _video_predictions
from sktime_screen.video import VideoError, _sampler

TASKS = {f"video {number}": number for number in range(6)}


class AllAtOnceBackend(ThreadingBackend):
    """As Ray's and joblib's "multiprocessing": gives back all results together."""

    supports_return_generator = False


joblib.register_parallel_backend("all at once", AllAtOnceBackend)


class ProcessDied(Exception):
    pass


@pytest.mark.parametrize("backend", ["threading", "all at once"])
@pytest.mark.parametrize("deadly", [{2: 1}, {2: 99}, {1: 99, 4: 1}, dict.fromkeys(range(6), 99)])
def test_a_process_that_dies(backend, deadly, monkeypatch):
    deaths, run = dict(deadly), _parallel._run

    def run_until_death(work, key, tool, name, number, folder):
        if deaths.get(number, 0):
            deaths[number] -= 1
            raise ProcessDied(number)
        return run(work, key, tool, name, number, folder)

    monkeypatch.setattr(_parallel, "_run", run_until_death)
    with joblib.parallel_config(backend, n_jobs=2):
        found = {name: answer for name, *answer in share_out(operator.mul, 10, TASKS)}
    assert sorted(found) == sorted(TASKS)
    for name, number in TASKS.items():
        result, error = found[name]
        if deadly.get(number) == 99:
            assert (result, str(error)) == (None, str(number))
        else:
            assert (result, error) == (10 * number, None)


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Processes that do not know the tiny network, but find it converted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKTIME_SCREEN_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(_networks, "get_backbone", Tiny)
        _networks._networks.clear()
        yield partial(joblib.parallel_config, "loky", n_jobs=2)
        _networks._networks.clear()
    get_reusable_executor().shutdown(wait=True)


def test_warnings_of_threads_that_work_at_once_all_come_back():
    shown, first, second, third = (warnings.showwarning, [], [], [])
    one, other, later = (_parallel._recorder.record(raised) for raised in (first, second, third))
    one.__enter__()
    warnings.warn("early", RuntimeWarning, stacklevel=1)
    other.__enter__()
    one.__exit__(None, None, None)
    warnings.warn("late", RuntimeWarning, stacklevel=1)
    other.__exit__(None, None, None)
    assert [list(map(str, raised)) for raised in (first, second)] == [["early"], ["late"]]
    assert warnings.showwarning is shown
    with later:
        warnings.warn("again", RuntimeWarning, stacklevel=1)
    assert list(map(str, third)) == ["again"]


def test_warnings_and_errors_come_back(machines):
    class Unsendable(Exception):
        def __init__(self, number, reason):
            super().__init__(f"{reason} {number}")

    def work(tool, number):
        warnings.warn(f"{number} is damaged", RuntimeWarning, stacklevel=1)
        if number == 1:
            raise ValueError("no frame")
        if number == 2:
            raise Unsendable(number, "odd")
        return tool * number

    with machines(), pytest.warns(RuntimeWarning, match="is damaged") as told:
        found = {name: answer for name, *answer in share_out(work, 10, TASKS)}
    assert sorted(str(each.message)[0] for each in told) == list("012345")
    (_, first), (_, second) = found.pop("video 1"), found.pop("video 2")
    assert (str(first), str(second)) == ("no frame", "Unsendable: odd 2")
    assert "This was on the machine '" in first.__notes__[0]
    assert found == {f"video {number}": [10 * number, None] for number in (0, 3, 4, 5)}


@pytest.fixture
def season(tmp_path):
    return [
        write_coded_video(tmp_path / f"{first}.mp4", range(24), Fraction(1, 12), first=first)
        for first in (0, 1000, 2000)
    ]


def make_features(**options):
    return PretrainedCNNFeatures("tiny", weights=None, precision="float32", **options)


@pytest.fixture
def pipeline(season, machines):
    pipeline = make_pipeline(
        VideoFrameSampler(rate=4),
        ImageResizer((32, 32)),
        make_features(),
        ClassifierTransformer(LogisticRegression()),
        ScreenTimeAggregator(correction=None),
    )
    X = pipeline[0].sample(season[:2])
    return pipeline.fit(X, np.where(X["time"] < 1, "tom", "jerry"))


def measure(pipeline, videos):
    return ScreenTimeReport.from_estimator(pipeline, videos, random_state=0)


def test_what_is_measured_comes_back(machines, pipeline, season, tmp_path, monkeypatch, capfd):
    expected = measure(pipeline, season)
    store = pipeline[2].set_params(memory=tmp_path / "store", verbose=True).memory
    # Who asks need not have the videos.
    monkeypatch.setattr(_sampler, "read_timeline", lambda path: pytest.fail("read here"))
    with machines():
        found = measure(pipeline, season)
    pd.testing.assert_frame_equal(found.probabilities, expected.probabilities, atol=1e-5)
    pd.testing.assert_frame_equal(found.estimate, expected.estimate, atol=1e-5)
    assert len(FeatureStore(store)) == 24
    shown = capfd.readouterr().err
    assert ("Videos" in shown, "Features" in shown) == (True, False)


def test_a_machine_without_the_store(machines, pipeline, season, tmp_path, monkeypatch):
    expected = measure(pipeline, season)
    pipeline[2].set_params(memory=tmp_path / "elsewhere")
    monkeypatch.setattr(_frame_features, "make_store_folder", lambda memory: None)
    with (
        machines(),
        pytest.warns(RuntimeWarning, match=r"no folder '.*elsewhere' on the machine .* make the"),
    ):
        found = measure(pipeline, season)
    pd.testing.assert_frame_equal(found.estimate, expected.estimate, atol=1e-5)
    assert not os.path.exists(tmp_path / "elsewhere")


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_video_that_is_missing_costs_no_other(pipeline, season, n_jobs):
    expected = measure(pipeline, season).estimate
    os.remove(season[1])
    with (
        joblib.parallel_config("loky", n_jobs=n_jobs),
        pytest.warns(RuntimeWarning, match=f"Left out: No such video: '{season[1]}'"),
    ):
        found = measure(pipeline, season)
    rest = expected[expected["video"] != season[1]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.estimate, rest, atol=1e-5)
    (note,) = (note for note in found.estimate.attrs["notes"] if note.startswith("Left out"))
    assert ("This was on the machine" in note) == (n_jobs == 2)
    assert "Left out" in found.to_html()


@pytest.mark.parametrize("show", [measure, lambda *given: ScreenTimeDisplay.from_estimator(*given)])
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_video_on_which_anything_fails_costs_no_other(
    pipeline, season, on_error, show, monkeypatch
):
    predict = _video_predictions.predict_frames

    def fail(classifier, frames, **options):
        if frames["video"].iloc[0] == season[1]:
            raise KeyError("odd")
        return predict(classifier, frames, **options)

    monkeypatch.setattr(_video_predictions, "predict_frames", fail)
    pipeline.set_params(videoframesampler__on_error=on_error)
    told = f"Left out '{season[1]}': KeyError: 'odd'"
    with pytest.warns(RuntimeWarning) as record:
        found = show(pipeline, season).estimate
    assert [(str(each.message), each.filename) for each in record] == [(told, __file__)]
    assert told in found.attrs["notes"]
    assert found["video"].unique().tolist() == [season[0], season[2]]


def test_all_videos_missing(pipeline, season, tmp_path):
    nowhere = [str(tmp_path / name) for name in ("nowhere1.mp4", "nowhere2.mp4")]
    with (
        pytest.warns(RuntimeWarning) as record,
        pytest.raises(FileNotFoundError, match="nowhere1") as raised,
    ):
        measure(pipeline, nowhere)
    assert [path in str(each.message) for path, each in zip(nowhere, record, strict=True)] == [1, 1]
    assert raised.value.__notes__ == ["None of the 2 videos could be measured."]
    with pytest.raises(FileNotFoundError, match="nowhere1") as raised:
        measure(pipeline, nowhere[0])
    assert not hasattr(raised.value, "__notes__")


def images(season):
    return ImageResizer((32, 32)).transform(VideoFrameSampler(rate=4).transform(season))


@pytest.mark.parametrize("step", [None, 0.25])
def test_features_are_stored_where_they_were_asked_for(machines, season, step, tmp_path):
    features = [make_features(quantization_step=step, memory=tmp_path / name) for name in "ab"]
    frames = images(season)[np.random.default_rng(0).permutation(24)]
    alone = features[0].fit_transform(frames)
    with machines():
        shared = features[1].fit_transform(frames)
    pd.testing.assert_frame_equal(shared, alone)
    stores = [FeatureStore(tmp_path / name) for name in "ab"]
    columns = ["frames", "bytes"]
    pd.testing.assert_frame_equal(*(store.contents()[columns].sort_index() for store in stores))
    pd.testing.assert_frame_equal(features[1].transform(frames), alone)


def test_another_file_under_the_same_path(machines, season, tmp_path, monkeypatch):
    keys = _frame_features.compute_image_keys
    monkeypatch.setattr(
        _frame_features,
        "compute_image_keys",
        lambda frames: [
            bytes(16) if frames.table["video"].iloc[0] == season[1] else key for key in keys(frames)
        ],
    )
    store = FeatureStore(tmp_path / "store")
    with (
        joblib.parallel_config("threading", n_jobs=2),
        pytest.raises(VideoError, match=r"1000\.mp4' is not the same file on the machine"),
    ):
        make_features(memory=store).fit_transform(images(season))
    assert len(store) == 16


def test_features_of_other_machines_are_stored_as_such(machines, season, tmp_path, monkeypatch):
    identify = PretrainedCNNFeatures._identify

    def there(self, network, frames):
        identity = identify(self, network, frames)
        return identity if self.memory else identity.replace("float32", "bfloat16")

    monkeypatch.setattr(PretrainedCNNFeatures, "_identify", there)
    store = FeatureStore(tmp_path / "store")
    with joblib.parallel_config("threading", n_jobs=2):
        make_features(memory=store).fit_transform(images(season))
    (network,) = store.contents().index.unique("network")
    assert network.endswith("bfloat16")


def test_a_process_that_is_killed(machines, tmp_path):
    def work(tool, number):
        if number == 2 and not os.path.exists(tmp_path / "killed"):
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return tool * number

    with machines():
        found = {name: answer for name, *answer in share_out(work, 10, TASKS)}
    assert found == {name: [10 * number, None] for name, number in TASKS.items()}
    assert os.path.exists(tmp_path / "killed")
