"""
Reliable seconds from thirty labels
===================================

A classifier that was trained on one video makes errors on the next that nobody can foresee. Label
thirty frames of the next video, drawn at random, and you get a valid interval all the same.
"""

# %%
# A video with labels, and another without
# ----------------------------------------
#
# To take a tenth of the time, images are smaller than recommended, and there is one backbone
# instead of two.

from pathlib import Path
from tempfile import TemporaryDirectory

from sktime_screen import load_label_csv, recommended_pipeline
from sktime_screen.datasets import make_cartoon_video

temporary = TemporaryDirectory()
folder = Path(temporary.name)
truth = {
    name: make_cartoon_video(folder / f"{name}.mp4", 150, seed=seed, size=(180, 320), fps=12)
    for seed, name in enumerate(["first", "second"])
}
truth["first"][::12].assign(duration=1.0).to_csv(folder / "first.csv", index=False)
X, y = load_label_csv(folder / "first.csv")

screen_time = recommended_pipeline(
    image_size=(192, 336),
    backbone="efficientnet_lite0_map",
    memory=folder / "features",
    random_state=0,
).fit(X, y)

# %%
# Without a label of the second video
# -----------------------------------
#
# The interval assumes that the classifier errs on the second video as on the first. You cannot
# check that without labels.

video = str(folder / "second.mp4")
probabilities = screen_time[:-1].transform([video])
columns = ["character", "seconds", "low", "high"]
without = screen_time[-1].estimate(probabilities, random_state=0)
print(without[columns].round(1).to_string(index=False))

# %%
# Thirty frames to label
# ----------------------
#
# ``strategy="blocks"`` draws two random frames of each of fifteen stretches of time. Each frame's
# chance to be drawn is known, which is all that the statistics need. For your own video, take sixty
# frames.

from sktime_screen import suggest_frames, save_label_page

sample = suggest_frames(video, 30, strategy="blocks", random_state=0)
save_label_page(folder / "label_me.html", sample, ["cat", "mouse"])
print(sample[["time", "stratum", "inclusion"]].head(4).to_string(index=False))

# %%
# The page opens in a browser and saves what ``load_label_csv`` reads. Here the truth labels the
# frames.

import numpy as np

rows = np.searchsorted(truth["second"]["time"], sample["time"] - 1e-6)
labels = truth["second"][["cat", "mouse"]].iloc[rows]

# %%
# With the thirty labels
# ----------------------
#
# This is prediction-powered inference: the classifier predicts all frames, and the labels measure
# how wrong it is. The interval holds as often as it claims, even with a bad classifier. A good
# classifier makes it narrow.

with_labels = screen_time[-1].estimate(probabilities, labelled=(sample, labels))
print(with_labels[columns].round(1).to_string(index=False))

# %%
import matplotlib.pyplot as plt

from sktime_screen import ScreenTimeDisplay

true = (truth["second"].groupby("video")[["cat", "mouse"]].sum() / 12).round(1)
figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
ScreenTimeDisplay.from_predictions(without, truth=true, ax=axes[0])
ScreenTimeDisplay.from_predictions(with_labels, truth=true, ax=axes[1])
axes[0].set_title("no label of this video")
_ = axes[1].set(title="30 labels", ylabel="")

# %%
# The intervals on the left assume that the two videos are alike, and are wrong if they are not.
# Those on the right hold for any video, as often as they claim.
#
# You can also train on the labels of the video that you measure. Then pass the result of
# ``screen_time[-2].transform_cross_fitted`` to ``estimate`` as ``cross_fitted``: it predicts each
# frame without the labels near it.
