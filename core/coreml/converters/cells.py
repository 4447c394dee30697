"""One step of a recurrence (``nn.RNNCell``, ``nn.LSTMCell``, ``nn.GRUCell``), missing in coremltools 9.0."""

from typing import Any

from coremltools.converters.mil.mil import Builder as mb

from .arguments import finish, inputs_of
from .supply import supplied


@supplied("rnn_tanh_cell")
def rnn_tanh_cell(context: Any, node: Any) -> None:
    x, state, *weights = inputs_of(context, node)
    finish(context, node, mb.tanh(x=mb.add(x=_linear(x, weights, 0), y=_linear(state, weights, 1))))


@supplied("rnn_relu_cell")
def rnn_relu_cell(context: Any, node: Any) -> None:
    x, state, *weights = inputs_of(context, node)
    finish(context, node, mb.relu(x=mb.add(x=_linear(x, weights, 0), y=_linear(state, weights, 1))))


@supplied("gru_cell")
def gru_cell(context: Any, node: Any) -> None:
    x, state, *weights = inputs_of(context, node)
    reset_x, update_x, new_x = mb.split(x=_linear(x, weights, 0), num_splits=3, axis=-1)
    reset_h, update_h, new_h = mb.split(x=_linear(state, weights, 1), num_splits=3, axis=-1)
    reset = mb.sigmoid(x=mb.add(x=reset_x, y=reset_h))
    update = mb.sigmoid(x=mb.add(x=update_x, y=update_h))
    new = mb.tanh(x=mb.add(x=new_x, y=mb.mul(x=reset, y=new_h)))
    # new + update · (state − new) is torch's (1 − update) · new + update · state.
    finish(context, node, mb.add(x=new, y=mb.mul(x=update, y=mb.sub(x=state, y=new))))


@supplied("lstm_cell")
def lstm_cell(context: Any, node: Any) -> None:
    x, states, *weights = inputs_of(context, node)
    state, cell = states
    gates = mb.add(x=_linear(x, weights, 0), y=_linear(state, weights, 1))
    enter, forget, new, leave = mb.split(x=gates, num_splits=4, axis=-1)
    kept = mb.mul(x=mb.sigmoid(x=forget), y=cell)
    cell = mb.add(x=kept, y=mb.mul(x=mb.sigmoid(x=enter), y=mb.tanh(x=new)))
    state = mb.mul(x=mb.sigmoid(x=leave), y=mb.tanh(x=cell))
    for output, value in zip(node.outputs, (state, cell), strict=True):
        context.add(mb.identity(x=value, name=output), output)


def _linear(x: Any, weights: list[Any], side: int) -> Any:
    """Return x · Wᵀ + b of the input's (0) or the state's (1) side; weights are ih, hh, and perhaps their biases."""
    bias = weights[2 + side] if len(weights) > 3 and weights[2 + side] is not None else None
    product = mb.matmul(x=x, y=weights[side], transpose_y=True)
    return product if bias is None else mb.add(x=product, y=bias)
