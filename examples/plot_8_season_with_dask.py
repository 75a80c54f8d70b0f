"""
A season, on one machine or on several
======================================

One process uses all cores of a machine, so a season needs no more than a list. Several machines
share it through joblib, for instance with Dask.
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
# The work that is shared
# -----------------------
#
# Decoding and the pretrained network take nearly all the time, and each video can be done alone.
# So it is the features that are shared out, video by video. What a worker computes goes into the
# store that all of them see; if one is stopped, nothing that was stored is computed again.
#
# The cluster here is two threads of this process, to keep the example small.
# ``Client("address")`` of a real one takes its place, whose workers find videos and store under
# the same paths. ``head="dense"`` is faster and finds characters less well.

import joblib
from dask.distributed import Client, LocalCluster

from sktime_screen import recommended_pipeline

screen_time = recommended_pipeline(
    rate=2, head="dense", memory=folder / "features", random_state=0
).fit(X, y)
with (
    LocalCluster(n_workers=2, processes=False, dashboard_address=None) as cluster,
    Client(cluster),
    joblib.parallel_config(backend="dask"),
):
    probabilities = screen_time[:-1].transform(episodes)

# %%
# Without a cluster it is the same line with nothing around it, and ``n_jobs`` of
# :class:`~sktime_screen.PretrainedCNNFeatures` may say how many videos are in work at once.
#
# Seconds, episode by episode
# ---------------------------
#
# ``estimate`` tells how sure the seconds are, too. It supposes that the videos are to the
# classifier what the labelled one was. The head of the recommended pipeline is cross-fitted for
# that, as probabilities of frames that were learned from are too good.

estimate = screen_time[-1].estimate(probabilities, random_state=0)
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
