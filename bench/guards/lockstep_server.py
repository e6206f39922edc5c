"""An MCP server that answers calls only when WIDTH of them are there, and then with one write: so the
other end reads and writes the same each time.

    lockstep_server.py WIDTH
"""

import os
import re
import sys

ID = re.compile(rb'"id":([^,}]+)')
CALL_RESULT = (b'{"content":[{"type":"text","text":"' + b"0123456789" * 12 + b'"}],"isError":false}')
RESULTS = {
    b"initialize": b'{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},'
                   b'"serverInfo":{"name":"lockstep","version":"1"}}',
    b"tools/list": b'{"tools":[{"name":"echo","description":"Answers.","inputSchema":{"type":"object",'
                   b'"properties":{"text":{"type":"string"}}}}]}',
}


def answer(line, result):
    return b'{"jsonrpc":"2.0","id":' + ID.search(line).group(1) + b',"result":' + result + b"}\n"


def main():
    width = int(sys.argv[1])
    calls, rest = [], b""
    while True:
        data = os.read(0, 1 << 20)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            method = re.search(rb'"method":"([^"]+)"', line).group(1)
            if method == b"tools/call":
                calls.append(line)
            elif method in RESULTS:
                os.write(1, answer(line, RESULTS[method]))
            elif b'"id"' in line:
                os.write(1, b'{"jsonrpc":"2.0","id":' + ID.search(line).group(1) +
                         b',"error":{"code":-32601,"message":"Method not found"}}\n')
        if len(calls) >= width:
            os.write(1, b"".join(answer(line, CALL_RESULT) for line in calls))
            calls = []


main()
