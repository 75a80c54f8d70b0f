import numpy as np

from sktime_screen.labels._facility_location import FacilityLocation


def greedy(points, n):
    """Choose as FacilityLocation does, with all gains computed at every step."""
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    similar = np.exp(-squared / (0.5 * np.median(squared[squared > 1e-6])))
    represented, chosen = np.zeros(len(points)), []
    for _ in range(n):
        gains = np.maximum(similar - represented, 0).sum(axis=1)
        gains[chosen] = -1
        chosen.append(int(gains.argmax()))
        represented = np.maximum(represented, similar[chosen[-1]])
    return chosen


def test_old_gains_do_not_change_what_is_chosen():
    points = np.random.default_rng(0).normal(size=(300, 4))
    chosen = FacilityLocation(points, np.ones(300)).select(40, np.arange(300))
    assert chosen.tolist() == greedy(points, 40)


def test_weights_and_candidates():
    points = np.repeat(np.eye(3), 10, axis=0)
    weights = np.repeat([1.0, 3.0, 2.0], 10)
    assert (FacilityLocation(points, weights).select(2, np.arange(30)) // 10).tolist() == [1, 2]
    assert FacilityLocation(points, weights).select(1, np.array([3, 7, 25])).tolist() == [25]


def test_what_is_represented_gains_nothing():
    points = np.repeat(np.eye(3), 10, axis=0)
    function = FacilityLocation(points, np.repeat([1.0, 3.0, 2.0], 10))
    function.add(np.array([12]))
    assert function.select(1, np.arange(30)) // 10 == 2


def test_the_nearest_centre():
    points = np.array([[0.0], [1.0], [9.0], [10.0]])
    function = FacilityLocation(points, np.ones(4))
    assert function.assign(np.arange(4), np.array([3, 0])).tolist() == [1, 1, 0, 0]
