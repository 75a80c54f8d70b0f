"""The frames of measured videos that a model asks to be labelled."""

import shlex
from pathlib import Path

from ._label import make_page_options, name_next_page


def name_page(videos):
    """Return where to write the page of some videos; the CSV that it saves is called alike."""
    return name_next_page(Path(videos[0]).stem if len(videos) == 1 else "label")


def ask_for_labels(page, number, fitted, probabilities, model, labels, steps):
    """Write a page of the frames of each video that would teach a model most, and say what next.

    ``labels`` are files of labels that the model in the file does not know yet.
    """
    import pandas as pd

    from ..labels import save_label_page

    videos = dict(list(probabilities.index.to_frame(index=False).groupby("video", sort=False)))
    with steps.step("Choosing the frames to label"):
        frames = pd.concat(
            _choose(table, number, fitted, probabilities) for table in videos.values()
        )
    if frames.empty:
        steps.say("Every frame is labelled: there is none to ask for.")
        return
    save_label_page(page, frames, **make_page_options(frames, None, fitted, probabilities))
    steps.say(
        f"Open {page} in a browser and label its {len(frames)} frames. It saves {page.stem}.csv as "
        f"a download: move that file here. Then the model learns these labels, keeps them, and "
        f"measures again:"
    )
    steps.say(
        shlex.join(
            ["sktime-screen", "measure", *videos, "--model", str(model), "--labels"]
            + [*map(str, labels), f"{page.stem}.csv", "--save-model", str(model)]
        )
    )


def _choose(table, number, fitted, probabilities):
    """Choose frames of a video that the model doubts, like many others and unlike learned ones."""
    import pandas as pd

    from ..labels import suggest_frames
    from ..video import make_frame_index
    from ._model import find_learned_frames, get_learned_of_others

    labelled = find_learned_frames(fitted, table)
    number = min(number, int((~labelled).sum()))
    if not number:
        return table[:0]
    doubted = pd.DataFrame(fitted[-1].predict_proba(probabilities), index=probabilities.index)
    others = get_learned_of_others(fitted, table)
    # No doubt about labelled frames counts. These sum to 1, as exclusive classes have to.
    known = pd.DataFrame(1 / doubted.shape[1], make_frame_index(others), doubted.columns)
    return suggest_frames(
        pd.concat([table, others]),
        number,
        "uncertain",
        features=fitted[:-2],
        estimator=pd.concat([doubted, known]),
        labelled=pd.concat([table[labelled], others]),
        random_state=0,
    )
