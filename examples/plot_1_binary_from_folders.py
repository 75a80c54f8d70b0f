"""
One character, from folders of images
=======================================

How long is Ross on screen? The usual way to find out: cut an episode into images, sort them
into a folder with him and a folder without, train a binary network on the images, run it on
another episode and count. Here the cat plays Ross.
"""

# %%
# Two episodes
# ------------
#
# The package draws them, and says in which frames the cat is. With videos of your own, you begin
# at the next step.

from pathlib import Path
from tempfile import TemporaryDirectory

from sktime_screen.datasets import make_cartoon_video

temporary = TemporaryDirectory()
folder = Path(temporary.name)
truth = make_cartoon_video(folder / "episode_1.mp4", 90, seed=0, size=(180, 320), fps=12)
next_truth = make_cartoon_video(folder / "episode_2.mp4", 90, seed=1, size=(180, 320), fps=12)

# %%
# Images in two folders
# -----------------------
#
# :func:`~sktime_screen.extract_frames` writes two images a second. Sorting them is usually done
# by hand; here the truth does it.

import shutil

from sktime_screen import extract_frames

images = extract_frames(folder / "episode_1.mp4", folder / "images", rate=2)
has_cat = truth["cat"][::6]  # two of twelve frames a second
for image, cat in zip(images["image"], has_cat, strict=True):
    target = folder / "sorted" / ("cat" if cat else "no_cat")
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(image, target)

# %%
# From folders to seconds
# -----------------------
#
# A pretrained network describes each image, a dense head with dropout learns from the
# descriptions. It is trained by stochastic gradient descent on batches of 64, ten times through,
# and keeps the weights of the epoch that was best on held-out frames. These are whole stretches
# of the video: a held-out frame whose neighbour was learned from measures nothing.
#
# ``PretrainedCNNFeatures("vgg16", pooling=None)`` brings VGG16, with downloaded weights.

from sklearn.pipeline import make_pipeline

from sktime_screen import (
    ImageResizer,
    KerasDenseClassifier,
    PretrainedCNNFeatures,
    ScreenTimeAggregator,
    VideoFrameSampler,
    load_frame_folder,
)

X, y = load_frame_folder(folder / "sorted", rate=2)
screen_time = make_pipeline(
    VideoFrameSampler(rate=2),
    ImageResizer((224, 224)),
    PretrainedCNNFeatures(),
    KerasDenseClassifier(
        hidden_layer_sizes=(512,),
        dropout=0.5,
        optimizer="sgd",
        learning_rate=0.01,
        batch_size=64,
        epochs=10,
        validation_fraction=0.2,
        monitor="val_accuracy",
        random_state=0,
    ),
    ScreenTimeAggregator(background="no_cat"),
).fit(X, y)

# %%
from sktime_screen import TrainingHistoryDisplay

display = TrainingHistoryDisplay.from_estimator(screen_time)

# %%
# The next episode
# ----------------
#
# It is given as a video: sampling is part of the pipeline, and so are the seconds. They are sums
# of how long each frame really stood on screen, so they are right at 29.97 frames a second too,
# where a count of every thirtieth frame drifts.

seconds = screen_time.transform([folder / "episode_2.mp4"])
seconds["true"] = next_truth["cat"].sum() / 12
print(seconds.reset_index(drop=True).round(1))

# %%
# Why not one total?
# ------------------
#
# A total can be right by accident: errors cancel. The timeline shows whether the cat was found
# *when* it was there.

from sktime_screen import TimelineDisplay

episode_2 = VideoFrameSampler(rate=2).sample(folder / "episode_2.mp4")
labels = next_truth["cat"][::6].map({1: "cat", 0: "no_cat"})
display = TimelineDisplay.from_estimator(screen_time, episode_2, labels)
