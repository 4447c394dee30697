"""``nn.RNN(bidirectional=True)``, which coremltools 9.0 refuses: each direction is a recurrence of its own."""

from typing import Any

from coremltools.converters.mil.mil import Builder as mb

from .arguments import inputs_of, known, part
from .supply import Translation, completed


@completed("rnn_tanh")
def rnn_tanh(context: Any, node: Any, own: Translation) -> None:
    _recurrent(context, node, own, "tanh")


@completed("rnn_relu")
def rnn_relu(context: Any, node: Any, own: Translation) -> None:
    _recurrent(context, node, own, "relu")


def _recurrent(context: Any, node: Any, own: Translation, activation: str) -> None:
    inputs = inputs_of(context, node)
    if len(inputs) != 9 or not known(inputs[7]):
        own(context, node)
        return
    x, initial, weights, biases, layers, _, _, _, batch_first = inputs
    per_direction = 4 if known(biases) else 2
    # MIL's recurrence runs over the first axis: (length, batch, features).
    value = mb.transpose(x=x, perm=[1, 0, 2]) if known(batch_first) else x
    states = []
    for layer in range(int(known(layers))):
        sides = []
        for direction in range(2):
            index = 2 * layer + direction
            own_weights = weights[per_direction * index : per_direction * (index + 1)]
            state = mb.squeeze(x=part(initial, 0, index, index + 1), axes=[0])
            # MIL's own reverse mode is for LSTM and GRU; here the sequence is turned round before and after.
            steps = mb.reverse(x=value, axes=[0]) if direction else value
            side, last = mb.rnn(
                x=steps,
                initial_h=state,
                weight_ih=own_weights[0],
                weight_hh=own_weights[1],
                bias=mb.add(x=own_weights[2], y=own_weights[3]) if per_direction == 4 else None,
                output_sequence=True,
                activation=activation,
            )
            sides.append(mb.reverse(x=side, axes=[0]) if direction else side)
            states.append(last)
        value = mb.concat(values=sides, axis=2)
    output, last_states = node.outputs
    order = [1, 0, 2] if known(batch_first) else [0, 1, 2]
    context.add(mb.transpose(x=value, perm=order, name=output), output)
    context.add(mb.stack(values=states, axis=0, name=last_states), last_states)
