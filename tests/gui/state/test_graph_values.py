"""What nodes can be coloured by."""

from exportdesk.core.graph.builder import GraphBuilder
from exportdesk.core.results import LayerError
from exportdesk.gui.state.graph_values import bytes_of_nodes, errors_of_nodes


def graph():
    builder = GraphBuilder("mil", "net")
    builder.add_node("a", "conv", "conv", module="body", outputs=("a_cast",), shape="1×3×8×8", dtype="float16")
    builder.add_node("b", "relu", "relu", module="body", outputs=("b",), shape="?×3", dtype="float16")
    builder.add_node("c", "add", "add", outputs=("c",), shape="()", dtype="int32")
    return builder.finish()


def layer(module: str, value: str, error: float | None) -> LayerError:
    return LayerError(module=module, type_name="M", value=value, operation="conv", max_relative_error=error)


def test_that_a_node_has_the_error_of_its_value_or_else_of_its_module():
    found = errors_of_nodes(graph(), (layer("body", "a_cast", 0.1), layer("body", "other", 0.3)))
    assert found == {"a": 0.1, "b": 0.3}


def test_that_no_number_is_the_worst_error():
    assert errors_of_nodes(graph(), (layer("body", "b", None),))["b"] == 1.0


def test_that_without_measurements_no_error_is_offered():
    assert errors_of_nodes(graph(), ()) == {}


def test_that_sizes_are_known_where_shapes_are():
    assert bytes_of_nodes(graph()) == {"a": 384.0, "c": 4.0}
