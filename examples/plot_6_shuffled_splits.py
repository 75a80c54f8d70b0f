"""
Why a shuffled split promises too much
======================================

Frames next to each other look alike. A shuffled split tests on frames whose neighbours, a second
away, were in the training set. The score promises more than the next video gives.
"""

# %%
# Three videos with labels
# ------------------------

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from sktime_screen import load_label_csv
from sktime_screen.datasets import make_cartoon_video

temporary = TemporaryDirectory()
folder = Path(temporary.name)
videos = []
for seed in range(3):
    truth = make_cartoon_video(folder / f"{seed}.mp4", 75, seed=seed, size=(180, 320), fps=12)
    videos.append(truth[::6].assign(duration=0.5))
pd.concat(videos).to_csv(folder / "labels.csv", index=False)
X, y = load_label_csv(folder / "labels.csv")

# %%
# The same pipeline, split in three ways
# --------------------------------------
#
# :func:`~sktime_screen.cross_validate_screen_time` adds the shuffled split to every comparison.
# ``head="dense"`` is faster; the effect is the same with any pipeline.

from sktime_screen import recommended_pipeline, cross_validate_screen_time, time_blocks

pipeline = recommended_pipeline(rate=2, head="dense", memory=folder / "features", random_state=0)
report = cross_validate_screen_time(
    pipeline,
    X,
    y,
    groups={"videos": X["video"], "blocks of 10 s": time_blocks(X, length=10)},
    n_splits=3,
    random_state=0,
)
columns = ["split", "character", "frames_right", "average_precision", "overlap"]
print(report[columns].round(2).to_string(index=False))

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
table = report.pivot(index="split", columns="character", values="frames_right")
table = table.loc[["videos", "blocks of 10 s", "shuffled"], ["cat", "mouse"]]
table.plot.bar(ax=ax, rot=0, ylabel="frames right", xlabel="", ylim=(0.5, 1))
_ = ax.legend(loc="upper left", bbox_to_anchor=(1, 1))

# %%
# Which split is right depends on your plan. If you will measure videos without labels, hold out
# videos. If you will label some frames of each video, hold out blocks of time. The shuffled split
# fits no plan.
