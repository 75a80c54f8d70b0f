"""
One character, from folders of images
=====================================

How long is Ross on screen? Many tutorials answer like this: extract the frames of an episode as
images, sort them into a folder with him and a folder without him, train a binary classifier, run
it on another episode, and count. Here the cat plays Ross.
"""

# %%
# Two episodes
# ------------
#
# The package draws them and tells in which frames the cat is. With your own videos, start at the
# next step.

from pathlib import Path
from tempfile import TemporaryDirectory

from sktime_screen.datasets import make_cartoon_video

temporary = TemporaryDirectory()
folder = Path(temporary.name)
truth = make_cartoon_video(folder / "episode_1.mp4", 90, seed=0, size=(180, 320), fps=12)
next_truth = make_cartoon_video(folder / "episode_2.mp4", 90, seed=1, size=(180, 320), fps=12)

# %%
# Images in two folders
# ---------------------
#
# :func:`~sktime_screen.extract_frames` writes two images a second. Usually you sort them by hand.
# Here the known truth does it.

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
# A pretrained network computes the features of each image. A dense head with dropout learns from
# them: ten epochs of stochastic gradient descent with batches of 64. It keeps the weights of the
# epoch that was best on held-out frames. These are whole stretches of the video, since a held-out
# frame next to a training frame measures nothing.
#
# For VGG16, write ``PretrainedCNNFeatures("vgg16", pooling=None)``; its weights are downloaded.

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
# The pipeline takes the video itself: it samples the frames and adds up the seconds. Seconds are
# sums of how long each frame was really on screen. So they are also right at 29.97 frames a
# second, where counting every thirtieth frame drifts.

seconds = screen_time.transform([folder / "episode_2.mp4"])
seconds["true"] = next_truth["cat"].sum() / 12
print(seconds.reset_index(drop=True).round(1))

# %%
# Why not one total?
# ------------------
#
# A total can be right by accident, because errors cancel. The timeline shows whether the cat was
# found *when* it was on screen.

from sktime_screen import TimelineDisplay

episode_2 = VideoFrameSampler(rate=2).sample(folder / "episode_2.mp4")
labels = next_truth["cat"][::6].map({1: "cat", 0: "no_cat"})
display = TimelineDisplay.from_estimator(screen_time, episode_2, labels)
