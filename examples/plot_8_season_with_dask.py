"""
A season, on one machine or on several
======================================

On one machine, pass a list of videos: one process uses all cores. Several machines share the work
through joblib, for instance with Dask.
"""

# %%
# A season of four short episodes, the first with labels
# ------------------------------------------------------

from pathlib import Path
from tempfile import TemporaryDirectory

from sktime_screen import load_label_csv
from sktime_screen.datasets import make_cartoon_video

temporary = TemporaryDirectory()
folder = Path(temporary.name)
episodes = [str(folder / f"episode_{number}.mp4") for number in range(1, 5)]
truths = [
    make_cartoon_video(path, 40 if seed else 120, seed=seed, size=(180, 320), fps=12)
    for seed, path in enumerate(episodes)
]
truths[0][::6].assign(duration=0.5).to_csv(folder / "labels.csv", index=False)
X, y = load_label_csv(folder / "labels.csv")

# %%
# Distribute the videos
# ---------------------
#
# Decoding and the backbone take nearly all the time, and each video is independent of the others.
# So the pipeline is sent to the workers, each measures one video after the other, and what it finds
# in the frames comes back. The machines need no common disk. If a worker dies, another measures its
# video.
#
# To keep the example small, the cluster is two threads of this process. Replace it by
# ``Client(scheduler_file="scheduler.json")`` of a real cluster, whose workers find the videos under
# the same paths: the user guide tells how to start it. ``head="dense"`` is faster and finds less.

import joblib
from dask.distributed import Client, LocalCluster

from sktime_screen import ScreenTimeReport, recommended_pipeline

screen_time = recommended_pipeline(rate=2, head="dense", random_state=0).fit(X, y)
with (
    LocalCluster(n_workers=2, processes=False, dashboard_address=None) as cluster,
    Client(cluster),
    joblib.parallel_config(backend="dask"),
):
    report = ScreenTimeReport.from_estimator(screen_time, episodes, random_state=0)

# %%
# Without a cluster, write the last line alone.
#
# Seconds, episode by episode
# ---------------------------
#
# The intervals assume that the classifier errs on the new videos as on the labelled one. Its errors
# there come from cross-fitting, since a classifier is too good on its training frames.

estimate = report.estimate.copy()
estimate["video"] = estimate["video"].map(lambda path: Path(path).stem)
print(estimate[["video", "character", "seconds", "low", "high"]].round(1).to_string(index=False))

# %%
import pandas as pd

from sktime_screen import ScreenTimeDisplay

truth = pd.DataFrame(
    [truth[["cat", "mouse"]].sum() / 12 for truth in truths],
    index=pd.Index(estimate["video"].unique(), name="video"),
)
display = ScreenTimeDisplay.from_predictions(estimate, truth=truth)
