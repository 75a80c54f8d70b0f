"""Labels mean the same to everything that reads them, whatever form they come in."""

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import index_of
from matplotlib.figure import Figure
from scipy.sparse import csr_array
from sklearn.exceptions import DataConversionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from sktime_screen import (
    LabelSpreadingClassifier,
    MultilabelStratifiedGroupKFold,
    ProbabilityCalibrationDisplay,
    ScreenTimeAggregator,
    TimelineDisplay,
    VideoClassifier,
    VideoFrameSampler,
    cross_validate_screen_time,
    load_label_csv,
    neg_screen_time_error_scorer,
    save_cvat,
    save_eaf,
    save_label_csv,
    save_label_page,
    save_label_studio,
    screen_time_error,
    temporal_iou,
    temporal_iou_scorer,
)
from sktime_screen._targets import indicator_table, read_labelled

ROWS = np.arange(16)
INDEX = index_of([("a.mp4", row + row // 2.0, 1.0 + row % 2) for row in ROWS])
TABLE = pd.DataFrame({"tom": ROWS // 2 % 2, "jerry": ROWS // 4 % 2})
PREDICTED = pd.DataFrame({"tom": ROWS // 2 % 2, "jerry": np.roll(ROWS // 4 % 2, 3)})
ONE = TABLE[["tom"]]
CLASSES = np.where(TABLE["tom"] == 1, "tom", "jerry")
X = pd.DataFrame(TABLE + np.sin(ROWS)[:, None] / 4, dtype=np.float32).set_index(INDEX)
X.columns = ["f0", "f1"]
P = pd.DataFrame((0.2 + 0.5 * PREDICTED + 0.01 * ROWS[:, None]).to_numpy(), INDEX, TABLE.columns)
FRAMES = INDEX.to_frame(index=False)
AX = Figure().add_subplot()


def polars(table):
    return pytest.importorskip("polars").DataFrame({name: table[name].tolist() for name in table})


def arrow(table):
    return pytest.importorskip("pyarrow").table({name: table[name].tolist() for name in table})


TABLES = {
    "booleans": lambda table: table.astype(bool),
    "categories": lambda table: table.astype("category"),
    "reordered": lambda table: table[table.columns[::-1]],
    "polars, reordered": lambda table: polars(table[table.columns[::-1]]),
    "arrow, reordered": lambda table: arrow(table[table.columns[::-1]]),
}
UNNAMED = {
    "list": lambda table: table.to_numpy().tolist(),
    "array": lambda table: table.to_numpy(),
    "floats": lambda table: table.to_numpy(np.float64),
    "sparse": lambda table: csr_array(table.to_numpy()),
    "table without names": lambda table: pd.DataFrame(table.to_numpy()),
}
COLUMNS = {
    "list": list,
    "object array": lambda y: np.asarray(y, dtype=object),
    "series": lambda y: pd.Series(y, index=ROWS[::-1], name="tom"),
    "categories": lambda y: pd.Series(y, dtype="category"),
    "strings": lambda y: pd.Series(y, dtype="string"),
    "polars": lambda y: pytest.importorskip("polars").Series(list(y)),
    "arrow": lambda y: pytest.importorskip("pyarrow").chunked_array([list(y)]),
    "array of one column": lambda y: np.reshape(y, (-1, 1)),
    "table of one column": lambda y: pd.DataFrame({"who": y}),
}


def spreading(**options):
    return LabelSpreadingClassifier(
        DecisionTreeClassifier(random_state=0), n_neighbors=2, **options
    )


def aggregator():
    return ScreenTimeAggregator(correction=None)


def by_name(table):
    """Rows of a table in the order of its names; columns by number are in the order of TABLE."""
    columns = [str(name) for name in table.columns]
    if columns == [str(k) for k in range(len(columns))]:
        columns = TABLE.columns[: len(columns)]
    return table.set_axis(columns, axis=1).sort_index(axis=1).to_dict("list")


def folds(y):
    return [test.tolist() for _, test in MultilabelStratifiedGroupKFold(2).split(X, y, ROWS // 2)]


def validated(y):
    pipeline = make_pipeline(FunctionTransformer(), aggregator())
    groups = {"blocks": ROWS // 4}
    report = cross_validate_screen_time(pipeline, P, y, groups=groups, n_splits=2, random_state=0)
    report["character"] = report["character"].map(str).replace({"0": "tom", "1": "jerry"})
    return report.sort_values(["split", "character"]).round(6).to_dict("list")


LEARNERS = {
    "spreading": lambda y: by_name(spreading().fit(X, y).transform(X)),
    "aggregator": lambda y: by_name(aggregator().fit(P, y).transform(P)),
    "folds": folds,
}


@pytest.mark.parametrize("form", [*TABLES, *UNNAMED])
@pytest.mark.parametrize("learner", LEARNERS)
def test_a_table_is_learned(learner, form):
    learn = LEARNERS[learner]
    np.testing.assert_equal(learn({**TABLES, **UNNAMED}[form](TABLE)), learn(TABLE))


def fitted_aggregator():
    return aggregator().fit(P, TABLE)


def estimated(y):
    new = P.set_axis(INDEX.set_levels(["b.mp4"], level="video"))
    sample = new.index.to_frame(index=False).assign(inclusion=1.0)
    return (
        fitted_aggregator()
        .estimate(new, labelled=(sample, y), n_resamples=9, random_state=0)
        .to_dict("list")
    )


def timeline(y):
    display = TimelineDisplay.from_predictions(INDEX, PREDICTED, y, ax=AX)
    return display.truth.sort_values(["character", "start"]).to_dict("list")


def calibration(y):
    scores = ProbabilityCalibrationDisplay.from_predictions(y, P, ax=AX).scores
    return scores.to_dict("index")


# What knows the characters already, by what it has learned or by predictions beside the labels.
READERS = {
    "spreading, score": lambda y: spreading().fit(X, TABLE).score(X, y),
    "aggregator, score": lambda y: fitted_aggregator().score(P, y),
    "aggregator, estimate": estimated,
    "screen_time_error": lambda y: screen_time_error(y, PREDICTED, INDEX, average=None).to_dict(),
    "screen_time_error, predicted": lambda y: screen_time_error(PREDICTED, y, INDEX),
    "temporal_iou": lambda y: temporal_iou(y, PREDICTED, INDEX, average=None).to_dict(),
    "neg_screen_time_error_scorer": lambda y: neg_screen_time_error_scorer(
        fitted_aggregator(), P, y
    ),
    "temporal_iou_scorer": lambda y: temporal_iou_scorer(fitted_aggregator(), P, y),
    "TimelineDisplay": timeline,
    "ProbabilityCalibrationDisplay": calibration,
}


@pytest.mark.parametrize("form", [*TABLES, *UNNAMED])
@pytest.mark.parametrize("reader", READERS)
def test_a_table_of_known_characters_is_read(reader, form):
    read = READERS[reader]
    np.testing.assert_equal(read({**TABLES, **UNNAMED}[form](TABLE)), read(TABLE))


@pytest.mark.parametrize("form", ["reordered", "polars, reordered", "sparse"])
def test_a_table_is_validated_with(form):
    np.testing.assert_equal(validated({**TABLES, **UNNAMED}[form](TABLE)), validated(TABLE))


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize("reader", READERS)
def test_names_that_are_not_the_same_are_told(reader, form):
    with pytest.raises(ValueError, match=r"'spike'.*: the same names in any order"):
        READERS[reader](TABLES[form](TABLE.rename(columns={"jerry": "spike"})))
    with pytest.raises(ValueError, match=r"\['tom'\].*: the same names in any order"):
        READERS[reader](TABLES[form](ONE))


@pytest.mark.parametrize("form", COLUMNS)
def test_one_class_a_frame_in_any_form(form, video, other_video):
    given, plain = COLUMNS[form](CLASSES), list(CLASSES)
    of_classes = P.set_axis(["tom", "jerry"], axis=1)
    tree = spreading().fit(X, CLASSES)
    known = aggregator().fit(of_classes, CLASSES)
    predicted = np.roll(CLASSES, 1)
    new = of_classes.set_axis(INDEX.set_levels(["b.mp4"], level="video"))
    sample = new.index.to_frame(index=False).assign(inclusion=1.0)
    frames = make_pipeline(FunctionTransformer(lambda X: X[["time"]]), DecisionTreeClassifier())
    timeline, calibration = TimelineDisplay.from_predictions, ProbabilityCalibrationDisplay

    def answers(y):
        yield spreading().fit(X, y).classes_
        yield spreading().fit(X, y).predict(X)
        yield aggregator().fit(of_classes, y).transform(of_classes)
        yield folds(y)
        yield tree.score(X, y), known.score(of_classes, y)
        yield known.estimate(new, labelled=(sample, y), n_resamples=9, random_state=0)
        yield screen_time_error(y, predicted, INDEX), screen_time_error(predicted, y, INDEX)
        yield temporal_iou(y, predicted, INDEX), temporal_iou(predicted, y, INDEX)
        yield neg_screen_time_error_scorer(known, of_classes, y)
        yield temporal_iou_scorer(known, of_classes, y)
        yield timeline(INDEX, predicted, y, ax=AX).truth
        yield calibration.from_predictions(y, of_classes, ax=AX).scores
        videos = VideoClassifier(frames).fit([video, other_video], y[:2] if len(y) else y)
        yield videos.classes_

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataConversionWarning)
        for found, expected in zip(answers(given), answers(plain), strict=True):
            pd.testing.assert_frame_equal(
                *(pd.DataFrame(np.atleast_1d(answer)) for answer in (found, expected))
            )


@pytest.mark.parametrize("form", ["array of one column", "table of one column"])
@pytest.mark.parametrize(
    "read",
    [
        lambda y: spreading().fit(X, y),
        lambda y: aggregator().fit(P, y),
        lambda y: temporal_iou(y, CLASSES, INDEX),
        folds,
    ],
)
def test_a_column_of_classes_is_told_of(read, form):
    with pytest.warns(DataConversionWarning, match="column-vector"):
        read(COLUMNS[form](CLASSES))


ONE_CHARACTER = {"pandas": lambda y: y, "polars": polars, "arrow": arrow, "sparse": csr_array}


@pytest.mark.parametrize("form", ONE_CHARACTER)
def test_a_table_of_one_column_is_a_character(form):
    y = ONE_CHARACTER[form](ONE)
    name = 0 if form == "sparse" else "tom"
    tree = spreading().fit(X, y)
    assert tree.class_names_.tolist() == [name]
    np.testing.assert_array_equal(tree.predict(X), ONE)
    seconds = aggregator().fit(P[["tom"]], y).transform(P[["tom"]])
    assert seconds.to_dict("list") == {name: [(INDEX.get_level_values(2) * ONE["tom"]).sum()]}
    assert folds(y) == folds(ONE["tom"])


@pytest.mark.parametrize("form", [*ONE_CHARACTER, "array"])
def test_a_single_column_beside_a_character_is_that_character(form):
    y = {**ONE_CHARACTER, "array": lambda table: table.to_numpy()}[form](ONE)
    p, predicted = P[["tom"]], 1 - ONE
    known = aggregator().fit(p, ONE)
    assert known.score(p, y) == spreading().fit(X, ONE).score(X, y) == 1
    assert temporal_iou(y, ONE, INDEX) == temporal_iou(ONE, y, INDEX) == 1
    assert temporal_iou(y, predicted, INDEX) == 0
    assert screen_time_error(y, ONE, INDEX) == neg_screen_time_error_scorer(known, p, y) == 0
    assert temporal_iou_scorer(known, p, y) == 1
    truth = TimelineDisplay.from_predictions(INDEX, predicted, y, ax=AX).truth
    assert set(truth["character"]) == {"tom"}
    scores = ProbabilityCalibrationDisplay.from_predictions(y, p, ax=AX).scores
    assert scores.index.tolist() == ["tom"]


def test_classes_0_and_1_are_not_taken_for_a_character():
    for metric in (temporal_iou, screen_time_error):
        with pytest.raises(ValueError, match=r"classes \[0, 1\] and a table of \['tom'\]"):
            metric(ONE["tom"], ONE, INDEX)
    with pytest.raises(ValueError, match="holds one class a row, expected a table"):
        aggregator().fit(P[["tom"]], ONE).score(P[["tom"]], ONE["tom"])


MISSING = {
    "list": [*CLASSES[:3], None, *CLASSES[4:]],
    "series": pd.Series(CLASSES, dtype="string").where(ROWS != 3),
    "table": TABLE.where(pd.Series(ROWS != 3), np.nan),
}


@pytest.mark.parametrize("form", MISSING)
@pytest.mark.parametrize(
    "read",
    [
        *LEARNERS.values(),
        lambda y: screen_time_error(y, y, INDEX),
        lambda y: save_label_csv("x.csv", FRAMES, y),
        lambda y: save_eaf("x.eaf", FRAMES, y),
        lambda y: VideoClassifier(DecisionTreeClassifier()).fit(["a.mp4"] * 16, y),
    ],
)
def test_missing_labels_are_told(read, form):
    with pytest.raises(ValueError, match="1 of 16 rows have no label, the first is row 3"):
        read(MISSING[form])


PARTLY = TABLE.astype(float).where(pd.DataFrame({"tom": ROWS >= 0, "jerry": ROWS != 3}))


@pytest.mark.parametrize(
    "read",
    [
        *READERS.values(),
        validated,
        lambda y: save_label_csv("x.csv", FRAMES, y),
        lambda y: save_label_studio("x.json", FRAMES, y),
        lambda y: save_cvat("x.xml", FRAMES, y),
        lambda y: VideoClassifier(DecisionTreeClassifier()).fit(["a.mp4"] * 16, y),
    ],
)
def test_partly_labelled_frames_are_refused_where_all_labels_count(read):
    message = "1 of (16 rows|the 16 sampled frames) have labels of some characters"
    with pytest.raises(ValueError, match=message):
        read(PARTLY)


def test_other_numbers_than_0_and_1_are_told():
    for learn in LEARNERS.values():
        with pytest.raises(ValueError, match="y holds 2 for 'tom' in row 2; 0 and 1 are expected"):
            learn(polars(TABLE * 2))


@pytest.mark.parametrize("form", [list, pd.Series, lambda y: np.array(y, object)])
def test_names_among_numbers_are_told(form):
    mixed = form(["tom", *CLASSES[1:-2], None, 1])
    message = "holds both names and numbers, such as 'tom' in row 0 and 1 in row 15"
    for read in (indicator_table, read_labelled, lambda y: temporal_iou(CLASSES, y, INDEX)):
        with pytest.raises(ValueError, match=message):
            read(mixed)


def test_columns_of_one_name_are_told():
    twice = pd.concat([ONE, ONE], axis=1)
    for learn in LEARNERS.values():
        with pytest.raises(ValueError, match=r"y has two columns of one name: \['tom', 'tom'\]"):
            learn(twice)


@pytest.mark.parametrize("library", [polars, arrow])
def test_probabilities_are_matched_by_name(library):
    known = fitted_aggregator()
    turned = library(P[["jerry", "tom"]])
    np.testing.assert_array_equal(known.predict(turned), known.predict(P))
    np.testing.assert_array_equal(
        fitted_aggregator().fit(turned, TABLE).predict(P), known.predict(P)
    )
    with pytest.raises(ValueError, match=r"columns of probabilities are \['tom', 'spike'\]"):
        known.predict(library(P.rename(columns={"jerry": "spike"})))
    scores = ProbabilityCalibrationDisplay.from_predictions(TABLE, turned, ax=AX).scores
    assert (
        scores.to_dict()
        == ProbabilityCalibrationDisplay.from_predictions(TABLE, P, ax=AX).scores.to_dict()
    )


@pytest.fixture(scope="module")
def frames(video):
    return VideoFrameSampler(rate=1).sample(video)


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize("save", [save_label_csv, save_cvat, save_eaf, save_label_studio])
def test_a_table_is_written(save, form, frames, tmp_path):
    if save is save_eaf:
        pytest.importorskip("pympi")
    y = TABLE[: len(frames)]
    save(tmp_path / "given", frames, TABLES[form](y))
    save(tmp_path / "plain", frames, y if "reordered" not in form else y[["jerry", "tom"]])
    given, plain = ((tmp_path / name).read_text() for name in ("given", "plain"))
    assert [line for line in given.splitlines() if "DATE" not in line] == [
        line for line in plain.splitlines() if "DATE" not in line
    ]
    for unnamed in UNNAMED.values():
        with pytest.raises(ValueError, match="needs the names of the characters"):
            save(tmp_path / "unnamed", frames, unnamed(y))


def test_a_single_character_comes_back_from_a_csv(frames, tmp_path):
    y = ONE[: len(frames)]
    save_label_csv(tmp_path / "tom.csv", frames, polars(y))
    pd.testing.assert_frame_equal(load_label_csv(tmp_path / "tom.csv")[1], y)
    # Classes that are numbers do not become a character of the Series's name.
    save_label_csv(tmp_path / "tom.csv", frames, y["tom"])
    pd.testing.assert_series_equal(
        load_label_csv(tmp_path / "tom.csv")[1], y["tom"], check_names=False
    )
    for called in ("label", "Class"):
        with pytest.raises(ValueError, match=f"single character cannot be called '{called}'"):
            save_label_csv(tmp_path / "tom.csv", frames, y.set_axis([called], axis=1))
        with pytest.raises(ValueError, match=f"'{called}' cannot be the name"):
            save_label_page(tmp_path / "page.html", frames, [called])


@pytest.mark.parametrize("form", [*TABLES, *UNNAMED])
def test_a_table_is_labels_of_a_page(form, frames, tmp_path):
    y, page = TABLE[: len(frames)], tmp_path / "page.html"
    save_label_page(page, frames, ["tom", "jerry"], labels=y)
    expected = page.read_text()
    save_label_page(page, frames, ["tom", "jerry"], labels={**TABLES, **UNNAMED}[form](y))
    assert page.read_text() == expected
    assert '"label": [0, 1]' in expected or '"label":[0,1]' in expected
