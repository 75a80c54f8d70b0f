"""
Why a shuffled split lies
=========================

Frames next to each other look alike. A frame that is tested on while its neighbour a second away
was learned from is as good as seen, and the score promises what the next film does not keep.
"""

# %%
# Three films with labels
# -----------------------

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from sktime_screen import load_label_csv
from sktime_screen.datasets import make_cartoon_film

temporary = TemporaryDirectory()
folder = Path(temporary.name)
films = []
for seed in range(3):
    truth = make_cartoon_film(folder / f"{seed}.mp4", 75, seed=seed, size=(180, 320), fps=12)
    films.append(truth[::6].assign(duration=0.5))
pd.concat(films).to_csv(folder / "labels.csv", index=False)
X, y = load_label_csv(folder / "labels.csv")

# %%
# The same pipeline, split in three ways
# --------------------------------------
#
# :func:`~sktime_screen.screen_time_validation` always adds what shuffled frames would
# have promised. ``places=False`` is faster, and the matter is the same with any pipeline.

from sktime_screen import recommended_pipeline, screen_time_validation, time_blocks

pipeline = recommended_pipeline(rate=2, places=False, memory=folder / "features", random_state=0)
report = screen_time_validation(
    pipeline,
    X,
    y,
    groups={"films": X["video"], "blocks of 10 s": time_blocks(X, length=10)},
    n_splits=3,
    random_state=0,
)
columns = ["split", "character", "frames_right", "average_precision", "overlap"]
print(report[columns].round(2).to_string(index=False))

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
table = report.pivot(index="split", columns="character", values="frames_right")
table = table.loc[["films", "blocks of 10 s", "shuffled"], ["cat", "mouse"]]
table.plot.bar(ax=ax, rot=0, ylabel="frames right", xlabel="", ylim=(0.5, 1))
_ = ax.legend(loc="upper left", bbox_to_anchor=(1, 1))

# %%
# Which one is right depends on what you will do. Films that come without labels resemble the
# films that were left out. If you label some frames of each film, blocks of time resemble the
# frames between. Nothing you will ever do resembles the shuffled split.
