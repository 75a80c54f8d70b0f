"""
What kind of video is it?
=========================

Tutorials on action recognition classify the clips of UCF101: they classify the frames of a clip
one by one, and the most frequent class is the class of the clip. In this example a sample is a
whole video, so splits, searches and scores count videos.
"""

# %%
# Clips in the layout of UCF101
# -----------------------------
#
# The class tells whether the cat is in most of the clip. In the lists of UCF101, clips cut from one
# video form a group, and no group is in both lists, since such clips look alike.

from pathlib import Path
from tempfile import TemporaryDirectory

from sktime_screen.datasets import make_cartoon_video

temporary = TemporaryDirectory()
root = Path(temporary.name)
classes = ["WithCat", "WithoutCat"]
(root / "classInd.txt").write_text("1 WithCat\n2 WithoutCat\n")
lists = {"train": [], "test": []}
for group in range(48):
    clip = root / "clip.mp4"
    truth = make_cartoon_video(clip, 3, seed=group, size=(180, 320), fps=6)
    name = "WithCat" if truth["cat"].mean() > 0.5 else "WithoutCat"
    path = f"{name}/v_{name}_g{group:02}_c01.mp4"
    (root / name).mkdir(exist_ok=True)
    clip.rename(root / path)
    lists["test" if group >= 32 else "train"].append(f"{path} {classes.index(name) + 1}")
for subset, lines in lists.items():
    (root / f"{subset}list01.txt").write_text("\n".join(lines) + "\n")

# %%
# Train on one list, test on the other
# ------------------------------------
#
# The classifier of frames is any pipeline that ends in a head, such as
# ``recommended_pipeline()[:-1]``. For VGG16, write
# ``PretrainedCNNFeatures("vgg16", pooling=None)``; its weights are downloaded.

from sklearn.pipeline import make_pipeline

from sktime_screen import (
    ImageResizer,
    KerasDenseClassifier,
    PretrainedCNNFeatures,
    VideoClassifier,
    VideoFrameSampler,
    load_ucf101,
)

videos, y = load_ucf101(root, split=1, subset="train")
test_videos, y_test = load_ucf101(root, split=1, subset="test")
frames = make_pipeline(
    VideoFrameSampler(),
    ImageResizer((224, 224)),
    PretrainedCNNFeatures(memory=root / "features"),
    KerasDenseClassifier((128,), dropout=0.5, class_weight="balanced", random_state=0),
)
classifier = VideoClassifier(frames, rate=2).fit(videos, y)
print(f"{len(videos)} clips to learn from, {len(test_videos)} to test on")
print(f"soft votes: {classifier.score(test_videos, y_test):.0%} of the clips right")

# %%
# Votes or probabilities?
# -----------------------
#
# ``voting="soft"`` averages the probabilities, so a doubtful frame counts less than a sure one.
# ``"hard"`` counts the predicted classes, as the tutorials do.

hard = VideoClassifier(frames, rate=2, voting="hard").fit(videos, y)
print(f"hard votes: {hard.score(test_videos, y_test):.0%} of the clips right")

# %%
import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay

figure, ax = plt.subplots(figsize=(4, 3.5), layout="constrained")
display = ConfusionMatrixDisplay.from_predictions(y_test, classifier.predict(test_videos), ax=ax)
