"""Whether the documents say what the sources say."""
import json
import pathlib
import re
import unittest

import documents
import tree

ROOT = documents.ROOT


class Settings(unittest.TestCase):
    """docs/configuration.md against server/options.cpp and options.hpp."""

    def setUp(self):
        self.source = tree.read(pathlib.PurePath("server/options.cpp"))
        text = tree.read(pathlib.PurePath("docs/configuration.md"))
        self.table = dict(re.findall(r"^\| `(MCP_\w+)` \| (.*?) \|", text, re.MULTILINE))

    def test_every_variable_is_there_and_no_other(self):
        self.assertEqual(sorted(set(re.findall(r'"(MCP_[A-Z_]+)"', self.source))), sorted(self.table))

    def test_the_defaults_are_those_of_the_sources(self):
        header = tree.read(pathlib.PurePath("server/options.hpp"))
        header += tree.read(pathlib.PurePath("sandbox/runtime.hpp"))
        shown = {name: value.strip("`") for name, value in self.table.items()}
        for field, name in (("runtime", "MCP_BRIDGE_RUNTIME"), ("image", "MCP_BRIDGE_IMAGE"),
                            ("user", "MCP_BRIDGE_CONTAINER_USER"), ("state_dir", "MCP_BRIDGE_STATE_DIR")):
            self.assertRegex(header, rf'string {field} = "{re.escape(shown[name])}";')
        for field, name in (("timeout", "MCP_BRIDGE_TIMEOUT"), ("max_timeout", "MCP_BRIDGE_MAX_TIMEOUT"),
                            ("idle_limit", "MCP_BRIDGE_RUNTIME_IDLE_TIMEOUT"),
                            ("start_timeout", "MCP_BRIDGE_START_TIMEOUT")):
            self.assertRegex(header, rf"seconds {field}\{{{shown[name]}\}};")
        self.assertIn(f"memory = {shown['MCP_BRIDGE_MEMORY'].rstrip('m')}ULL << 20;", header)
        self.assertIn(f"pids = {shown['MCP_BRIDGE_PIDS']};", header)
        self.assertIn(f"max_output = {shown['MCP_BRIDGE_MAX_OUTPUT'].rstrip('k')} << 10;", header)
        for field, name in (("strict_servers", "MCP_BRIDGE_STRICT_SERVERS"),
                            ("allow_add_servers", "MCP_BRIDGE_ALLOW_ADD_SERVERS"),
                            ("allow_self", "MCP_BRIDGE_ALLOW_SELF_SERVER")):
            self.assertIn(f"bool {field} = {['false', 'true'][int(shown[name])]};", header)
        self.assertIn(f"output_mode = OutputMode::{shown['MCP_BRIDGE_OUTPUT_MODE']};", header)
        self.assertIn(f"log_level = engine::LogLevel::{shown['MCP_BRIDGE_LOG_LEVEL'].lower()};", header)


class CommandTable(unittest.TestCase):
    """docs/configuration.md against server/commands.cpp."""

    def test_every_command_is_there_and_no_other(self):
        source = tree.read(pathlib.PurePath("server/commands.cpp"))
        text = tree.read(pathlib.PurePath("docs/configuration.md"))
        self.assertEqual(re.findall(r'add_subcommand\(\s*"(\w+)"', source),
                         re.findall(r"^\| `headrace (\w+)", text, re.MULTILINE))


class Snippets(unittest.TestCase):
    def test_all_json_is_json(self):
        found = [block for path, text in documents.markdown()
                 for block in documents.blocks(path, text, "json")]
        self.assertTrue(found)
        for block in found:
            with self.subTest(f"{block.path}:{block.line}"):
                json.loads(block.text)

    def test_code_for_embedding_stands_in_the_examples(self):
        sources = [tree.read(path) for path in tree.files(".cpp") if path.parts[:2] == ("examples", "embedding")]
        found = documents.blocks_of("docs/embedding.md", "cpp")
        self.assertTrue(found)
        for block in found:
            with self.subTest(f"line {block.line}"):
                self.assertTrue(any(block.text in source for source in sources), block.text)

    def test_cmake_for_embedding_stands_in_projects_that_are_built(self):
        sources = [tree.read(path) for path in tree.files(".txt") if path.parts[:2] in
                   (("examples", "embedding"), ("tests", "install"))]
        found = documents.blocks_of("docs/embedding.md", "cmake")
        self.assertTrue(found)
        for block in found:
            with self.subTest(f"line {block.line}"):
                lines = block.text.splitlines()
                self.assertTrue(any(all(line in source.splitlines() for line in lines)
                                    for source in sources), block.text)

    def test_the_run_that_is_shown_is_the_demonstration(self):
        steps = tree.read(pathlib.PurePath("examples/demo/steps.hpp"))
        code = [line for block in documents.blocks_of("README.md", "text")
                for line in re.findall(r"^   │ (.*)$", block.text, re.MULTILINE)]
        self.assertGreater(len(code), 5)
        for line in code:
            self.assertIn(line, steps)


class Names(unittest.TestCase):
    def test_presets_are_all_described(self):
        presets = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
        names = {preset["name"] for preset in presets if not preset.get("hidden")}
        described = set(re.findall(r"^\| `(\w+)` \|", tree.read(pathlib.PurePath("HACKING.md")), re.MULTILINE))
        self.assertEqual(names, described)


if __name__ == "__main__":
    unittest.main()
