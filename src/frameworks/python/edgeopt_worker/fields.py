"""Checked access to a JSON object's fields: nothing is taken with another type, nothing is left unread."""

from .errors import bad_input

MISSING = object()


class Fields:
    def __init__(self, value, where):
        if not isinstance(value, dict):
            raise bad_input(f"{where} is not an object")
        self._value, self._where, self._known = value, where, set()

    def _take(self, name, kind, accepted, default):
        self._known.add(name)
        value = self._value.get(name, MISSING)
        if value is MISSING:
            if default is MISSING:
                raise bad_input(f"{self._where}: '{name}' is missing ({kind})")
            return default
        if not accepted(value):
            raise bad_input(f"{self._where}: '{name}' is not {kind}")
        return value

    def has(self, name):
        return name in self._value

    def text(self, name, default=MISSING):
        return self._take(name, "a text", lambda value: isinstance(value, str), default)

    def one_of(self, name, choices, default=MISSING):
        return self._take(name, "one of " + ", ".join(choices), lambda value: value in choices, default)

    def integer(self, name, low, high, default=MISSING):
        return self._take(name, f"an integer from {low} to {high}",
                          lambda value: is_integer(value) and low <= value <= high, default)

    def number(self, name, low, high, default=MISSING):
        return self._take(name, f"a number from {low} to {high}",
                          lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)
                          and low <= value <= high, default)

    def boolean(self, name, default=MISSING):
        return self._take(name, "true or false", lambda value: isinstance(value, bool), default)

    def array(self, name, default=MISSING):
        return self._take(name, "an array", lambda value: isinstance(value, list), default)

    def object(self, name, default=MISSING):
        return self._take(name, "an object", lambda value: isinstance(value, dict), default)

    def anything(self, name):
        """A field that is known but of no use here."""
        return self._take(name, "", lambda value: True, None)

    def finish(self):
        for name in self._value:
            if name not in self._known:
                raise bad_input(f"{self._where}: unknown field '{name}'")


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def integers(values, low, high, where):
    for value in values:
        if not is_integer(value) or not low <= value <= high:
            raise bad_input(f"{where}: an element is not an integer from {low} to {high}")
    return list(values)
