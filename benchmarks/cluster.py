"""Measure a season on a cluster of 1, 2, 3, 4 workers, each a machine of its own.

    python benchmarks/cluster.py [--videos 200] [--workers 1 2 3 4] [--kill]

Each worker is a process with one thread, on one core, with its own home, temporary folder, cache
and working folder; only the videos are the same for all, under the same paths. Scheduler and
workers are started as in the guide, with a scheduler file, and have their networks ready before the
clock starts. 0 workers are the client itself, without a cluster. Printed are

- seconds, and their efficiency: those of the first row, shared by as many workers as there are
  cores, by those that it took;
- processor seconds of client and workers, and their efficiency, which other work on the machine
  disturbs less: those of the first row by those that it took;
- the peak memory of the client, and how much of it came while it measured;
- the bytes that went over the loopback, between all processes of the machine (to see no others,
  start it in a network of its own: ``unshare -n sh -c 'ip link set lo up; exec python ...'``);
- the size of the pipeline that is sent, and of what comes back.

``--kill`` kills a worker with all its processes in the middle of a second run with each number of
workers but one. All results have to be equal.
"""

import argparse
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import joblib
import pandas as pd

_SMALL = {"image_size": (128, 224), "backbone": "efficientnet_lite0_map"}


def make_season(folder, options):
    """Write the videos, and a pipeline fitted on one more."""
    from sktime_screen import load_label_csv, recommended_pipeline
    from sktime_screen.datasets import make_cartoon_video

    first = folder / "labelled.mp4"
    truth = make_cartoon_video(first, 60, seed=0, size=(180, 320), fps=12)
    truth[::12].assign(duration=1).to_csv(folder / "labels.csv", index=False)
    kinds = [folder / f"kind{number}.mp4" for number in range(min(8, options.videos))]
    for seed, kind in enumerate(kinds, 1):
        make_cartoon_video(kind, options.seconds, seed=seed, size=(180, 320), fps=12)
    for number in range(options.videos):
        (folder / f"episode{number:03}.mp4").symlink_to(kinds[number % len(kinds)])
    settings = _SMALL if options.small else {}
    pipeline = recommended_pipeline(rate=options.rate, random_state=0, **settings)
    pipeline.fit(*load_label_csv(folder / "labels.csv"))
    joblib.dump(pipeline, folder / "pipeline.joblib")


def count_loopback_bytes():
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, counts = line.partition(":")
        if name.strip() == "lo":
            return int(counts.split()[0])
    return 0


@contextmanager
def machine(command, folder, core=None):
    """Run a command as if on a machine of its own."""
    folder.mkdir()
    paths = {name: str(folder) for name in ("HOME", "TMPDIR", "SKTIME_SCREEN_HOME", "KERAS_HOME")}
    threads = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    environment = {**os.environ, **paths, **dict.fromkeys(threads, "1")}
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


@contextmanager
def cluster(scratch, n_workers):
    """Start a scheduler and workers, and connect to them."""
    from dask.distributed import Client

    dask, file = [sys.executable, "-m", "dask"], scratch / "scheduler.json"
    at = ["--scheduler-file", str(file), "--no-dashboard"]
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        stack.enter_context(
            machine([*dask, "scheduler", *at, "--port", "0"], scratch / "scheduler")
        )
        worker = [*dask, "worker", *at, "--nworkers", "1", "--nthreads", "1"]
        workers = [
            stack.enter_context(
                machine(worker, scratch / f"machine{number}", cores[number % len(cores)])
            )
            for number in range(n_workers)
        ]
        while not file.exists():
            time.sleep(0.1)
        client = stack.enter_context(Client(scheduler_file=str(file)))
        client.wait_for_workers(n_workers)
        yield client, workers


def measure(folder, options, n_workers, kill=False):
    """Measure the season in this process or with workers of it."""
    from sktime_screen import ScreenTimeReport

    pipeline = joblib.load(folder / "pipeline.joblib")
    season = sorted(map(str, folder.glob("episode*.mp4")))
    with ExitStack() as stack:
        count_elsewhere = float
        if n_workers:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            client, workers = stack.enter_context(cluster(scratch, n_workers))
            client.run(_warm_up, pipeline[:-1], season[0])
            count_elsewhere = partial(_count_in_workers, client)
            stack.enter_context(joblib.parallel_config("dask"))
            if kill:
                timer = threading.Timer(kill, os.killpg, (workers[0].pid, signal.SIGKILL))
                timer.start()
                stack.callback(timer.cancel)
        else:
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
            _warm_up(pipeline[:-1], season[0])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        worked = time.process_time() + count_elsewhere()
        sent, begin = count_loopback_bytes(), time.perf_counter()
        report = ScreenTimeReport.from_estimator(pipeline, season, random_state=0)
        seconds = time.perf_counter() - begin
        sent = count_loopback_bytes() - sent
        worked = time.process_time() + count_elsewhere() - worked
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    columns = ["video", "character", "seconds", "low", "high"]
    return {
        "workers": n_workers,
        "killed": bool(kill),
        "seconds": seconds,
        "cpu_seconds": None if kill else worked,
        "peak_mib": peak,
        "grown_mib": peak - before,
        "sent_mib": sent / 2**20,
        "pipeline_kib": len(pickle.dumps(pipeline[:-1])) / 2**10,
        "result_kib": len(pickle.dumps(report.probabilities)) / 2**10,
        "frames": len(report.probabilities),
        "result": report.estimate[columns].to_dict("list"),
    }


def _warm_up(classifier, video):
    classifier.transform(video)


def _count_in_workers(client):
    return sum(client.run(time.process_time).values())


def run(folder, options, n_workers, kill=False):
    """Measure in a process of its own, whose memory is nothing but its own."""
    output = folder / "measured.json"
    command = [sys.executable, __file__, "--season", str(folder), "--output", str(output)]
    command += ["--workers", str(n_workers), *(["--kill-after", str(kill)] if kill else [])]
    subprocess.run(command, check=True)
    return json.loads(output.read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=4, help="length of a video")
    parser.add_argument("--rate", type=float, default=1)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--small", action="store_true", help="smaller images and one network")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--folder", type=Path, help="keep the season here, or use that of before")
    parser.add_argument("--season", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kill-after", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.season:
        found = measure(options.season, options, options.workers[0], options.kill_after)
        options.output.write_text(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(exist_ok=True)
        if not (folder / "pipeline.joblib").exists():
            make_season(folder, options)
        runs = []
        for n_workers in options.workers:
            runs.append(run(folder, options, n_workers))
            if options.kill and n_workers > 1:
                runs.append(run(folder, options, n_workers, runs[-1]["seconds"] / 2))
    results = [pd.DataFrame(each.pop("result")) for each in runs]
    for result in results[1:]:
        pd.testing.assert_frame_equal(result, results[0], rtol=0, atol=1e-3)
    table = pd.DataFrame(runs)
    taken = table["seconds"] * table["workers"].clip(1, len(os.sched_getaffinity(0)))
    table["efficiency"] = taken[0] / taken
    table["cpu_efficiency"] = table["cpu_seconds"][0] / table["cpu_seconds"]
    print(table.round(2).to_string(index=False))
    largest = max((a.iloc[:, 2:] - results[0].iloc[:, 2:]).abs().max(axis=None) for a in results)
    print(f"largest difference of seconds and their limits between runs: {largest:.2g} s")


if __name__ == "__main__":
    main()
