"""From TorchScript to the neutral graph: one box for each call of a module, for each if and for each loop."""

from .graph import graph_of_module as graph_of_module
