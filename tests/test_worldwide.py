"""A few files of each kind that benchmarks/worldwide.py makes, against a plain decoding by PyAV."""

import importlib
from itertools import islice
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
if not FOLDER.exists():
    pytest.skip("the benchmarks are not at hand", allow_module_level=True)
with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(FOLDER)
    worldwide = importlib.import_module("worldwide")
    made_videos = importlib.import_module("made_videos")


@pytest.mark.parametrize("family", made_videos.FAMILIES, ids=lambda family: family.__name__)
def test_samples_are_those_of_a_plain_decoding_or_told_of(tmp_path, family):
    for kind, path, *truth in islice(family(tmp_path), 2):
        outcome, details = worldwide.judge(path, worldwide.pyav_decodes, *truth)
        assert outcome in ("equal", "told"), f"{kind}: {details}"


def test_what_differs_is_found(tmp_path):
    path = made_videos.write(tmp_path / "video.mp4", "h264", count=60)

    def late(path):
        return [(time + 0.04, number) for time, number in worldwide.pyav_decodes(path)]

    def swapped(path):
        (first, one), (second, two), *others = worldwide.pyav_decodes(path)
        return [(first, two), (second, one), *others]

    def shorter(path):
        return worldwide.pyav_decodes(path)[:-1]

    for wrong in (late, swapped, shorter):
        assert worldwide.judge(path, wrong)[0] == "WRONG"
    assert worldwide.judge(path, worldwide.pyav_decodes) == ("equal", "")
