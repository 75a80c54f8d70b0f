"""Heads on small tables of data: ours beside scikit-learn's network and logistic regression.

    python benchmarks/heads_on_tables.py [--repeats 5] [--json FILE]

Five data sets, each as it is and scaled by `StandardScaler`; five stratified folds, several times.
Printed are the accuracy (of a table of labels, the share of rows with all labels right) with its
standard error over the folds, and the median seconds of a fit. All classifiers have their default
parameters. Networks are traced before the first fit is timed: that takes a second or two, once for
each shape in a process.
"""

import argparse
import json
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktime_screen import KerasDenseClassifier

DATA = {
    "iris": load_iris,
    "wine": load_wine,
    "breast cancer": load_breast_cancer,
    "digits": load_digits,
    "multilabel": lambda return_X_y: make_multilabel_classification(1000, random_state=0),
}


def measure(head, X, y, repeats):
    """Return the accuracy in each fold and the seconds of each fit."""
    splitter = RepeatedKFold if y.ndim == 2 else RepeatedStratifiedKFold
    accuracy, seconds = [], []
    for train, test in splitter(n_splits=5, n_repeats=repeats, random_state=0).split(X, y):
        fold = clone(head)
        begin = time.perf_counter()
        fold.fit(X[train], y[train])
        seconds.append(time.perf_counter() - begin)
        accuracy.append(fold.score(X[test], y[test]))
    return np.array(accuracy), np.array(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="of the five folds")
    parser.add_argument("--json", metavar="FILE", help="where to write the figures")
    options = parser.parse_args()
    rows = []
    for name, load in DATA.items():
        X, y = load(return_X_y=True)
        logistic = LogisticRegression()
        heads = {
            "KerasDenseClassifier": KerasDenseClassifier(random_state=0),
            "MLPClassifier": MLPClassifier(random_state=0),
            "LogisticRegression": MultiOutputClassifier(logistic) if y.ndim == 2 else logistic,
        }
        KerasDenseClassifier(epochs=1).fit(X, y).predict(X)
        for scaled in (False, True):
            for head_name, head in heads.items():
                if scaled:
                    head = make_pipeline(StandardScaler(), head)
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always", ConvergenceWarning)
                    accuracy, seconds = measure(head, X, y, options.repeats)
                rows.append(
                    {
                        "data": f"{name}, scaled" if scaled else name,
                        "head": head_name,
                        "accuracy": accuracy.mean(),
                        "standard error": accuracy.std(ddof=1) / np.sqrt(len(accuracy)),
                        "fit seconds": float(np.median(seconds)),
                        "fits that warn": sum(
                            issubclass(each.category, ConvergenceWarning) for each in caught
                        ),
                    }
                )
                print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    table = pd.DataFrame(rows)
    table["shown"] = [
        f"{row['accuracy']:.3f} ± {row['standard error']:.3f}, {row['fit seconds']:.2f} s"
        for row in rows
    ]
    wide = table.pivot(index="data", columns="head", values="shown")
    print(wide.loc[table["data"].unique(), table["head"].unique()].to_string())
    print(table.groupby("head", sort=False)["accuracy"].mean().round(4).to_string())
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=2)


if __name__ == "__main__":
    main()
