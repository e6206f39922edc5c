"""Each *.scn file in this folder is a test: the program, with a scripted client and scripted servers."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration"), str(HERE.parent / "schema")]

import processes  # noqa: E402
import validation  # noqa: E402
from parties import Failed  # noqa: E402
from script import Scenario, sandbox_missing  # noqa: E402

PROGRAM = os.environ.get("HEADRACE_PROGRAM", "")


def pytest_configure(config):
    if not Path(PROGRAM).is_file():
        raise pytest.UsageError("HEADRACE_PROGRAM names the program under test; ctest sets it")
    processes.adopt_orphans()


def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".scn":
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    def collect(self):
        yield ScenarioItem.from_parent(self, name=self.path.stem)


class ScenarioItem(pytest.Item):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.scenario = None
        self.add_marker(pytest.mark.timeout(240))

    def runtest(self):
        home = self.config._tmp_path_factory.mktemp(self.name, numbered=True)
        self.scenario = Scenario(self.path.read_text(), PROGRAM, home)
        if self.scenario.needs_sandbox() and sandbox_missing():
            pytest.skip(sandbox_missing())
        before = set(processes.descendants())
        self.scenario.perform()

        def left():
            return [pid for pid in processes.descendants() if pid not in before]
        processes.eventually(lambda: not left(), lambda: "no process is left, but there are\n"
                             + processes.describe(left()), 10)
        processes.reap_orphans()
        traces = sorted(self.scenario.traces.glob("*.jsonl"))
        assert traces, "headrace wrote no trace"
        faults = [fault for path in traces for fault in validation.faults(path)]
        assert not faults, "not as the schemas want it:\n" + "\n".join(faults[:10])

    def repr_failure(self, excinfo):
        if not isinstance(excinfo.value, (Failed, AssertionError)) or self.scenario is None:
            return super().repr_failure(excinfo)
        errors = self.scenario.client.errors[-2000:] if self.scenario.client else ""
        return "\n".join([f"{self.path}: {excinfo.value}", "", "what happened:",
                          self.scenario.stage.story(), "", "stderr:", errors])

    def reportinfo(self):
        return self.path, 0, self.name
