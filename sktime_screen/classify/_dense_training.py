"""How a classifier describes its network, reads rows for it and trains it."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .._sklearn import check_sample_weight
from .._targets import read_labels
from ..model_selection import make_cross_fitting_splits
from ._classifier import FrameClassifier
from ._network import DenseNetwork, check_layer_sizes
from ._network_cache import get_shared_network
from ._standardization import means_and_scales, update_moments
from ._target_encoding import TargetEncoding
from ._training import Rows, check_validation_data, make_learning_rates, run_epochs


class DenseTraining(FrameClassifier):
    """What the public methods of classifiers with a dense network are made of."""

    _dtypes: tuple[Any, ...] = (np.float32,)
    _network_class: type[DenseNetwork] = DenseNetwork
    _judges_convergence = True
    _accepts_sparse = "csr"
    # With epochs="auto": the rows that a training goes through in all, and the fewest and most
    # epochs. With batch_size="auto": the steps of an epoch, and the fewest and most rows of one.
    _rows_seen, _epoch_limits = 60_000, (12, 40)
    _steps_per_epoch, _batch_limits = 6, (8, 32)
    # A layer alone takes more steps to large weights, which several layers reach as a product.
    _epoch_limits_alone = (12, 160)

    def _read(self, X, y, sample_weight=None, classes=None, *, resume, relative=True):
        X = self._check_features(X, self._dtypes, reset=not resume)
        labels = self._encoding.read(y) if resume else read_labels(y, partly=True)
        check_consistent_length(X, labels)
        if not resume:
            self._set_encoding(TargetEncoding.from_labels(labels, self.loss, classes))
            labels = self._encoding.read(labels)
        elif classes is not None:
            self._encoding.check_announced(classes)
        if sample_weight is not None:
            sample_weight = check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
            if relative:
                sample_weight = sample_weight / (sample_weight.mean() or 1)
        targets = self._encoding.encode(labels)
        weights = self._encoding.weights(labels, self.class_weight, sample_weight)
        return Rows(X, targets, weights, np.arange(X.shape[0]))

    def _read_validation(self, validation_data):
        check_validation_data(validation_data)
        return self._read(*validation_data, resume=True, relative=False)

    def _train(self, data, validation, learning_rates, stopping, resume, tasks=None):
        n_features = data.X.shape[1]
        if resume:
            self._check_unchanged(self._describe_network(n_features, self._n_rows))
        else:
            self._n_rows = len(data.positions)
            self._architecture = self._describe_network(n_features, self._n_rows)
            self._generator = self._new_generator()
            self._moments = None
            self.history_ = {}
        if self.standardize:
            self._moments = update_moments(self._moments, data.blocks())
            self.means_, self.scales_ = means_and_scales(self._moments)
        network = self._network()
        with network.lock:
            network.load(self.weights_ if resume else network.draw_weights(self._generator))
            network.load_inputs(self._inputs())
            network.start_optimizer(self._optimizer_state if resume else None)
            self.weights_, self.best_epoch_ = run_epochs(
                network,
                data,
                validation,
                learning_rates=learning_rates,
                stopping=stopping,
                generator=self._generator,
                history=self.history_,
                verbose=self.verbose,
                tasks=tasks,
                **self._step_options(len(data.positions)),
            )
            self._optimizer_state = network.optimizer_state()
        self.loss_curve_ = self.history_["loss"]
        self.n_epochs_ = self.n_iter_ = len(self.loss_curve_)

    def _cross_fit(self, X, y, sample_weight, groups):
        """Compute logits of rows by networks trained as `fit` did, without the rows' part.

        Returns float32 (n, n_outputs).
        """
        data = self._read(X, y, sample_weight, resume=True)
        generator = self._new_generator()
        labels = read_labels(y, partly=True)
        splits = make_cross_fitting_splits(X, labels, data.Y, self.cv, generator, groups)
        logits = np.empty_like(data.Y)
        network = self._network()
        rates = self.history_["learning_rate"][: self.best_epoch_]
        for train, test in splits:
            seen = data.only(train)
            with network.lock:
                own = self._inputs() and means_and_scales(update_moments(None, seen.blocks()))
                network.load(network.draw_weights(generator))
                network.load_inputs(own)
                network.start_optimizer()
                run_epochs(
                    network,
                    seen,
                    learning_rates=rates,
                    generator=generator,
                    history={},
                    **self._step_options(len(seen.positions)),
                )
                logits[test] = network.logits(data.X[test])
        return logits

    def _learning_rates(self, n_rows):
        """Return the step size of each epoch of a fit to so many rows."""
        epochs = self.epochs
        if epochs == "auto":
            has_hidden = len(check_layer_sizes(self.hidden_layer_sizes)) > 0
            limits = self._epoch_limits if has_hidden else self._epoch_limits_alone
            epochs = int(np.clip(self._rows_seen // n_rows, *limits))
        return make_learning_rates(self.learning_rate, self.learning_rate_schedule, epochs)

    def _describe_network(self, n_features, n_rows):
        return {
            "n_features": n_features,
            "n_outputs": self._encoding.n_outputs,
            "softmax": self._encoding.softmax,
            "hidden_layer_sizes": check_layer_sizes(self.hidden_layer_sizes),
            "activation": self.activation,
            "batch_normalization": bool(self.batch_normalization),
            "optimizer": self.optimizer,
            "standardize": bool(self.standardize),
            "loss": self.loss,
        }

    def _check_unchanged(self, described):
        """Refuse to go on where the parameters speak of another network than is being trained."""
        for name, old in self._architecture.items():
            if name in described and described[name] != old:
                raise ValueError(
                    f"{name} was {old!r} when the training began, and is {described[name]!r} now:"
                    f" warm_start and partial_fit go on with the same network. Set it back, or"
                    f" fit a sklearn.base.clone of the classifier."
                )

    def _inputs(self):
        return [self.means_, self.scales_] if self._architecture.get("standardize") else []

    def _network(self):
        return get_shared_network(self._network_class, self._architecture)

    def _step_options(self, n_rows):
        batch_size = self.batch_size
        if batch_size == "auto":
            batch_size = int(np.clip(n_rows // self._steps_per_epoch, *self._batch_limits))
        return {
            "batch_size": batch_size,
            "l2": self.l2,
            "dropout": self.dropout,
            "momentum": self.momentum,
        }

    def _logits(self, X):
        return self._by_network("logits", self._checked(X))

    def _checked(self, X):
        check_is_fitted(self)
        return self._check_features(X, self._dtypes, reset=False)

    def _by_network(self, output, X):
        """Compute an output of the fitted network for features that were checked."""
        network = self._network()
        with network.lock:
            network.load(self.weights_)
            network.load_inputs(self._inputs())
            return getattr(network, output)(X)
