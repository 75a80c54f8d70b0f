"""
Seconds one can rely on, from thirty labels
===========================================

A classifier that was trained on one video is wrong about the next in ways that it does not know
of. Thirty labelled frames of the next video, drawn at random, give an interval that holds all the
same.
"""

# %%
# A video with labels, and another without
# ---------------------------------------
#
# Images are smaller than recommended, and described by one network where two see more: that
# takes a tenth of the time.

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
)
screen_time.set_params(screentimeaggregator__random_state=0).fit(X, y)

# %%
# Without a label of the second video
# ----------------------------------
#
# The interval supposes that the second video is to the classifier what the first was. Nobody can
# check that without labels.

video = str(folder / "second.mp4")
probabilities = screen_time[:-1].transform([video])
columns = ["character", "seconds", "low", "high"]
without = screen_time[-1].estimate(probabilities)
print(without[columns].round(1).to_string(index=False))

# %%
# Thirty frames to label
# ----------------------
#
# Two frames at random of each of fifteen stretches of time. Each frame's chance to be taken is
# known, which is all the statistics need. For a video of your own, take sixty frames.

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
# With them
# ---------
#
# Prediction-powered inference: the classifier measures all frames, the labels measure how wrong
# it is. However bad the classifier, the interval holds as often as it says; a good one makes it
# narrow.

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
# The intervals on the left suppose that the two videos are alike, and are wrong where they are not;
# those on the right would hold of any video, as often as they say.
#
# To both learn from the labels of a video and measure it, pass ``estimate`` what
# ``screen_time[-2].cross_fitted`` says: there each frame is judged without the labels near it.
