import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from conftest import few_examples, write_coded_video
from hypothesis import given
from hypothesis import strategies as st

from sktime_screen import VideoFrameSampler, load_cvat, save_cvat
from sktime_screen.cli._label_files import load_labels
from sktime_screen.video import check_frame_table

# As CVAT 2 exports "CVAT for video 1.1": the elements and attributes are those that
# cvat/apps/dataset_manager/formats/cvat.py in cvat-ai/cvat writes. A track has a shape for every
# frame, or only for its keyframes; a shape that is no track becomes a track of two boxes; points
# of a skeleton are labels with a parent.
LABELS = """<labels>
        <label><name>tom</name><color>#fa3253</color><type>any</type><attributes><attribute>
          <name>mood</name><mutable>True</mutable><input_type>text</input_type></attribute>
        </attributes></label>
        <label><name>jerry</name><type>rectangle</type><attributes></attributes></label>
        <label><name>spike</name><type>skeleton</type><attributes></attributes></label>
        <label><name>nose</name><type>points</type><attributes></attributes>
          <parent>spike</parent></label>
        <label><name>nobody yet</name><type>tag</type><attributes></attributes></label>
      </labels>"""
HEAD = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>5</id>
      <name>my task</name>
      <size>240</size>
      <mode>interpolation</mode>
      <start_frame>{start}</start_frame>
      <stop_frame>{stop}</stop_frame>
      <frame_filter>{step}</frame_filter>
      <segments><segment><id>5</id><start>0</start><stop>239</stop><url>x</url></segment></segments>
      <owner><username>me</username><email></email></owner>
      {labels}
      <original_size><width>96</width><height>64</height></original_size>
      <source>{source}</source>
    </task>
    <dumped>2024-10-28 10:14:04.130463+00:00</dumped>
  </meta>
"""


def box(frame, outside=0, **more):
    more = "".join(f' {name}="{value}"' for name, value in more.items())
    return (
        f'<box frame="{frame}" keyframe="1" outside="{outside}" occluded="1" xtl="1.00" '
        f'ytl="2.00" xbr="3.00" ybr="4.00" z_order="0"{more}><attribute name="mood">glad'
        f"</attribute></box>"
    )


def track(label, *shapes):
    return f'<track id="0" label="{label}" source="manual">{"".join(shapes)}</track>'


def write(folder, *elements, source="video.mp4", start=0, stop=239, step="", labels=LABELS):
    path = folder / "annotations.xml"
    head = HEAD.format(source=source, start=start, stop=stop, step=step, labels=labels)
    path.write_text(f"{head}{''.join(elements)}</annotations>", encoding="utf-8")
    return path


def test_tracks(folder):
    path = write(
        folder,
        # Every frame from 24 to 71, and then outside.
        track("tom", *(box(frame) for frame in range(24, 72)), box(72, outside=1)),
        # Keyframes only, in any order: gone from 121 to 143, then there until the end.
        track("jerry", box(144), box(120), box(121, outside=1), box(200)),
    )
    X, y = load_cvat(path, rate=1)
    check_frame_table(X)
    assert X["video"].unique().tolist() == [str(folder / "video.mp4")]
    np.testing.assert_array_equal(X["time"], np.arange(10.0))
    assert list(y.columns) == ["tom", "jerry", "spike", "nobody yet"]
    assert np.flatnonzero(y["tom"]).tolist() == [1, 2]
    assert np.flatnonzero(y["jerry"]).tolist() == [5, 6, 7, 8, 9]
    assert y["nobody yet"].sum() == 0
    every, y = load_cvat(path, rate=24)
    assert len(every) == 240
    assert np.flatnonzero(y["tom"]).tolist() == list(range(24, 72))
    assert np.flatnonzero(y["jerry"]).tolist() == [120, *range(144, 240)]
    pd.testing.assert_frame_equal(load_labels([path])[1], load_cvat(path)[1])


def test_skeletons_are_there_when_a_point_is(folder):
    def skeleton(frame, *outside):
        points = "".join(
            f'<points label="nose" keyframe="1" outside="{each}" occluded="0" points="1,1"/>'
            for each in outside
        )
        return f'<skeleton frame="{frame}" keyframe="1" z_order="0">{points}</skeleton>'

    path = write(folder, track("spike", skeleton(24, 1, 0), skeleton(48, 1, 1)))
    _, y = load_cvat(path)
    assert np.flatnonzero(y["spike"]).tolist() == [1]
    assert "nose" not in y


def test_tags_are_of_one_frame(folder):
    images = "".join(
        f'<image id="{number}" name="frame_{number:06d}" width="96" height="64">{inside}</image>'
        for number, inside in [
            (23, '<tag label="tom" source="manual"></tag>'),
            (24, '<tag label="jerry" source="manual"></tag><tag label="a friend"/>'),
            (25, '<polygon label="tom" source="manual" occluded="0" points="1,1;2,2;3,1"/>'),
            (26, ""),
        ]
    )
    path = write(folder, images, '<tag frame="48" label="tom"/>')
    _, y = load_cvat(path, rate=24)
    assert np.flatnonzero(y["tom"]).tolist() == [23, 25, 48]
    assert np.flatnonzero(y["a friend"]).tolist() == [24]
    # Where only every 12th frame is looked at, a tag holds until the next one.
    path = write(folder, '<tag frame="24" label="tom"/>', step="step=12")
    assert np.flatnonzero(load_cvat(path, rate=24)[1]["tom"]).tolist() == list(range(24, 36))


def test_frames_outside_of_the_task_are_not_labelled(folder):
    X, y = load_cvat(write(folder, track("tom", box(24)), start=24, stop=71), rate=2)
    assert X["time"].tolist() == [1.0, 1.5, 2.0, 2.5]
    assert y["tom"].tolist() == [1, 1, 1, 1]
    assert y.index.tolist() == X.index.tolist() == [0, 1, 2, 3]


def test_frames_of_any_length_are_counted(folder):
    write_coded_video(folder / "odd.mp4", [0, 1, 2, 5, 6, 7, 20, 21], Fraction(1, 10))
    path = write(folder, track("tom", box(3), box(6, outside=1)), source="odd.mp4", stop=7)
    X, y = load_cvat(path, rate=None)
    assert X["time"][y["tom"] == 1].tolist() == [0.5, 0.6, 0.7]


def test_where_the_video_is(folder):
    path = write(folder, source="C:\\videos\\video.mp4")
    assert load_cvat(path)[0]["video"].unique().tolist() == [str(folder / "video.mp4")]
    path = write(folder, source="lost.mp4")
    with pytest.raises(FileNotFoundError, match=r"names \['lost\.mp4'\], and there is no such"):
        load_cvat(path)
    assert len(load_cvat(path, video="video.mp4")[0]) == 10
    with pytest.raises(FileNotFoundError, match=r"none\.xml"):
        load_cvat(folder / "none.xml")


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        (track("tom", box(240)), "'tom': frame 240 is not in .*video.mp4', which has 240 frames"),
        (track("tom", box("x")), r"annotations\.xml': 'frame' is 'x'; expected a whole number"),
        (track("tom", box(-1)), "'frame' is '-1'; expected a whole number"),
        (track("", box(1)), "a track has no label"),
        ('<tag label="tom"/>', "'frame' is None; expected a whole number"),
        ('<image id="0" name="kitchen.jpg"/>', r"'kitchen\.jpg' is an image, not a frame"),
        ("<other>", "cannot be read as XML: mismatched tag"),
        (
            "<meta><task><source>other.mp4</source></task></meta>",
            r"has 2 tasks\. Export each",
        ),
    ],
)
def test_bad_annotations(folder, elements, message):
    with pytest.raises(ValueError, match=message):
        load_cvat(write(folder, elements))


def test_a_task_of_a_longer_video(folder):
    with pytest.warns(UserWarning, match=r"has 250 frames, but .*video\.mp4' has 240"):
        load_cvat(write(folder, stop=249))


def test_definitions_are_refused(folder):
    path = write(folder, track("&d;", box(1)))
    entities = "".join(
        f'<!ENTITY {name} "{f"&{inner};" * 1000}">' for inner, name in ["ab", "bc", "cd"]
    )
    bomb = f'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">{entities}]>'
    stolen = f'<!DOCTYPE a [<!ENTITY d SYSTEM "file://{folder / "secret"}">]>'
    text = path.read_text()
    for definition in [bomb, stolen, "<!DOCTYPE annotations>"]:
        for encoding in ["utf-8", "utf-16"]:
            changed = text.replace("utf-8", encoding).replace("<annot", f"{definition}\n<annot", 1)
            path.write_text(changed, encoding=encoding)
            with pytest.raises(ValueError, match=r"annotations\.xml': it has a DOCTYPE"):
                load_cvat(path)


def test_written_annotations(folder):
    X = VideoFrameSampler(rate=2).sample(str(folder / "video.mp4"))
    y = pd.DataFrame({"tom": [0, 1, 1, 0] + [0] * 15 + [1], "jerry": 0})
    (folder / "labels").mkdir()
    path = folder / "labels" / "annotations.xml"
    save_cvat(path, X, y)
    text = path.read_text(encoding="utf-8")
    assert re.findall(r'frame="(\d+)" outside="(\d)"', text) == [
        ("12", "0"),
        ("36", "1"),
        ("228", "0"),
    ]
    assert text.count('xtl="0" ytl="0" xbr="96" ybr="64"') == 3
    assert "<source>../video.mp4</source>" in text
    back, labels = load_cvat(path, rate=2)
    assert labels.columns.tolist() == ["tom", "jerry"]
    pd.testing.assert_frame_equal(labels, y, check_dtype=False)
    assert back["time"].tolist() == X["time"].tolist()


def test_what_cannot_be_written(folder, other_video):
    X = VideoFrameSampler(rate=1).sample(str(folder / "video.mp4"))
    y = pd.DataFrame({"tom": np.arange(10) % 2})
    path = folder / "x.xml"
    with pytest.raises(ValueError, match=r"mp4' has no labelled frame from 3.000 to 4.000 s"):
        save_cvat(path, X.drop(3), y.drop(3))
    with pytest.raises(ValueError, match="10 frames but 9 labels"):
        save_cvat(path, X, y[1:])
    with pytest.raises(ValueError, match=r"'\\x1b' cannot be the name of a label"):
        save_cvat(path, X, y.rename(columns={"tom": "\x1b"}))
    both = pd.concat([X, VideoFrameSampler(rate=1).sample(other_video)])
    with pytest.raises(ValueError, match="the frames are of 2"):
        save_cvat(path, both, ["tom"] * len(both))
    assert not path.exists()


@few_examples
@given(
    rate=st.sampled_from([1, 7.5, 25, None]),
    part=st.sampled_from([(0, 0), (3, 2)]),
    names=st.lists(
        st.text(min_size=1).filter(str.isprintable), min_size=1, max_size=3, unique=True
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_labels_come_back(folder, other_video, rate, part, names, seed):
    if not (folder / "other.mp4").exists():
        (folder / "other.mp4").symlink_to(other_video)
    X = VideoFrameSampler(rate=rate).sample(str(folder / "other.mp4"))
    X = X[part[0] : len(X) - part[1]].reset_index(drop=True)
    y = pd.DataFrame(
        np.random.default_rng(seed).integers(0, 2, (len(X), len(names))), columns=names
    )
    if X.empty:
        return
    save_cvat(folder / "back.xml", X, y)
    X_back, y_back = load_cvat(folder / "back.xml", rate=rate)
    pd.testing.assert_frame_equal(X_back, X)
    pd.testing.assert_frame_equal(y_back, y)
