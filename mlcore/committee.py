"""Several networks of one kind as one: their weights, and the statistics of their gates."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.catalogue import member_name

Arrays = Mapping[str, NDArray[np.float32]]

_FIRST = member_name(1)
_KERNEL, _BIAS = "logits/kernel", "logits/bias"


def half_precision(weights: Arrays) -> dict[str, NDArray[np.float32]]:
    """Weights whose kernels are rounded to 16 bits, so that the bundle can keep them in half the space.

    What is one number a channel stays as it is: the variances of batch normalisation can be too small for 16 bits.
    """
    return {
        name: value.astype(np.float16).astype(np.float32) if value.ndim > 1 else value
        for name, value in weights.items()
    }


def join_weights(members: Sequence[Arrays]) -> dict[str, NDArray[np.float32]]:
    """The weights of a committee from those of its members; its logits are the mean of theirs."""
    if len(members) == 1:
        return dict(members[0])
    joined = {
        member_name(number) + name.removeprefix(_FIRST): value
        for number, weights in enumerate(members, start=1)
        for name, value in weights.items()
        if name.startswith(_FIRST)
    }
    joined |= {  # what stands between the members and their joint layer is a number a channel: side by side
        name: np.concatenate([weights[name] for weights in members])
        for name in members[0]
        if not name.startswith(_FIRST) and name not in (_KERNEL, _BIAS)
    }
    kernel = np.concatenate([weights[_KERNEL] for weights in members]) / len(members)
    joined[_KERNEL] = kernel.astype(np.float32)
    joined[_BIAS] = np.stack([weights[_BIAS] for weights in members]).mean(axis=0).astype(np.float32)
    return half_precision(joined)


def join_gates(members: Sequence[Arrays]) -> dict[str, NDArray[np.float32]]:
    """The deep part of the gate of a committee: the distance is the mean of its members' distances."""
    width = sum(gate["deep_means"].shape[1] for gate in members)
    whitening = np.zeros((width, width), np.float32)
    start = 0
    for gate in members:
        end = start + gate["deep_means"].shape[1]
        share = gate["deep_whitening"] / np.sqrt(len(members))
        whitening[start:end, start:end] = share.astype(np.float32)
        start = end
    means = np.concatenate([gate["deep_means"] for gate in members], axis=1)
    return {"deep_means": means, "deep_whitening": whitening}
