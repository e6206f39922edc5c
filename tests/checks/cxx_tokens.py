"""Tokens of C++ source, with brackets paired: as much of the language as the checks need."""
import re

TOKEN = re.compile(r"""
    (?P<skip>\s+ | //[^\n]* | /\*.*?\*/ | ^[ \t]*\#(?:[^\n\\]|\\.)*$)
  | (?P<raw>(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)")
  | (?P<string>(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*" | (?:u8|[uUL])?'(?:[^'\\\n]|\\.)*')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|'\w|[\w.])*)
  | (?P<symbol>->|::|&&|\|\||[^\s])
""", re.VERBOSE | re.DOTALL | re.MULTILINE)
PAIRS = {")": "(", "]": "[", "}": "{"}


class Tokens:
    """The words of a source text, the line of each, and the partner of each bracket."""

    def __init__(self, text):
        self.words, self.lines, self.partner = [], [], {}
        line, open_brackets = 1, []
        for match in TOKEN.finditer(text):
            word = match.group()
            if match.lastgroup != "skip":
                index = len(self.words)
                self.words.append('""' if match["raw"] or match["string"] else word)
                self.lines.append(line)
                if word in PAIRS.values():
                    open_brackets.append(index)
                elif word in PAIRS:
                    # A bracket that conditional compilation left without a partner is passed over.
                    while open_brackets:
                        start = open_brackets.pop()
                        if self.words[start] == PAIRS[word]:
                            self.partner[start], self.partner[index] = index, start
                            break
            line += word.count("\n")

    def word(self, index):
        return self.words[index] if 0 <= index < len(self.words) else ""

    def is_name(self, index):
        return re.match(r"[A-Za-z_]", self.word(index)) is not None
