"""The weights that training starts from."""

import pickle  # noqa: TID251  makes a harmful one, to see it refused

import pytest

from mlcore import pretrained
from mlcore.catalogue import Shape, weight_shapes


def test_they_are_all_the_weights_of_one_member_but_the_last_layer() -> None:
    weights = pretrained.pretrained_weights()

    wanted = weight_shapes("efficientnet-lite", Shape(100, 2))
    assert wanted.keys() - weights.keys() == {"logits/kernel", "logits/bias"}
    assert all(value.shape == wanted[name] for name, value in weights.items())
    # What learning leaves: centre and surround of the first convolution differ, no channel is dead.
    assert all((value >= 0).all() for name, value in weights.items() if name.endswith("moving_variance"))
    assert weights["member1_stem/kernel"].std(axis=(0, 1, 2)).min() > 0


def test_a_file_that_would_execute_something_is_refused() -> None:
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        pretrained._read(pickle.dumps(print))


def test_another_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "_SHA256", "0" * 64)

    with pytest.raises(pretrained.PretrainedUnavailable, match="not the expected ones"):
        pretrained.pretrained_weights()


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "_PACKAGE", "no_such_package")

    with pytest.raises(pretrained.PretrainedUnavailable, match="install it"):
        pretrained.pretrained_weights()
