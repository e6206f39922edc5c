"""A FastMCP server with a tool for each kind of parameter. Its tool `takes` says whether it would
take a value, asked without any client in between."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, Literal, Optional, Union
from uuid import UUID

from mcp.server.fastmcp import FastMCP
from pydantic import BaseModel

server = FastMCP("converting", log_level="ERROR")


class Point(BaseModel):
    x: int = 0


class Colour(Enum):
    red = "red"
    blue = "blue"


class Number(IntEnum):
    one = 1


KINDS = {
    "int": int, "float": float, "bool": bool, "str": str, "list": list[int], "dict": dict[str, int],
    "optional": Optional[int], "literal": Literal["a", "b"], "colour": Colour, "number": Number,
    "time": datetime, "day": date, "duration": timedelta, "path": Path, "uuid": UUID,
    "decimal": Decimal, "model": Point, "either": Union[int, list[str]], "any": Any,
    "optional_literal": Optional[Literal["a"]], "tuple": tuple[int, str], "set": set[int],
    "optional_str": Optional[str], "bytes": bytes,
}


def add(kind):
    def tool(value):
        return "taken"

    tool.__annotations__ = {"value": KINDS[kind], "return": str}
    server.add_tool(tool, name=f"take_{kind}", structured_output=False)


for each in KINDS:
    add(each)


@server.tool()
def kinds() -> list[str]:
    """The names of all kinds."""
    return list(KINDS)


@server.tool(structured_output=False)
async def takes(kind: str, values: list[Any]) -> str:
    """A list in JSON, with true for each value that the tool for this kind takes."""
    answers = []
    for value in values:
        try:
            await server.call_tool(f"take_{kind}", {"value": value})
            answers.append(True)
        except Exception:
            answers.append(False)
    return json.dumps(answers)


if __name__ == "__main__":
    server.run()
