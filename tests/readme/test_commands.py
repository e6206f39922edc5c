"""Runs every command of the README, and gives Headrace every configuration that is shown.

HEADRACE_BUILD_DIR is the build whose programs are run. Without a sandbox on this machine it ends
with 77.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import documents

ROOT = documents.ROOT
BUILD = pathlib.Path(os.environ.get("HEADRACE_BUILD_DIR", ROOT / "build/release")).resolve()
NO_SANDBOX = "No sandbox can be started here"
LIMIT = 600  # a sandbox may have to be pulled


def run(command, **options):
    environment = {**os.environ, "PATH": f"{BUILD / 'server'}:{os.environ['PATH']}", "HEADRACE_BUILD_DIR": str(BUILD)}
    environment.update(options.pop("environment", {}))
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, cwd=ROOT,
                          env=environment, stdin=subprocess.DEVNULL, **options)
    if NO_SANDBOX in done.stdout + done.stderr:
        print(done.stdout + done.stderr)
        os._exit(77)
    return done


class Commands(unittest.TestCase):
    """One check for each command of the README; one that has none is a failure."""

    def demonstration(self, command):
        done = run(command)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("500 calls in", done.stdout)
        self.assertIn("there is no task 4711", done.stdout)

    def suite(self, command):
        self.assertTrue(os.access(ROOT / command[0], os.X_OK))
        usage = run([*command, "--help"])
        self.assertIn("--quick", usage.stdout + usage.stderr)

    def preset(self, command):
        listed = run(["cmake", "--list-presets=all"])
        self.assertEqual(listed.returncode, 0, listed.stderr)
        kind = "Available build presets" if "--build" in command else "Available configure presets"
        section = listed.stdout.split(kind)[1].split("Available")[0]
        self.assertIn(f'"{command[command.index("--preset") + 1]}"', section)

    def install(self, command):
        with tempfile.TemporaryDirectory() as prefix:
            put = {"build/release": str(BUILD), "~/.local": prefix}
            done = run([put.get(word, word) for word in command])
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.version([f"{prefix}/bin/headrace", "--version"])

    def version(self, command):
        self.assertRegex(run(command).stdout, r"^headrace \d+\.\d+\.\d+\n$")

    def tool_list(self, command):
        done = run(["sh", "-c", " ".join(command)])
        answer = json.loads(done.stdout)
        self.assertEqual([tool["name"] for tool in answer["result"]["tools"]], ["run_python"])

    def bench(self, command):
        done = run([command[0].replace("build/release", str(BUILD)), *command[1:], "--tiny"])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"headrace proxy .* [0-9.]+×")

    CHECKS = (
        (r"examples/demo/run$", demonstration),
        (r"tests/run$", suite),
        (r"cmake (--build )?--preset \w+$", preset),
        (r"cmake --install build/release ", install),
        (r"headrace --version$", version),
        (r"build/release/bench/headrace-bench ", bench),
        (r"echo '.*' \| headrace$", tool_list),
    )

    def test_every_command_of_the_readme(self):
        commands = [line for block in documents.blocks_of("README.md", "sh")
                    for line in block.text.splitlines() if line and not line.startswith("#")]
        self.assertGreater(len(commands), 5)
        for command in commands:
            with self.subTest(command):
                checks = [check for pattern, check in self.CHECKS if re.match(pattern, command)]
                self.assertEqual(len(checks), 1, "no check for this command, or several")
                checks[0](self, command.split())


def entries(block):
    """The names that a configuration block defines and does not switch off."""
    if block.language == "json":
        document = json.loads(block.text)
        servers = document.get("mcpServers") or document.get("servers") or {}
        return {name for name, entry in servers.items() if not entry.get("disabled")}
    sections = re.split(r"^\[mcp_servers\.(\w+)\]$", block.text, flags=re.MULTILINE)[1:]
    return {name for name, body in zip(sections[::2], sections[1::2]) if "enabled = false" not in body}


class Configuration(unittest.TestCase):
    def found_in(self, block):
        """What a run sees of the block, and what Headrace logs."""
        code = "print(sorted(runtime.discovered_servers()))"
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": "run_python", "arguments": {"code": code}}}
        variables = {name: "x" for name in re.findall(r"\$\{(\w+)\}", block.text) if name != "HOME"}
        with tempfile.TemporaryDirectory() as folder:
            name = "servers.toml" if block.language == "toml" else "servers.json"
            pathlib.Path(folder, name).write_text(block.text)
            environment = {**os.environ, **variables, "MCP_BRIDGE_STATE_DIR": folder}
            if block.language == "toml":
                environment["MCP_SERVERS_CONFIG"] = str(pathlib.Path(folder, name))
            with tempfile.TemporaryFile("w+") as log, subprocess.Popen(
                    [BUILD / "server/headrace"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=log, text=True, env=environment) as headrace:
                headrace.stdin.write(json.dumps(call) + "\n")
                headrace.stdin.flush()
                answer = json.loads(headrace.stdout.readline())
                headrace.stdin.close()
                headrace.wait(LIMIT)
                log.seek(0)
                return answer["result"]["content"][0]["text"], log.read()

    def test_every_configuration_that_is_shown(self):
        found = [block for name in ("README.md", "docs/configuration.md")
                 for block in documents.blocks_of(name, "json", "toml")]
        self.assertGreater(len(found), 3)
        for block in found:
            with self.subTest(f"{block.path}:{block.line}"):
                text, log = self.found_in(block)
                if NO_SANDBOX in text:
                    print(text)
                    os._exit(77)
                self.assertNotRegex(log, r"(warning|error): config:")
                # What is shown for clients is Headrace itself, which leaves itself out.
                self.assertEqual(text, str(sorted(entries(block) - {"headrace"})), log)


if __name__ == "__main__":
    sys.exit(unittest.main())
