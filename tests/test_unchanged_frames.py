"""Features that are taken over from a frame that looks the same."""

from fractions import Fraction

import av
import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import write_coded_video

from sktime_screen import ImageResizer, PretrainedCNNFeatures, VideoFrameSampler
from sktime_screen.features import _networks

RATE = 10
LOOK = np.random.default_rng(0).normal(100, 40, (64, 64, 3)).clip(20, 180).astype(np.uint8)


def draw(levels):
    """An image of contrast 40 whose upper left quarter is so many levels lighter."""
    image = LOOK.copy()
    image[:32, :32] += np.uint8(levels)
    return image


def write_video(path, images):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "bgr0"
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """Two and a half seconds that grow lighter by a level a frame, with a cut, and then stay."""
    levels = [*range(10), *range(10, 14), *range(60, 66), *[66] * 5]
    return write_video(tmp_path_factory.mktemp("still") / "still.mkv", map(draw, levels))


# The limit is 40 / 32 levels: every other frame of each second, and the first after the cut.
COMPUTED = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]


def sequence(*videos, rate=None):
    return ImageResizer((64, 64)).transform(VideoFrameSampler(rate).transform(list(videos)))


def features(frames, **options):
    options = {"reuse_within": 1 / 32, "engine": "openvino", **options}
    return PretrainedCNNFeatures("tiny", **options).fit_transform(frames)


def test_a_frame_takes_the_features_of_the_last_computed_one(still, tiny, computed):
    each = features(sequence(still), reuse_within=None).to_numpy()
    computed.clear()
    table = features(sequence(still))
    assert sum(computed) == len(COMPUTED)
    source = np.repeat(COMPUTED, [2] * 10 + [5])
    np.testing.assert_array_equal(table, each[source])
    assert (each[1:15] != each[:14]).any(axis=1).all()


@pytest.mark.parametrize("batch_size", [1, 3, "auto"])
def test_rows_depend_neither_on_others_nor_on_batches(still, tiny, batch_size):
    whole = features(sequence(still)).to_numpy()
    rng = np.random.default_rng(0)
    for rows in ([7], [13, 3, 3, 24], range(9, 21), rng.permutation(25), rng.permutation(25)[:9]):
        part = features(sequence(still)[list(rows)], batch_size=batch_size)
        np.testing.assert_array_equal(part, whole[list(rows)])


@pytest.mark.parametrize(
    "options", [{}, {"dtype": "float16"}, {"quantization_step": 0.25}], ids=str
)
def test_rows_do_not_depend_on_what_is_stored(still, tiny, computed, tmp_path, options):
    whole = features(sequence(still), **options).to_numpy()
    features(sequence(still)[[5, 11, 17, 23]], memory=tmp_path, **options)
    for _ in range(2):
        stored = features(sequence(still), memory=tmp_path, **options)
        np.testing.assert_array_equal(stored, whole)
        computed.clear()
    features(sequence(still), memory=tmp_path, **options)
    assert not sum(computed)
    for tolerance, number in [(None, 25), (1 / 31, 11), (1.0, 4)]:
        features(sequence(still), memory=tmp_path, reuse_within=tolerance, **options)
        assert sum(computed) == number
        computed.clear()


def test_a_run_that_was_stopped_goes_on_with_the_same_rows(still, tiny, monkeypatch, tmp_path):
    whole = features(sequence(still)).to_numpy()
    run = _networks.Network.run

    def stop(self, batches, batch_size, store):
        def some():
            for number, batch in enumerate(batches):
                if number == 3:
                    raise KeyboardInterrupt
                yield batch

        run(self, some(), batch_size, store)

    with monkeypatch.context() as patch:
        patch.setattr(_networks.Network, "run", stop)
        with pytest.raises(KeyboardInterrupt):
            features(sequence(still), memory=tmp_path, batch_size=2)
    seen = []
    monkeypatch.setattr(
        _networks.Network, "run", lambda self, *args: seen.append(1) or run(self, *args)
    )
    np.testing.assert_array_equal(features(sequence(still), memory=tmp_path), whole)
    assert seen


def test_several_videos_at_once(still, tiny, tmp_path):
    other = write_video(tmp_path / "other.mkv", map(draw, [0, 1, 90, 91, 92]))
    frames = sequence(still, other)[np.random.default_rng(1).permutation(30)]
    alone = pd.concat([features(sequence(still)), features(sequence(other))])
    with joblib.parallel_config("threading", n_jobs=2):
        together = features(frames)
    pd.testing.assert_frame_equal(together.sort_index(), alone.sort_index())


def test_one_frame_a_second_is_as_without(still, tiny, decoded, tmp_path):
    # Each second of this one begins with a frame that is on screen before it.
    ntsc = write_coded_video(tmp_path / "ntsc.mp4", range(60), Fraction(1001, 24000))
    frames = sequence(still, ntsc, rate=1)
    without = features(frames, reuse_within=None)
    assert sum(decoded) == 6
    pd.testing.assert_frame_equal(features(frames), without)
    assert sum(decoded) == 12


@pytest.mark.parametrize("contrast", [0, 8])
def test_the_limit_follows_the_contrast(tiny, tmp_path, computed, contrast):
    look = np.full((64, 64, 3), 16, np.uint8)
    look[::2] += np.uint8(contrast)
    video = write_video(tmp_path / "dark.mkv", [look, look, look + 1, look + 1])
    features(sequence(video))
    assert sum(computed) == 2


def test_images_in_files_are_all_computed(tiny, tmp_path, computed):
    import cv2

    paths = [str(tmp_path / f"{number}.png") for number in range(3)]
    for path in paths:
        cv2.imwrite(path, LOOK)
    times = {"time": np.arange(3) / RATE, "duration": 1 / RATE}
    table = pd.DataFrame({"video": "a name", **times, "image": paths})
    rows = features(ImageResizer((64, 64)).transform(VideoFrameSampler().transform(table)))
    assert sum(computed) == 3
    assert (rows.to_numpy() == rows.to_numpy()[0]).all()


def test_a_time_after_the_end_is_refused_and_others_are_kept(still, tiny, tmp_path, computed):
    other = write_video(tmp_path / "other.mkv", map(draw, [0, 1, 90]))
    table = VideoFrameSampler(None).sample([other, still])
    table.loc[1, "time"] = 9.0
    frames = ImageResizer((64, 64)).transform(VideoFrameSampler(None).transform(table))
    with pytest.raises(ValueError, match=r"no frame at 9\.000 s in .*other\.mkv"):
        features(frames)
    with pytest.raises(ValueError, match=r"no frame at 9\.000 s"):
        features(frames, memory=tmp_path / "store")
    computed.clear()
    features(sequence(still), memory=tmp_path / "store")
    assert not sum(computed)
