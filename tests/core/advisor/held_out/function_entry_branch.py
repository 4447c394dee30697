# run: soft_normalise --input x=1,10
# expect: script: <model>
import torch


def soft_normalise(x):
    total = x.sum()
    if total.abs() < 1.0:
        return x
    return x / total
