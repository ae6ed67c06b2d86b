"""The values inside PyTorch models that are graphs: programs of torch.export, and TorchScript. They are told by the
modules of the source from which the graph was made, where it remembers these."""

import torch
from torch.utils import _pytree as pytree

from .errors import unsupported
from .torch_inside import is_view, keep, tensors_in


class GraphRun(torch.fx.Interpreter):
    def __init__(self, module, values):
        super().__init__(module)
        self._values, self._origins = values, {}

    def run_node(self, n):
        result = super().run_node(n)
        if n.op == "placeholder":
            self._origins[n] = frozenset()
            return result
        sources = [node for node in n.all_input_nodes if node in self._origins]
        made_of = frozenset().union(*(self._origins[node] for node in sources))
        if n.op == "output":
            self._values.drop_unused(made_of)
        elif sources and tensors_in(result):  # a size is no value that is computed
            given = tensors_in([self.env.get(node) for node in sources])
            if isinstance(result, torch.Tensor) and not is_view(result, given):
                made_of = keep(self._values, n.name, describe(n), made_of, result)
            self._origins[n] = made_of
        return result


def describe(node):
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    where = stack[-1][0] if stack else ""
    where = where.removeprefix("L['self']").removeprefix("L__self__").removeprefix(".")
    return f"{node.target} of {where}" if where else str(node.target)


def inside_program(module, args, kwargs, values):
    with torch.no_grad():
        GraphRun(module, values).run(*pytree.tree_leaves((args, kwargs)), enable_io_processing=False)


def inside_script(module, args, kwargs, values):
    """Runs the inlined graph once, with what its nodes make as its outputs. What is in a branch or in a loop shows only
    in what that gives."""
    if kwargs:
        raise unsupported("the values inside TorchScript that leaves out an input before the last one")
    original = module.inlined_graph
    graph = original.copy()
    torch._C._jit_pass_remove_mutation(graph)  # else later nodes write over what earlier ones made
    nodes, made_of = depending(graph)
    watched = [(node, value) for node in nodes for value in node.outputs() if value.type().kind() == "TensorType"]
    outputs = [value.debugName() for value in graph.outputs()]
    for _ in outputs:
        graph.eraseOutput(0)
    for _, value in watched:
        graph.registerOutput(value)
    graph.makeMultiOutputIntoTuple()
    if not watched:
        return
    defaults = [argument.default_value for argument in module.forward.schema.arguments[1 + len(args):]]
    run = torch._C._create_function_from_graph("inside", graph)
    with torch.no_grad():
        made = run(module, *args, *defaults)
    results = {value.debugName(): tensor for (_, value), tensor in zip(watched, made if len(watched) > 1 else [made])}
    take_script(watched, made_of, results, values, outputs)


def depending(graph):
    """The nodes that the inputs have an effect on, and of each value that they make from which ones it is made."""
    made_of = {value.debugName(): [] for value in list(graph.inputs())[1:]}
    nodes = []
    for node in graph.nodes():
        sources = [name for name in read_by(node) if name in made_of]
        if sources and node.kind() != "aten::size":  # a size is no value that is computed
            nodes.append(node)
            made_of.update((value.debugName(), sources) for value in node.outputs())
    return nodes, made_of


def read_by(node):
    """Also by what is in its branches."""
    yield from (value.debugName() for value in node.inputs())
    for block in node.blocks():
        for inner in block.nodes():
            yield from read_by(inner)


def take_script(watched, made_of, results, values, outputs):
    nodes = {value.debugName(): node for node, value in watched}
    places = {}
    for name, sources in made_of.items():
        places[name] = frozenset().union(*(places[source] for source in sources))
        tensor = results.get(name)
        given = [results[source] for source in sources if source in results]
        if isinstance(tensor, torch.Tensor) and not is_view(tensor, given):
            node = nodes[name]
            owners = sorted({owner(value) for value in node.inputs()} - {""})
            short = node.kind().split("::")[-1]
            places[name] = keep(values, owners[0] if owners else short, node.kind(), places[name], tensor)
    values.drop_unused(frozenset().union(*(places[name] for name in outputs if name in places)))


def owner(value):
    """The module whose weight it is; "" for other values."""
    path = []
    while value.node().kind() == "prim::GetAttr":
        path.append(value.node().s("name"))
        value = next(value.node().inputs())
    return ".".join(reversed(path[1:]))
