import pickle
import threading
import warnings

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import draw_code, read_code
from imblearn import FunctionSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import _safe_indexing

from sktime_screen import (
    ImageResizer,
    VideoFrameSampler,
    screen_time_error,
    shot_groups,
    suggest_frames,
    temporal_iou,
    time_blocks,
)
from sktime_screen.labels._suggestions import find_labelled_frames
from sktime_screen.screentime._labelled_sample import LabelledSample
from sktime_screen.video import (
    FrameSequence,
    _sequence,
    check_frame_table,
    is_frame_index,
    make_frame_index,
)


@pytest.fixture
def table(video, other_video):
    return VideoFrameSampler(rate=2).sample([video, other_video])


@pytest.fixture
def sequence(table):
    return VideoFrameSampler().transform(table)


def codes(images):
    return [read_code(image) for image in images]


EXPECTED = [12 * k for k in range(20)] + [int(12.5 * k) for k in range(8)]


def test_sequence_is_an_array_of_images(sequence):
    assert len(sequence) == 28
    assert sequence.shape == (28, 64, 96, 3)
    images = np.asarray(sequence)
    assert images.dtype == np.uint8
    assert codes(images) == EXPECTED


def test_rows_come_back_as_asked_whatever_their_order(sequence):
    rows = np.random.default_rng(0).permutation(28)
    rows = np.concatenate([rows, rows[:5]])
    assert codes(np.asarray(sequence[rows])) == [EXPECTED[row] for row in rows]
    np.testing.assert_array_equal(sequence[rows].index, sequence.index[rows])


@pytest.mark.parametrize(
    "key", [slice(2, 9, 3), [], [1, -1], np.arange(28) % 5 == 0, (np.array([3, 0]), Ellipsis)]
)
def test_selection_is_lazy_and_right(sequence, monkeypatch, key):
    with monkeypatch.context() as patch:
        patch.setattr(_sequence, "read_images", None)
        chosen = sequence[key]
    rows = key[0] if isinstance(key, tuple) else key
    assert isinstance(chosen, FrameSequence)
    expected = np.array(EXPECTED)[np.array(rows, int) if isinstance(rows, list) else rows]
    assert codes(np.asarray(chosen)) == expected.tolist()


def test_one_row_is_a_image(sequence):
    assert sequence[5].shape == (64, 96, 3)
    assert read_code(sequence[5]) == EXPECTED[5]
    with pytest.raises(IndexError):
        sequence[28]
    with pytest.raises(IndexError, match="indexed by rows"):
        sequence[0, 1]


def test_batches_follow_the_video_and_hold_every_row_once(sequence):
    rows = np.random.default_rng(1).permutation(28)
    seen, shown = [], []
    for positions, images in sequence[rows].iter_batches(5):
        assert len(positions) == len(images) <= 5
        seen += positions.tolist()
        shown += codes(images)
    assert sorted(seen) == list(range(28))
    first_video = [code for position, code in zip(seen, shown, strict=True) if rows[position] < 20]
    assert first_video == sorted(first_video)
    assert shown == [EXPECTED[rows[position]] for position in seen]


def test_an_abandoned_iteration_leaves_no_thread(sequence):
    before = threading.active_count()
    for _ in sequence.iter_batches(2):
        break
    assert threading.active_count() == before


def test_a_failure_while_decoding_reaches_the_caller(video):
    table = pd.DataFrame({"video": [video, video], "time": [0.0, 99.0], "duration": [1.0, 1.0]})
    with pytest.raises(ValueError, match=r"no frame at 99\.000 s"):
        np.asarray(FrameSequence(table))


def test_scikit_learn_and_imbalanced_learn_select_from_it(sequence, table):
    y = np.arange(28) % 7 == 0
    assert codes(np.asarray(_safe_indexing(sequence, [4, 2]))) == [EXPECTED[4], EXPECTED[2]]
    halves = StratifiedKFold(2).split(sequence, y)
    assert sorted(np.concatenate([test for _, test in halves])) == list(range(28))
    kept, _ = FunctionSampler(func=lambda X, y: (X[y], y[y]), validate=False).fit_resample(
        sequence, y
    )
    assert codes(np.asarray(kept)) == np.array(EXPECTED)[y].tolist()
    fewer, labels = RandomUnderSampler(random_state=0).fit_resample(table, y)
    assert len(fewer) == 8
    assert labels.sum() == 4
    check_frame_table(fewer)


def test_a_sequence_can_be_pickled(sequence):
    assert codes(np.asarray(pickle.loads(pickle.dumps(sequence))[:2])) == EXPECTED[:2]


def test_images_from_files(tmp_path):
    paths = []
    for number in range(3):
        paths.append(str(tmp_path / f"{number}.png"))
        cv2.imwrite(paths[-1], draw_code(number, 64 + 3 * number))
    table = pd.DataFrame({"video": "x", "time": [2.0, 0, 1], "duration": 1.0, "image": paths})
    sequence = FrameSequence(table)
    assert sequence.shape == (3, None, None, 3)
    with pytest.raises(ValueError, match=r"differ in size.*ImageResizer"):
        np.asarray(sequence)
    assert codes(np.asarray(sequence.resize((33, 44)))) == [0, 1, 2]
    (tmp_path / "1.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"1\.png.*cannot be read as an image"):
        np.asarray(sequence.resize((33, 44)))
    (tmp_path / "1.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"1\.png"):
        np.asarray(sequence.resize((33, 44)))


def test_colours_are_rgb(tmp_path):
    path = str(tmp_path / "red.png")
    cv2.imwrite(path, np.full((8, 8, 3), (0, 0, 255), np.uint8))
    table = pd.DataFrame({"video": "x", "time": [0.0], "duration": [1.0], "image": [path]})
    assert FrameSequence(table)[0][0, 0].tolist() == [255, 0, 0]


def test_frame_index(table):
    index = make_frame_index(table)
    assert is_frame_index(index)
    assert not is_frame_index(pd.RangeIndex(3))
    assert index.names == ["video", "time", "duration"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": None}, "'time' missing"),
        ({"time": [0.0, -1.0]}, "Row 1.*time -1"),
        ({"duration": [0.0, 1.0]}, "Row 0.*duration 0"),
        ({"time": [0.0, np.nan]}, "Row 1.*time nan"),
        ({"time": ["soon", 1]}, "not a number of seconds"),
        ({"video": ["a.mp4", None]}, "Row 1.*no 'video'"),
    ],
)
def test_bad_frame_tables(change, message):
    columns = {"video": ["a.mp4"] * 2, "time": [0.0, 1.0], "duration": [1.0, 1.0], **change}
    bad = pd.DataFrame({name: values for name, values in columns.items() if values is not None})
    with pytest.raises(ValueError, match=message):
        check_frame_table(bad)


@pytest.mark.parametrize("kind", [str, "path", list, np.array, pd.Series, "table"])
def test_sampler_takes_paths_of_any_kind(video, kind, tmp_path):
    from pathlib import Path

    sampler = VideoFrameSampler()
    videos = {
        str: video,
        "path": Path(video),
        list: [video],
        np.array: np.array([video]),
        pd.Series: pd.Series([video]),
        "table": sampler.sample(video),
    }[kind]
    sequence = sampler.transform(videos)
    assert len(sequence) == 10
    assert sequence.table["video"].tolist() == [video] * 10


def test_sampler_keeps_the_rows_of_a_table(table):
    shuffled = table.sample(frac=1, random_state=0)
    with pytest.warns(UserWarning, match="no effect"):
        sampler = VideoFrameSampler(rate=25).fit(shuffled, np.zeros(28))
    sequence = sampler.transform(shuffled)
    np.testing.assert_array_equal(sequence.index, make_frame_index(shuffled))


@pytest.mark.parametrize("fps", [10, 12.5, 23.976, 25, 29.97, 60])
@pytest.mark.parametrize("rate", [0.1, 0.5, 1.0, 2, 3.7, 7, 13, 16.7, 24, 30, 50, 120, None])
def test_a_table_of_the_samplers_own_rate_is_no_surprise(fps, rate):
    shown = np.arange(int(60 * fps))
    if rate is not None:
        shown = np.unique(np.floor(np.arange(0, 60, 1 / rate) * fps + 1e-9))
        shown = shown[shown < 60 * fps]
    times = np.append(shown, 60 * fps) / fps
    table = pd.DataFrame({"video": "a.mp4", "time": times[:-1], "duration": np.diff(times)})
    sampler = VideoFrameSampler(rate, start=0, stop=61)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for rows in (table, table[::3], table[::-7]):
            sampler.fit(rows)
        VideoFrameSampler().fit(table)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"rate": 0.5}, "rate=0.5"),
        ({"rate": 4}, "rate=4"),
        ({"rate": None}, "rate=None"),
        ({"rate": 2, "start": 5}, "start=5"),
        ({"stop": 5.0}, "stop=5.0"),
        ({"rate": 8, "stop": 2}, "rate=8, stop=2"),
    ],
)
def test_parameters_without_an_effect_on_a_table_are_warned_of(table, given, named):
    sampler = VideoFrameSampler(**given)
    for X in (table, FrameSequence(table)):
        with pytest.warns(UserWarning, match="no effect on a frame table.*0.5 s") as seen:
            sampler.fit(X)
        assert (len(seen), seen[0].filename) == (1, __file__)
        assert str(seen[0].message).startswith(f"VideoFrameSampler({named}) has")


def test_a_search_over_the_rate_of_a_table_is_warned_of(table):
    rows = FunctionTransformer(lambda frames: np.zeros((len(frames), 1)))
    pipeline = make_pipeline(VideoFrameSampler(rate=2), rows, DummyClassifier())
    rates = {"videoframesampler__rate": [0.5, 1, 2, 4]}
    with pytest.warns(UserWarning, match=r"rate=4\) has no effect"):
        GridSearchCV(pipeline, rates, cv=2).fit(table, np.arange(28) % 2)


TAKERS = {
    "sampler": lambda X: VideoFrameSampler(rate=2).fit(X, np.arange(len(X))).transform(X).index,
    "sequence": lambda X: FrameSequence(X).resize((8, 8)).index,
    "blocks": lambda X: time_blocks(X, 3),
    "shots": shot_groups,
    "suggestions": lambda X: suggest_frames(X, 3, strategy="random", random_state=0),
    "labelled": lambda X: find_labelled_frames(VideoFrameSampler().sample(X["video"][0]), X[:9]),
    "seconds": lambda X: screen_time_error(np.arange(28) % 2, np.zeros(28), X),
    "overlap": lambda X: temporal_iou(np.arange(28) % 2, np.arange(28) % 3 % 2, X),
    "sample": lambda X: vars(LabelledSample(inclusion(X), np.zeros((28, 1))))["table"],
}


def inclusion(X):
    if isinstance(X, pd.DataFrame):
        return X.assign(inclusion=0.5)
    return X.with_columns(inclusion=0.5)


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_frame_tables_of_polars(table, take):
    polars = pytest.importorskip("polars")
    of_polars = polars.DataFrame({name: table[name].tolist() for name in table})
    expected = take(table)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(take(of_polars), expected)
    else:
        np.testing.assert_array_equal(take(of_polars), expected)


def test_a_grid_search_over_a_frame_table_of_polars(table):
    polars = pytest.importorskip("polars")
    of_polars = polars.DataFrame({name: table[name].tolist() for name in table})
    pipeline = make_pipeline(
        VideoFrameSampler(rate=2),
        ImageResizer((4, 4)),
        FunctionTransformer(lambda images: np.asarray(images).reshape(len(images), -1)),
        LogisticRegression(),
    )
    scores = [
        GridSearchCV(pipeline, {"logisticregression__C": [1e-6, 1]}, cv=4)
        .fit(X, np.arange(28) // 7 % 2)
        .cv_results_["mean_test_score"]
        for X in (table, of_polars)
    ]
    np.testing.assert_array_equal(*scores)


def test_sampler_refuses(video, table, tmp_path):
    sampler = VideoFrameSampler()
    with pytest.raises(ValueError, match="No video was given"):
        sampler.transform([])
    with pytest.raises(ValueError, match="3 is not a path"):
        sampler.transform([3])
    with pytest.raises(ValueError, match="'time', 'duration' missing"):
        sampler.transform(pd.DataFrame({"video": [video]}))
    with pytest.raises(ValueError, match="28 frames but 3 labels"):
        sampler.fit(table, [0, 1, 0])
    with pytest.raises(ValueError, match="fit takes a frame table"):
        sampler.fit([video], [0, 1, 0])
    for use in (sampler.transform, lambda X: sampler.fit(X, np.arange(28) % 2)):
        with pytest.raises(ValueError, match=r"shape \(28, 3\), expected a frame table .* Bagging"):
            use(table.to_numpy())
    with pytest.raises(FileNotFoundError, match=r"gone\.mp4"):
        sampler.transform(table.assign(video="gone.mp4"))
    with pytest.raises(ValueError, match="'rate' parameter"):
        VideoFrameSampler(rate=0).fit(table)
    with pytest.raises(ValueError, match="'rate' parameter"):
        VideoFrameSampler(rate="fast").sample(video)


def test_resizer_describes_a_sequence_and_resizes_arrays(sequence):
    resizer = ImageResizer((48, 60))
    lazy = resizer.fit_transform(sequence)
    assert isinstance(lazy, FrameSequence)
    assert lazy.shape == (28, 48, 60, 3)
    np.testing.assert_array_equal(lazy.index, sequence.index)
    # FFmpeg scales videos from their own colour planes, OpenCV arrays: the same but for rounding.
    difference = np.asarray(lazy, float) - resizer.transform(np.asarray(sequence))
    assert np.abs(difference).mean() < 0.5
    assert np.abs(difference).max() <= 4
    assert codes(np.asarray(lazy)) == EXPECTED


def test_resizer_makes_one_array_of_unlike_images():
    images = [
        draw_code(5, 60, 80),
        draw_code(6, 120, 90),
        draw_code(7)[:, :, 0],
        np.dstack([draw_code(8), np.full((64, 96), 255, np.uint8)]),
    ]
    resized = ImageResizer((30, 40)).transform(images)
    assert resized.shape == (4, 30, 40, 3)
    assert codes(resized) == [5, 6, 7, 8]


def test_area_interpolation_averages():
    chequered = np.indices((8, 8)).sum(axis=0) % 2 * np.full((3, 1, 1), 200)
    image = chequered.transpose(1, 2, 0).astype(np.uint8)
    assert np.unique(ImageResizer((4, 4)).transform([image])).tolist() == [100]
    nearest = ImageResizer((4, 4), interpolation="nearest").transform([image])
    assert set(np.unique(nearest)) <= {0, 200}


@pytest.mark.parametrize(
    ("resizer", "images", "message"),
    [
        (ImageResizer((224,)), [], "two positive whole numbers"),
        (ImageResizer((0, 224)), [], "two positive whole numbers"),
        (ImageResizer(interpolation="magic"), [], "'interpolation' parameter"),
        (ImageResizer(), [np.zeros((4, 4, 3))], r"Image 0 has shape \(4, 4, 3\) and type float"),
        (ImageResizer(), [np.zeros((4, 4, 2), np.uint8)], "Image 0 has shape"),
        (ImageResizer(), [np.zeros(4, np.uint8)], "Image 0 has shape"),
    ],
)
def test_resizer_refuses(resizer, images, message):
    with pytest.raises(ValueError, match=message):
        resizer.transform(images)


def test_unreadable_videos_can_be_left_out(video, other_video, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    videos = [video, "missing.mp4", bad, other_video]
    with pytest.raises(FileNotFoundError, match=r"missing\.mp4"):
        VideoFrameSampler().sample(videos)
    with pytest.warns(RuntimeWarning, match="Left out") as record:
        table = VideoFrameSampler(on_error="warn").sample(videos)
    assert [name for name in ("missing.mp4", "bad.mp4") for w in record if name in str(w.message)]
    assert table["video"].unique().tolist() == [video, other_video]
    pd.testing.assert_frame_equal(table, VideoFrameSampler(on_error="skip").sample(videos))
    with pytest.raises(ValueError, match=r"^No video can be read: 'missing.mp4', "):
        VideoFrameSampler(on_error="skip").sample(["missing.mp4", bad])
