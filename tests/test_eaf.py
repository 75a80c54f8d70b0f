import builtins

import numpy as np
import pandas as pd
import pytest
from conftest import few_examples
from hypothesis import given
from hypothesis import strategies as st

from sktime_screen import VideoFrameSampler, load_eaf, save_eaf

pytest.importorskip("pympi")

# As ELAN writes files: header, type and constraints are those of test/sample_3.0.eaf and
# test/fto.eaf, which are ELAN's, in dopefishh/pympi. Its tier "default" is there even when unused,
# slots of one time are not shared, and a dependent tier refers to annotations instead of times.
EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-10-28T10:14:04+01:00" FORMAT="3.0" VERSION="3.0"\
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\
 xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/videos/my%20video.wav" MIME_TYPE="audio/x-wav"\
 RELATIVE_MEDIA_URL="./my%20video.wav"/>
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/videos/my%20video.mp4" MIME_TYPE="video/mp4"\
 RELATIVE_MEDIA_URL="./my%20video.mp4"{origin}/>
        <PROPERTY NAME="URN">urn:nl-mpi-tools-elan-eaf:5ed4d207-dd3b-4852-84a2-4bddb9e0102b\
</PROPERTY>
        <PROPERTY NAME="lastUsedAnnotationId">4</PROPERTY>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/>
        <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="2510"/>
        <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="2510"/>
        <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="4000"/>
        <TIME_SLOT TIME_SLOT_ID="ts5" TIME_VALUE="{last}"/>
        <TIME_SLOT TIME_SLOT_ID="ts6" TIME_VALUE="10020"/>
    </TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="default"/>
    <TIER LINGUISTIC_TYPE_REF="default-lt" PARTICIPANT="Tom" TIER_ID="tom">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts4">
                <ANNOTATION_VALUE>runs</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="words" PARENT_REF="tom" TIER_ID="tom's words">
        <ANNOTATION>
            <REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a1">
                <ANNOTATION_VALUE>help</ANNOTATION_VALUE>
            </REF_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="who">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts4">
                <ANNOTATION_VALUE>jerry</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts5" TIME_SLOT_REF2="ts6">
                <ANNOTATION_VALUE>{value}</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt"\
 TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false"\
 LINGUISTIC_TYPE_ID="words" TIME_ALIGNABLE="false"/>
    <CONSTRAINT DESCRIPTION="Time subdivision of parent annotation's time interval, no time gaps\
 allowed within this interval" STEREOTYPE="Time_Subdivision"/>
    <CONSTRAINT DESCRIPTION="Symbolic subdivision of a parent annotation. Annotations refering to\
 the same parent are ordered" STEREOTYPE="Symbolic_Subdivision"/>
    <CONSTRAINT DESCRIPTION="1-1 association with a parent annotation"\
 STEREOTYPE="Symbolic_Association"/>
    <CONSTRAINT DESCRIPTION="Time alignable annotations within the parent annotation's time\
 interval, gaps are allowed" STEREOTYPE="Included_In"/>
</ANNOTATION_DOCUMENT>
"""


@pytest.fixture
def folder(tmp_path, video):
    (tmp_path / "my video.mp4").symlink_to(video)
    return tmp_path


def write(folder, origin="", last="9000", value="tom"):
    path = folder / "video.eaf"
    path.write_text(EAF.format(origin=origin, last=last, value=value), encoding="utf-8")
    return path


def test_tiers_are_characters(folder):
    X, y = load_eaf(write(folder), rate=2)
    assert X["video"].unique().tolist() == [str(folder / "my video.mp4")]
    np.testing.assert_array_equal(X["time"], np.arange(20) / 2)
    assert list(y.columns) == ["tom", "who"]
    assert X["time"][y["tom"] == 1].tolist() == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert X["time"][y["who"] == 1].tolist() == [3.0, 3.5, 9.0, 9.5]


def test_the_values_of_a_tier_are_characters(folder):
    X, y = load_eaf(write(folder), tier="who")
    assert list(y.columns) == ["jerry", "tom"]
    assert X["time"][y["jerry"] == 1].tolist() == [3.0]
    assert X["time"][y["tom"] == 1].tolist() == [9.0]


def test_a_video_that_begins_later_than_elan(folder):
    path = write(folder, origin=' TIME_ORIGIN="1000"', last="8000")
    with pytest.raises(ValueError, match=r"tier 'who', annotation at 8\.0 s: the interval"):
        load_eaf(path)
    path.write_text(path.read_text().replace("10020", "9020"))
    X, y = load_eaf(path, video="my video.mp4")
    assert X["time"][y["tom"] == 1].tolist() == [2.0, 3.0, 4.0]


def test_another_video(folder, other_video):
    with pytest.raises(ValueError, match=r"lasts 4\.000 s"):
        load_eaf(write(folder), video=other_video)
    (folder / "my video.mp4").unlink()
    with pytest.raises(FileNotFoundError, match=r"my%20video\.mp4.*Pass the path .* as video="):
        load_eaf(write(folder))


def test_bad_files(folder):
    with pytest.raises(FileNotFoundError, match=r"none\.eaf"):
        load_eaf(folder / "none.eaf")
    with pytest.raises(ValueError, match=r"no tier 'Tom'; its tiers are \['default', 'tom'"):
        load_eaf(write(folder), tier="Tom")
    with pytest.raises(ValueError, match=r"tier 'who', annotation at 9.0 s has no text"):
        load_eaf(write(folder, value=" "), tier="who")
    with pytest.raises(ValueError, match="'default' has no annotations"):
        load_eaf(write(folder), tier="default")
    with pytest.raises(ValueError, match=r"starts at 10\.5 s but ends at 10\.02 s"):
        load_eaf(write(folder, last="10500"))
    path = folder / "bad.eaf"
    path.write_text("<ANNOTATION_DOCUMENT")
    with pytest.raises(ValueError, match=r"bad\.eaf' cannot be read as XML"):
        load_eaf(path)
    text = write(folder).read_text(encoding="utf-8")
    path.write_text(text.replace('REF2="ts4"', 'REF2="ts9"'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.eaf', tier 'tom': an annotation refers to 'ts9'"):
        load_eaf(path)
    entity = '<!DOCTYPE a [<!ENTITY a "aaaa">]>\n<ANNOTATION_DOCUMENT'
    path.write_text(text.replace("<ANNOTATION_DOCUMENT", entity, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.eaf': it has a DOCTYPE"):
        load_eaf(path)


def test_without_pympi(folder, monkeypatch):
    path = write(folder)
    real_import = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "pympi":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'sktime_screen\[eaf\]'"):
        load_eaf(path)


def test_written_files(folder):
    X = VideoFrameSampler(rate=1).sample(str(folder / "my video.mp4"))
    path = folder / "sub" / "video.eaf"
    path.parent.mkdir()
    save_eaf(path, X, ["tom"] * 3 + ["a & b"] * 7)
    text = path.read_text()
    assert 'RELATIVE_MEDIA_URL="./../my video.mp4"' in text
    assert 'MIME_TYPE="video/mp4"' in text
    assert 'TIME_VALUE="10000"' in text
    X_back, y = load_eaf(path)
    assert len(X_back) == 10
    assert y.to_dict("list") == {"a & b": [0] * 3 + [1] * 7, "tom": [1] * 3 + [0] * 7}
    save_eaf(path, X, ["tom"] * 10)
    assert [each.name for each in path.parent.iterdir()] == ["video.eaf"]


def test_what_cannot_be_written(folder, other_video):
    video = str(folder / "my video.mp4")
    X = VideoFrameSampler(rate=1).sample([video, other_video])
    with pytest.raises(ValueError, match="the frames are of 2"):
        save_eaf(folder / "x.eaf", X, ["tom"] * 14)
    with pytest.raises(ValueError, match=r"from 2.000 to 5.000 s"):
        save_eaf(folder / "x.eaf", X.iloc[[0, 1, 5]], ["tom"] * 3)
    with pytest.raises(ValueError, match=r"'to\\nm' cannot be the name"):
        save_eaf(folder / "x.eaf", X[:10], ["to\nm"] * 10)
    assert not (folder / "x.eaf").exists()


@few_examples
@given(
    rate=st.sampled_from([1, 3, 7.5, 24, None]),
    names=st.lists(
        st.text(min_size=1).filter(lambda name: name.isprintable() and name != "default"),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_labels_come_back(folder, rate, names, seed):
    X = VideoFrameSampler(rate=rate).sample(str(folder / "my video.mp4"))
    values = np.random.default_rng(seed).integers(0, 2, (len(X), len(names)))
    y = pd.DataFrame(values, columns=names)
    save_eaf(folder / "back.eaf", X, y)
    X_back, y_back = load_eaf(folder / "back.eaf", rate=rate)
    np.testing.assert_array_equal(X_back["time"], X["time"])
    pd.testing.assert_frame_equal(y_back, y, check_dtype=False)
