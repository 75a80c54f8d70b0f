"""Features of whole images and of faces, of frames that are decoded once for both."""

import weakref
from fractions import Fraction

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import write_coded_video
from test_faces import JERRY, SPIKE, TOM, draw, make_embedding, make_yunet

from sktime_screen import (
    FaceAidedFeatures,
    FaceFeatures,
    FeatureStore,
    ImageResizer,
    PretrainedCNNFeatures,
    VideoFrameSampler,
)
from sktime_screen.features import _shared_decoding
from sktime_screen.features._face_network import FaceNetwork
from sktime_screen.video import FrameSequence

N = 12


@pytest.fixture(autouse=True)
def quick(tiny):
    """Which network it is does not matter."""


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    return make_yunet(folder / "yunet.xml"), make_embedding(folder / "embedding.xml")


@pytest.fixture
def make(networks):
    """Make the two transformers, which keep features in one store or none."""

    def make(memory=None, **options):
        options = {"detection_size": 96, "pixel_range": (0, 255), "memory": memory} | options
        images = PretrainedCNNFeatures("tiny", pooling=None, batch_size=5, memory=memory)
        return images, FaceFeatures(*networks, n_faces=2, **options)

    return make


@pytest.fixture
def frames(tmp_path):
    """Twelve frames of two videos, in no order, some twice, made smaller."""
    paths = [
        write_coded_video(tmp_path / f"{number}.mp4", range(N), Fraction(1), first=40 * number)
        for number in (1, 2)
    ]
    table = VideoFrameSampler(rate=1).sample(paths)
    table = pd.concat([table.iloc[::-1], table.iloc[3:6]], ignore_index=True)
    return ImageResizer((32, 40), aspect="pad").transform(FrameSequence(table))


@pytest.fixture
def read(monkeypatch):
    """Which rows of videos were decoded, and whether for both."""
    calls = []
    whole = FrameSequence._read_video_images

    def counting(self, rows, originals):
        calls.append((len(rows), originals))
        return whole(self, rows, originals)

    monkeypatch.setattr(FrameSequence, "_read_video_images", counting)
    return calls


@pytest.fixture
def looked_at(monkeypatch):
    """The images in which faces were looked for."""
    seen = []
    compute = FaceNetwork._compute

    def counting(self, image, *requests):
        seen.append(image.shape)
        return compute(self, image, *requests)

    monkeypatch.setattr(FaceNetwork, "_compute", counting)
    return seen


def apart(both, frames):
    """Return what the two transformers give, each for itself."""
    tables = [part.fit_transform(frames) for part in both]
    together = pd.concat(tables, axis=1)
    together.attrs = tables[1].attrs | tables[0].attrs
    return together


def test_what_is_decoded_once_is_what_each_would_decode(make, frames, read, looked_at):
    expected = apart(make(), frames)
    assert (expected.filter(like="score") > 0).any().any()
    assert read == [(N, False)] * 4
    del read[:], looked_at[:]
    found = FaceAidedFeatures(*make()).fit_transform(frames)
    pd.testing.assert_frame_equal(found, expected)
    assert found.attrs == expected.attrs
    assert found.attrs["map_shape"] == (7, 9, 8)
    assert read == [(N, True)] * 2
    assert looked_at == [(64, 96, 3)] * 2 * N


def test_frames_of_which_few_are_computed_are_decoded_for_each(make, frames, read):
    images, faces = make()
    images.set_params(reuse_within=1 / 32)
    expected = apart((images, faces), frames)
    del read[:]
    found = FaceAidedFeatures(images, faces).fit_transform(frames)
    pd.testing.assert_frame_equal(found, expected)
    assert not any(for_both for _, for_both in read)


def test_each_takes_from_its_store_what_is_there(make, frames, read, looked_at, computed, tmp_path):
    expected = apart(make(), frames)
    images, faces = make(FeatureStore(tmp_path / "store"))
    images.fit_transform(frames[:8])
    faces.fit_transform(frames[5:10])
    del read[:], looked_at[:], computed[:]
    both = FaceAidedFeatures(images, faces).fit(frames)
    pd.testing.assert_frame_equal(both.transform(frames), expected)
    # Of 24 frames the maps lack the last 16, and faces all but five: those after the tenth are
    # decoded for both.
    assert sum(computed) == 16
    assert len(looked_at) == 19
    assert sum(n for n, for_both in read if for_both) == 14
    assert sum(n for n, for_both in read if not for_both) == 2 + 5
    del read[:]
    pd.testing.assert_frame_equal(both.transform(frames), expected)
    pd.testing.assert_frame_equal(apart((images, faces), frames), expected)
    assert read == []


@pytest.mark.parametrize("kept", [0, 1])
def test_one_may_keep_its_features_and_the_other_not(make, frames, read, looked_at, kept, tmp_path):
    expected = apart(make(), frames)
    both = make()
    both[kept].set_params(memory=tmp_path / "store")
    features = FaceAidedFeatures(*both).fit(frames)
    for expected_reads in ([(N, True)] * 2, [(N, False)] * 2):
        del read[:]
        pd.testing.assert_frame_equal(features.transform(frames), expected)
        assert read == expected_reads


def test_what_was_computed_before_an_interruption_is_kept(
    make, frames, computed, looked_at, monkeypatch, tmp_path
):
    expected = apart(make(), frames)
    del computed[:], looked_at[:]
    both = FaceAidedFeatures(*make(tmp_path / "store")).fit(frames)
    whole = _shared_decoding.iter_images_with_originals

    def interrupted(*args):
        for number, found in enumerate(whole(*args)):
            if number == 15:
                raise KeyboardInterrupt
            yield found

    with monkeypatch.context() as patch:
        patch.setattr(_shared_decoding, "iter_images_with_originals", interrupted)
        with pytest.raises(KeyboardInterrupt):
            both.transform(frames)
    kept = FeatureStore(tmp_path / "store").contents()["frames"].groupby("network").sum()
    assert (kept >= 5).all()
    assert len(kept) == 2
    del computed[:], looked_at[:]
    pd.testing.assert_frame_equal(both.transform(frames), expected)
    assert {sum(computed), len(looked_at)} == set((2 * N - kept).tolist())


@pytest.mark.parametrize("memory", ["store", None])
def test_a_video_that_is_damaged_ends_its_own_features(make, frames, memory, tmp_path):
    expected = apart(make(), frames)
    both = FaceAidedFeatures(*make(memory and tmp_path / memory)).fit(frames)
    first = frames.table["video"].iloc[0]
    of_other = (frames.table["video"] != first).to_numpy()
    with open(first, "r+b") as file:
        content = file.read()
        start = content.index(b"mdat") + 4
        file.seek(start)
        file.write(bytes(len(content[start : content.index(b"moov")]) - 4))
    with pytest.raises(ValueError, match="no frame of it can be decoded") as raised:
        both.transform(frames)
    if memory:
        assert "1 of 2 videos failed" in raised.value.__notes__[0]
        contents = FeatureStore(tmp_path / memory).contents()
        assert contents["frames"].tolist() == [N, N]
    rows = both.transform(frames[of_other])
    pd.testing.assert_frame_equal(rows, expected[of_other])


def test_image_files_are_read_once(make, tmp_path):
    paths = []
    for number, person in enumerate((TOM, JERRY, SPIKE)):
        image = draw((92, 140, 80, person), size=(256 + 32 * number, 384))
        cv2.imwrite(str(tmp_path / f"{number}.png"), image[:, :, ::-1])
        paths.append(str(tmp_path / f"{number}.png"))
    table = pd.DataFrame({"video": "v", "time": [0.0, 1, 2], "duration": 1.0, "image": paths})
    images = ImageResizer((32, 40), crop_bars=True).transform(FrameSequence(table))
    expected = apart(make(detection_size=384), images)
    assert (expected["face0_score"] > 0).all()
    found = FaceAidedFeatures(*make(detection_size=384)).fit_transform(images)
    pd.testing.assert_frame_equal(found, expected)
    arrays = FaceAidedFeatures(*make()).fit_transform(np.asarray(images))
    assert arrays.shape == expected.shape


def test_images_as_recorded_are_let_go(make, frames, monkeypatch):
    """Memory does not grow with the video, however few are done at once."""
    alive, most = weakref.WeakSet(), []
    whole = _shared_decoding.iter_images_with_originals

    class Image(np.ndarray):
        """An array that can be counted."""

        __hash__ = object.__hash__

    def watched(*args):
        for row, (image, original) in whole(*args):
            original = original.view(Image)
            alive.add(original)
            most.append(len(alive))
            yield row, (image, original)
            del original

    monkeypatch.setattr(_shared_decoding, "iter_images_with_originals", watched)
    FaceAidedFeatures(*make()).fit_transform(frames)
    assert len(most) == 2 * N
    assert max(most) <= 10
