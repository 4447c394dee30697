"""Recurrent layers. ``direction="reverse"`` reads from the end, and gives outputs in that order of reading."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..table import Call, Tensors, operation, prepare

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    # Core ML gives the recurrent layers' scaled_tanh no parameters; it is tanh.
    "scaled_tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "hard_sigmoid": lambda x: (x * 0.2 + 0.5).clamp(0, 1),
    "sigmoid_hard": lambda x: (x * 0.2 + 0.5).clamp(0, 1),
    "relu": torch.relu,
    "linear": lambda x: x,
}


def _activation(name: str) -> Callable[[Tensor], Tensor]:
    found = _ACTIVATIONS.get(name.lower())
    if found is None:
        raise ValueError(f"unknown activation “{name}”")
    return found


def _ordered(x: Tensor, direction: str) -> Tensor:
    if direction == "forward":
        return x
    if direction != "reverse":
        raise ValueError(f"unknown direction “{direction}”")
    return x.flip(0)


def _projected(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return torch.nn.functional.linear(x, weight, bias)


@operation("rnn")
def rnn(
    x: Tensor,
    initial_h: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    direction: str = "forward",
    output_sequence: bool = False,
    activation: str = "tanh",
) -> Tensors:
    act, hidden = _activation(activation), initial_h
    outputs = []
    for step in _projected(_ordered(x, direction), weight_ih, bias):
        hidden = act(step + hidden @ weight_hh.T)
        outputs.append(hidden)
    return torch.stack(outputs) if output_sequence else hidden.unsqueeze(0), hidden


@prepare("rnn")
def _rnn(call: Call) -> Callable[..., Tensors] | None:
    """With the usual activations the layer is torch's own."""
    known = call.constants
    layer = {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu}.get(known["activation"].lower())
    if layer is None or known["direction"] not in ("forward", "reverse"):
        return None
    if "weight_ih" not in known or "weight_hh" not in known:
        return None
    size = known["weight_hh"].shape[0]
    bias = known.get("bias")
    weights = [known["weight_ih"], known["weight_hh"], torch.zeros(size) if bias is None else bias, torch.zeros(size)]
    flips, output_sequence = known["direction"] == "reverse", known["output_sequence"]

    def run(x: Tensor, initial_h: Tensor, *_: Tensor | None) -> Tensors:
        start = initial_h.unsqueeze(0)
        outputs, hidden = layer(x.flip(0) if flips else x, start, weights, True, 1, 0.0, False, False, False)
        hidden = hidden.squeeze(0)
        return outputs if output_sequence else hidden.unsqueeze(0), hidden

    return run


@operation("gru")
def gru(
    x: Tensor,
    initial_h: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    input_bias: Tensor | None = None,
    direction: str = "forward",
    output_sequence: bool = False,
    recurrent_activation: str = "sigmoid",
    activation: str = "tanh",
    reset_after: bool = False,
) -> Tensors:
    """Gates lie in the order reset, output, update. Without ``reset_after`` the state is reset before its product."""
    inner, outer, hidden = _activation(recurrent_activation), _activation(activation), initial_h
    size = weight_hh.shape[1]
    reset_weight, output_weight, update_weight = torch.split(weight_hh, size)
    bias = torch.zeros(3 * size) if bias is None else bias
    reset_bias, output_bias, update_bias = torch.split(bias, size)
    outputs = []
    for step in _projected(_ordered(x, direction), weight_ih, input_bias):
        for_reset, for_output, for_update = torch.split(step, size, -1)
        reset = inner(for_reset + hidden @ reset_weight.T + reset_bias)
        update = inner(for_update + hidden @ update_weight.T + update_bias)
        if reset_after:
            new = outer(for_output + reset * (hidden @ output_weight.T + output_bias))
        else:
            new = outer(for_output + (reset * hidden) @ output_weight.T + output_bias)
        hidden = (1 - update) * new + update * hidden
        outputs.append(hidden)
    return torch.stack(outputs) if output_sequence else hidden.unsqueeze(0), hidden


@operation("lstm")
def lstm(
    x: Tensor,
    initial_h: Tensor,
    initial_c: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    peephole: Tensor | None = None,
    weight_ih_back: Tensor | None = None,
    weight_hh_back: Tensor | None = None,
    bias_back: Tensor | None = None,
    peephole_back: Tensor | None = None,
    direction: str = "forward",
    output_sequence: bool = False,
    recurrent_activation: str = "sigmoid",
    cell_activation: str = "tanh",
    activation: str = "tanh",
    clip: float | None = None,
) -> Tensors:
    """Gates lie in the order input, forget, output, cell."""
    acts = (_activation(recurrent_activation), _activation(cell_activation), _activation(activation))
    if direction != "bidirectional":
        outputs, hidden, cell = _lstm_one_way(
            _ordered(x, direction), initial_h, initial_c, weight_ih, weight_hh, bias, peephole, acts, clip
        )
        return outputs if output_sequence else hidden.unsqueeze(0), hidden, cell
    if weight_ih_back is None or weight_hh_back is None:
        raise ValueError("a bidirectional layer needs weights for its way back")
    (h, h_back), (c, c_back) = initial_h.chunk(2, 1), initial_c.chunk(2, 1)
    forth = _lstm_one_way(x, h, c, weight_ih, weight_hh, bias, peephole, acts, clip)
    back = _lstm_one_way(
        x.flip(0), h_back, c_back, weight_ih_back, weight_hh_back, bias_back, peephole_back, acts, clip
    )
    hidden, cell = torch.cat([forth[1], back[1]], 1), torch.cat([forth[2], back[2]], 1)
    if not output_sequence:
        return hidden.unsqueeze(0), hidden, cell
    return torch.cat([forth[0], back[0].flip(0)], 2), hidden, cell


def _lstm_one_way(
    x: Tensor,
    hidden: Tensor,
    cell: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None,
    peephole: Tensor | None,
    acts: tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]],
    clip: float | None,
) -> tuple[Tensor, Tensor, Tensor]:
    inner, of_cell, outer = acts
    size = weight_hh.shape[1]
    peeps = torch.zeros(3, size) if peephole is None else peephole.reshape(3, size)
    outputs = []
    for step in _projected(x, weight_ih, bias):
        to_input, to_forget, to_output, to_cell = torch.split(step + hidden @ weight_hh.T, size, -1)
        input_gate = inner(to_input + peeps[0] * cell)
        forget_gate = inner(to_forget + peeps[1] * cell)
        cell = forget_gate * cell + input_gate * of_cell(to_cell)
        if clip is not None:
            cell = cell.clamp(-clip, clip)
        hidden = inner(to_output + peeps[2] * cell) * outer(cell)
        outputs.append(hidden)
    return torch.stack(outputs), hidden, cell


def _in_torch_order(weight: Tensor) -> Tensor:
    """Return the gates in torch's order: input, forget, cell, output."""
    of_input, of_forget, of_output, of_cell = weight.chunk(4)
    return torch.cat([of_input, of_forget, of_cell, of_output])


@prepare("lstm")
def _lstm(call: Call) -> Callable[..., Tensors] | None:
    """The ordinary layer is torch's own."""
    known = call.constants
    names = (known["recurrent_activation"], known["cell_activation"], known["activation"])
    if names != ("sigmoid", "tanh", "tanh") or known["clip"] is not None:
        return None
    if "peephole" in known or "peephole_back" in known or "weight_ih" not in known or "weight_hh" not in known:
        return None
    direction, output_sequence = known["direction"], known["output_sequence"]
    suffixes = ("", "_back") if direction == "bidirectional" else ("",)
    weights: list[Tensor] = []
    for suffix in suffixes:
        if f"weight_ih{suffix}" not in known or f"weight_hh{suffix}" not in known:
            return None
        hidden = known[f"weight_hh{suffix}"]
        bias = known.get(f"bias{suffix}")
        bias = torch.zeros(hidden.shape[0]) if bias is None else bias
        weights += [_in_torch_order(known[f"weight_ih{suffix}"]), _in_torch_order(hidden)]
        weights += [_in_torch_order(bias), torch.zeros(hidden.shape[0])]
    count, flips = len(suffixes), direction == "reverse"

    def run(x: Tensor, initial_h: Tensor, initial_c: Tensor, *_: Tensor | None) -> Tensors:
        batch = x.shape[1]
        states = tuple(state.reshape(batch, count, -1).transpose(0, 1).contiguous() for state in (initial_h, initial_c))
        outputs, hidden, cell = torch.lstm(
            x.flip(0) if flips else x, states, weights, True, 1, 0.0, False, count == 2, False
        )
        hidden, cell = (state.transpose(0, 1).reshape(batch, -1) for state in (hidden, cell))
        return outputs if output_sequence else hidden.unsqueeze(0), hidden, cell

    return run
