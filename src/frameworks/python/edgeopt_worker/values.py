"""The values that one run of a model makes on its way, for whoever looks where another file begins to differ."""

from . import tensors


class Values:
    """In order of execution, copied as they are made: what follows may overwrite them.

    `tensors`, and beside them `kinds` (what made each) and `made_of` (from which earlier ones, by their places;
    nothing: from the inputs alone).
    """

    def __init__(self, max_bytes):
        self.tensors, self.kinds, self.made_of = [], [], []
        self.complete = True  # nothing was left out for its size
        self.room, self._calls = max_bytes, {}

    def has_room(self, size):
        if len(self.tensors) >= tensors.MAX_TENSORS or size > self.room:
            # What comes later would look as if it came next.
            self.complete, self.room = False, -1
        return size <= self.room

    def add(self, name, kind, made_of, tensor):
        """Requires has_room(tensor.array.nbytes); `tensor` is kept. Returns its place."""
        self.room -= tensor.array.nbytes
        call = self._calls[name] = self._calls.get(name, 0) + 1
        tensor.name = name if call == 1 else f"{name}#{call}"
        self.tensors.append(tensor)
        self.kinds.append(kind)
        self.made_of.append(sorted(made_of))
        return len(self.tensors) - 1

    def drop_unused(self, places):
        """Leaves what the values at these places are made of, and themselves: exporters drop the rest."""
        used = set(places)
        for place in reversed(range(len(self.tensors))):
            if place in used:
                used.update(self.made_of[place])
        order = sorted(used)
        new = {old: place for place, old in enumerate(order)}
        self.tensors = [self.tensors[old] for old in order]
        self.kinds = [self.kinds[old] for old in order]
        self.made_of = [[new[source] for source in self.made_of[old]] for old in order]
