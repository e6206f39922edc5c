"""JSON as scenarios write it: with bare words, variables, and patterns where something is expected.

    {id: $call, method: tools/call, params: {name: work, arguments: *, ...}}

`*` is anything, `...` is whatever else an object or the end of an array holds, `$x` is what x stands
for (where a pattern is matched and x stands for nothing yet: from now on what was found), `~"…"` is a
string in which the regular expression is found, `<string>`, `<boolean>`, `<number>`, `<integer>`, `<object>`,
`<array>` are anything of that type, `key?:` may be absent, `!p` is anything but p, `a | b` is either,
`"x" * 10M` is a long string, `{...$x, more: 1}` is what x holds and more, and a key `$k:` is the
one that k stands for, or any one that is left, which is what k stands for from then on. An object in a pattern
is complete: any key that it does not name is a fault."""

import json
import re

TYPES = {
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}
WORD = re.compile(r"[A-Za-z_][\w/.-]*")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
SIZE = re.compile(r"(\d+)([KM]?)")
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}


class Malformed(Exception):
    """A scenario's author wrote what can't be read."""


class Mismatch(Exception):
    """What was received is not what the pattern says."""


def shown(value, limit=300):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def same(one, other):
    """Equality as JSON has it: 1 is neither true nor "1", and 1.0 is 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


class Node:
    def build(self, names):
        raise Malformed("a pattern stands where a value is needed")

    def check(self, value, names, where):
        """Raises Mismatch; may put what was found into `names`."""
        expected = self.build(names)
        if not same(expected, value):
            raise Mismatch(f"{where} is {shown(value)} and not {shown(expected)}")


class Plain(Node):
    def __init__(self, value):
        self.value = value

    def build(self, names):
        return self.value


class Variable(Node):
    def __init__(self, name):
        self.name = name

    def build(self, names):
        if self.name not in names:
            raise Malformed(f"${self.name} stands for nothing yet")
        return names[self.name]

    def check(self, value, names, where):
        if self.name in names:
            super().check(value, names, where)
        else:
            names[self.name] = value


class Anything(Node):
    def check(self, value, names, where):
        pass


class OfType(Node):
    def __init__(self, name):
        self.name = name

    def check(self, value, names, where):
        if not TYPES[self.name](value):
            raise Mismatch(f"{where} is {shown(value)}, which is not of type {self.name}")


class Regex(Node):
    def __init__(self, text):
        self.regex = re.compile(text, re.DOTALL | re.MULTILINE)

    def check(self, value, names, where):
        if not isinstance(value, str) or not self.regex.search(value):
            raise Mismatch(f"{where} is {shown(value)}, where {self.regex.pattern!r} is not found")


class Not(Node):
    def __init__(self, inner):
        self.inner = inner

    def check(self, value, names, where):
        try:
            self.inner.check(value, dict(names), where)
        except Mismatch:
            return
        raise Mismatch(f"{where} is {shown(value)}, which is just what it must not be")


class Either(Node):
    def __init__(self, choices):
        self.choices = choices

    def check(self, value, names, where):
        faults = []
        for choice in self.choices:
            trial = dict(names)
            try:
                choice.check(value, trial, where)
            except Mismatch as fault:
                faults.append(str(fault))
            else:
                names.update(trial)
                return
        raise Mismatch(", and ".join(faults))


class Array(Node):
    def __init__(self, items, rest):
        self.items, self.rest = items, rest

    def build(self, names):
        if self.rest:
            return super().build(names)
        return [item.build(names) for item in self.items]

    def check(self, value, names, where):
        if not isinstance(value, list):
            raise Mismatch(f"{where} is {shown(value)}, which is no array")
        short = len(value) < len(self.items)
        if short or (len(value) > len(self.items) and not self.rest):
            raise Mismatch(f"{where} has {len(value)} elements and not {len(self.items)}: "
                           f"{shown(value)}")
        for index, (item, each) in enumerate(zip(self.items, value)):
            item.check(each, names, f"{where}[{index}]")


class Object(Node):
    def __init__(self, members, optional, spreads, rest, named):
        self.members, self.optional, self.spreads, self.rest = members, optional, spreads, rest
        self.named = named  # [(variable, what its value is the key of)]

    def build(self, names):
        if self.rest or self.optional:
            return super().build(names)
        built = {variable.build(names): node.build(names) for variable, node in self.named}
        for spread in self.spreads:
            built.update(spread.build(names))
        built.update({key: node.build(names) for key, node in self.members.items()})
        return built

    def check(self, value, names, where):
        if not isinstance(value, dict):
            raise Mismatch(f"{where} is {shown(value)}, which is no object")
        members = dict(self.members)
        for spread in self.spreads:
            members = {**{key: Plain(each) for key, each in spread.build(names).items()}, **members}
        for key, node in members.items():
            if key in value:
                node.check(value[key], names, f"{where}.{key}")
            elif key not in self.optional:
                raise Mismatch(f"{where} has no '{key}': {shown(value)}")
        extra = value.keys() - members.keys()
        for variable, node in self.named:
            key = names.get(variable.name, min(extra, default=None))
            if key not in extra:
                raise Mismatch(f"{where} has no ${variable.name}: {shown(value)}")
            names[variable.name] = key
            node.check(value[key], names, f"{where}.{key}")
            extra.discard(key)
        if extra and not self.rest:
            raise Mismatch(f"{where} has {sorted(extra)}, which nothing asked for: {shown(value)}")


class Reader:
    """Takes values off the front of a text."""

    def __init__(self, text):
        self.text = text

    def skip(self):
        self.text = self.text.lstrip()

    def take(self, prefix):
        self.skip()
        if not self.text.startswith(prefix):
            return False
        self.text = self.text[len(prefix):]
        return True

    def need(self, prefix):
        if not self.take(prefix):
            raise Malformed(f"'{prefix}' is missing before '{shown(self.text, 60)}'")

    def match(self, regex):
        self.skip()
        found = regex.match(self.text)
        if found:
            self.text = self.text[found.end():]
        return found

    def string(self):
        """A quoted string; in single quotes nothing is escaped but \\r, \\n and \\t."""
        self.skip()
        if self.text.startswith("'"):
            end = self.text.find("'", 1)
            if end < 0:
                raise Malformed("a ' is never closed")
            inside, self.text = self.text[1:end], self.text[end + 1:]
            return inside.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t")
        try:
            value, end = json.decoder.scanstring(self.text, 1)
        except ValueError as fault:
            raise Malformed(f"{fault} in {shown(self.text, 60)}") from fault
        self.text = self.text[end:]
        return value

    def text_value(self):
        """Strings, each perhaps repeated, joined with +."""
        value = self.string()
        if self.take("*"):
            size = self.match(SIZE)
            if not size:
                raise Malformed("a number is missing after *")
            value *= int(size[1]) * UNITS[size[2]]
        return value + self.text_value() if self.take("+") else value

    def value(self):
        choices = [self.single()]
        while self.take("|"):
            choices.append(self.single())
        return choices[0] if len(choices) == 1 else Either(choices)

    def single(self):
        self.skip()
        first = self.text[:1]
        if first == "{":
            return self.object()
        if first == "[":
            return self.array()
        if first and first in "\"'":
            return Plain(self.text_value())
        if self.take("$"):
            return Variable(self.word())
        if self.take("*"):
            return Anything()
        if self.take("~"):
            return Regex(self.string())
        if self.take("!"):
            return Not(self.single())
        if self.take("<"):
            name = self.word()
            self.need(">")
            if name not in TYPES:
                raise Malformed(f"<{name}> is no type; there are {', '.join(TYPES)}")
            return OfType(name)
        date = self.match(DATE)  # versions are
        if date:
            return Plain(date[0])
        number = self.match(NUMBER)
        if number:
            return Plain(json.loads(number[0]))
        word = self.word()
        return Plain({"true": True, "false": False, "null": None}.get(word, word))

    def word(self):
        found = self.match(WORD)
        if not found:
            raise Malformed(f"a value is missing before '{shown(self.text, 60)}'")
        return found[0]

    def array(self):
        self.need("[")
        items, rest = [], False
        while not self.take("]"):
            if self.take("..."):
                rest = True
            else:
                items.append(self.value())
            if not self.take(","):
                self.need("]")
                break
        return Array(items, rest)

    def object(self):
        self.need("{")
        members, optional, spreads, rest, named = {}, set(), [], False, []
        while not self.take("}"):
            if self.take("..."):
                if self.take("$"):
                    spreads.append(Variable(self.word()))
                else:
                    rest = True
            elif self.take("$"):
                variable = Variable(self.word())
                self.need(":")
                named.append((variable, self.value()))
            else:
                self.skip()
                key = self.string() if self.text[:1] in ("'", '"') else self.word()
                if self.take("?"):
                    optional.add(key)
                self.need(":")
                members[key] = self.value()
            if not self.take(","):
                self.need("}")
                break
        return Object(members, optional, spreads, rest, named)

    def end(self):
        self.skip()
        if self.text:
            raise Malformed(f"nothing was expected where '{shown(self.text, 60)}' stands")


def read(text):
    """The one value that a text holds."""
    reader = Reader(text)
    value = reader.value()
    reader.end()
    return value


def match(node, value, names, where="it"):
    """Checks a value; `names` gets what was found only if all of it fits."""
    trial = dict(names)
    node.check(value, trial, where)
    names.update(trial)
