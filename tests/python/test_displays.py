"""Displays: which form of an object is shown, in which order with the output, and what is refused."""

from __future__ import annotations

import base64
import json
import os
import sys

import pytest
from fake_host import Host, text_result

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
JPEG = b"\xff\xd8\xff\xe0" + b"picture"
SETUP = f"""
import base64, os, sys
PNG, JPEG = {PNG!r}, {JPEG!r}
def shown(name='Shown', **forms):
    def method(value):
        def give(self, **unused):
            if isinstance(value, BaseException): raise value
            return value
        return give
    return type(name, (), {{key: method(value) for key, value in forms.items()}})()
"""


@pytest.fixture
def shows(host):
    host.run(SETUP)
    return host


def kinds(outcome) -> list:
    return [
        (each["mimeType"], each.get("text") or base64.b64decode(each["data"]), each.get("aside", False))
        for each in outcome.displays
    ]


@pytest.mark.parametrize(
    "forms, mime, content",
    [
        ("_repr_png_=PNG", "image/png", PNG),
        ("_repr_png_=base64.b64encode(PNG).decode()", "image/png", PNG),
        ("_repr_png_=base64.encodebytes(PNG * 30).decode()", "image/png", PNG * 30),
        ("_repr_png_=(PNG, {'width': 3})", "image/png", PNG),
        ("_repr_png_=bytearray(PNG)", "image/png", PNG),
        ("_repr_jpeg_=JPEG, _repr_png_=PNG", "image/png", PNG),
        ("_repr_jpeg_=JPEG, _repr_html_='<b>', _repr_svg_='<svg/>'", "image/jpeg", JPEG),
        ("_repr_svg_='<svg/>', _repr_markdown_='*m*'", "image/svg+xml", "<svg/>"),
        ("_repr_svg_=b'<svg/>'", "image/svg+xml", "<svg/>"),
        ("_repr_markdown_='*é*', _repr_html_='<b>'", "text/markdown", "*é*"),
        ("_repr_markdown_='\\ud800'", "text/markdown", "\\ud800"),
        ("_repr_html_='<b>x</b>'", "text/html", "<b>x</b>"),
        ("_repr_png_=None, _repr_html_='<b>x</b>'", "text/html", "<b>x</b>"),
        ("_repr_mimebundle_={'image/png': PNG, 'text/html': '<b>'}", "image/png", PNG),
        ("_repr_mimebundle_=({'text/markdown': 'm'}, {}), _repr_html_='<b>'", "text/markdown", "m"),
        ("_repr_mimebundle_={'text/plain': 'p'}, _repr_png_=PNG", "image/png", PNG),
    ],
)
def test_the_best_form_is_shown(shows, forms, mime, content):
    for code in (f"shown({forms})", f"display(shown({forms}))", f"runtime.display(shown({forms}));"):
        outcome = shows.run(code)
        assert (outcome.status, outcome.stdout, outcome.stderr) == ("success", "", ""), outcome
        assert kinds(outcome) == [(mime, content, False)]


def test_a_table_is_text_and_its_html_aside(shows):
    outcome = shows.run("table = shown(__repr__='a table', _repr_html_='<table/>')\ntable")
    assert outcome.stdout == "a table\n"
    assert kinds(outcome) == [("text/html", "<table/>", True)]
    assert outcome.displays[0]["printed"] == 8
    outcome = shows.run("shown(_repr_mimebundle_={'text/plain': 'plain', 'text/html': '<p>'})")
    assert outcome.stdout == "plain\n" and kinds(outcome) == [("text/html", "<p>", True)]


@pytest.mark.parametrize(
    "code, text",
    [
        ("display('a', 1)", "'a'\n1\n"),
        ("display()", ""),
        ("display(None)", "None\n"),
        ("shown(__repr__='r', _repr_png_=None)", "r\n"),
        ("shown(__repr__='r', _repr_mimebundle_='nonsense')", "r\n"),
        ("shown(__repr__='r', _repr_mimebundle_={'application/json': {}, 'text/plain': 'p'})", "p\n"),
        ("class Everything:\n    def __getattr__(self, name): return lambda *a, **k: b'x'\n"
         "    def __repr__(self): return 'any'\nEverything()", "any\n"),
        ("type(shown(_repr_png_=PNG)) and type('T', (), {'_repr_png_': lambda self: PNG}) and int",
         "<class 'int'>\n"),
        ("mcp_filesystem", "<MCP server 'filesystem'>\n"),
    ],
)  # fmt: skip
def test_what_has_no_form_is_text(shows, code, text):
    outcome = shows.run(code)
    assert (outcome.stdout, outcome.stderr, outcome.displays) == (text, "", [])


@pytest.mark.parametrize(
    "forms, stderr",
    [
        ("_repr_png_=ValueError('no')", "Shown._repr_png_ failed: ValueError: no\n"),
        ("_repr_png_='no base64!'", "Shown._repr_png_ failed: "),
        ("_repr_png_=b'GIF89a'", "Shown._repr_png_ failed: ValueError: what it gave is no image/png\n"),
        ("_repr_png_=5", "Shown._repr_png_ failed: TypeError: it gave int, not bytes\n"),
        ("_repr_png_=[]", "Shown._repr_png_ failed: TypeError: it gave list, not bytes\n"),
        ("_repr_mimebundle_=KeyError('k')", "Shown._repr_mimebundle_ failed: KeyError: 'k'\n"),
        ("_repr_mimebundle_={'image/png': b''}", "Shown._repr_mimebundle_ failed: ValueError"),
    ],
)
def test_a_form_that_fails_gives_way_to_the_next(shows, forms, stderr):
    outcome = shows.run(f"shown({forms}, _repr_jpeg_=JPEG)")
    assert outcome.status == "success" and outcome.stdout == ""
    assert kinds(outcome) == [("image/jpeg", JPEG, False)]
    assert outcome.stderr.startswith(stderr) and outcome.stderr.count("\n") == 1


def test_a_repr_that_raises_is_the_error_of_the_run(shows):
    for code in ("display(bad)", "bad"):
        outcome = shows.run(f"bad, kept = shown(__repr__=ValueError('r'), _repr_html_='<b>'), 5\n{code}")
        assert (outcome.status, outcome.error) == ("error", "ValueError: r")
        assert shows.run("kept").stdout == "5\n"


@pytest.mark.parametrize(
    "never",
    ["while True: pass", "import time; time.sleep(1000)", "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')"],
)
@pytest.mark.parametrize("method", ["__repr__", "_repr_png_", "_repr_mimebundle_"])
def test_a_repr_that_never_ends_is_interrupted(host, method, never):
    host.run(
        f"class Endless:\n    def {method}(self, **unused):\n"
        f"        print('begun')\n        {never}\nkept = 5"
    )
    host.start("Endless()")
    host.wait_output("begun")
    host.interrupt("timeout")
    assert host.finish().status == "interrupted"
    assert host.run("kept").stdout == "5\n"


def test_a_repr_of_a_library_that_never_ends_is_interrupted(tmp_path):
    """Nothing of the user's is on the stack then."""
    (tmp_path / "library_x.py").write_text(
        "class Endless:\n    def __repr__(self):\n        print('begun')\n        while True: pass\n"
    )
    host = Host(cwd=tmp_path)
    host.wait_ready()
    try:
        host.run("import library_x; kept = 5")
        host.start("library_x.Endless()")
        host.wait_output("begun")
        host.interrupt("timeout")
        assert host.finish().status == "interrupted"
        assert host.run("kept").stdout == "5\n"
    finally:
        host.close()


def test_displays_and_output_keep_their_order(shows):
    code = """
import subprocess, threading
picture = shown(_repr_png_=PNG)
print('a', end=''); display(picture)
os.write(1, b'bc'); display(picture)
subprocess.run(['printf', 'def']); display(picture)
sys.stdout.buffer.write(b'ghij'); display(picture)
print('k' * 300000, end=''); display(picture)
def work():
    print('lm', end=''); display(picture)
thread = threading.Thread(target=work); thread.start(); thread.join()
await asyncio.to_thread(work)
print('n', end='')
picture
"""
    outcome = shows.run(code)
    assert outcome.status == "success", outcome
    assert [each["printed"] for each in outcome.displays] == [
        1, 3, 6, 10, 300010, 300012, 300014, 300015,
    ]  # fmt: skip


def test_displays_of_many_threads(shows):
    code = """
import threading
picture = shown(_repr_png_=PNG)
def work():
    for _ in range(50):
        print('x' * 1000); display(picture)
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    outcome = shows.run(code)
    assert len(outcome.displays) == 400 and outcome.stdout.count("x") == 400_000


def test_a_display_between_runs_belongs_to_none(shows):
    shows.run(
        "async def later():\n    await asyncio.sleep(0.05)\n    display(shown(_repr_png_=PNG))\n"
        "task = asyncio.create_task(later())"
    )
    shows.wait_until(lambda: shows._displays)
    assert shows._displays[0]["run"] == 0


@pytest.mark.parametrize(
    "forms",
    [
        "_repr_png_=PNG + bytes(50_000_000)",
        "_repr_png_='i' * 70_000_000",
        "_repr_svg_='s' * 50_000_000",
        "_repr_markdown_='é' * 20_000_000",
    ],
)
def test_a_display_of_50_MB_is_refused_and_costs_nothing_else(shows, forms):
    outcome = shows.run(f"kept = 5\ndisplay(shown({forms}))\nprint('after')")
    assert outcome.status == "success" and outcome.displays == []
    assert "under /workspace" in outcome.stdout and outcome.stdout.endswith("\nafter\n")
    assert shows.run("kept").stdout == "5\n"


def test_large_pictures_arrive(shows):
    outcome = shows.run("display(shown(_repr_png_=PNG + bytes(30_000_000)))")
    assert len(base64.b64decode(outcome.displays[0]["data"])) == len(PNG) + 30_000_000


def test_a_picture_when_memory_is_short():
    host = Host(options={"memory_limit": 160 * 1024 * 1024})
    host.wait_ready()
    try:
        host.run(SETUP)
        outcome = host.run("kept = 5\ndisplay(shown(_repr_png_=PNG + bytes(30_000_000)))")
        assert outcome.status in ("success", "error")
        assert host.run("kept").stdout == "5\n"
    finally:
        host.close()


def test_a_forked_child_displays_in_words(shows):
    code = "pid = os.fork()\nif pid == 0:\n    display(shown(_repr_png_=PNG))\n    os._exit(0)\nos.waitpid(pid, 0);"
    outcome = shows.run(code)
    assert outcome.displays == [] and "image/png" in outcome.stdout


def test_code_may_have_a_display_of_its_own(host):
    host.run("display = 5")
    assert host.run("display").stdout == "5\n"
    host.run("del display")
    assert host.run("display(6)").stdout == "6\n"
    assert host.run("from mcp.runtime import display as d\nd(7)").stdout == "7\n"


def test_pictures_of_a_tool_result(host):
    def picture(arguments):
        return {
            "content": [
                {"type": "text", "text": "two"},
                {"type": "image", "mimeType": "image/png", "data": base64.b64encode(PNG).decode()},
                {"type": "image", "mimeType": "image/jpeg", "data": "broken"},
            ]
        }

    host.tools["filesystem", "shot"] = picture
    for code in ("await mcp_filesystem.shot()", "display(await mcp_filesystem.shot())"):
        outcome = host.run(code)
        assert outcome.stdout == "two\n[image image/jpeg]\n"
        assert kinds(outcome) == [("image/png", PNG, False)]
    outcome = host.run("(await mcp_filesystem.shot()).images[0]")
    assert kinds(outcome) == [("image/png", PNG, False)] and outcome.stdout == ""
    assert host.run("print(await mcp_filesystem.shot())").stdout == "two\n"
    host.tools["filesystem", "text"] = lambda arguments: text_result("line 1\nline 2")
    assert host.run("display(await mcp_filesystem.text())").stdout == "line 1\nline 2\n"


# -- libraries, played by small ones -------------------------------------------------------------

PLOTS = {
    "matplotlib/__init__.py": "import os\nFOLDER, BACKEND = os.environ['MPLCONFIGDIR'], os.environ['MPLBACKEND']",
    "matplotlib/figure.py": '''
class Canvas:
    def __init__(self, figure): self.figure = figure
    def print_figure(self, file, format, **unused):
        if self.figure.drawn == ['broken']: raise ValueError('cannot draw')
        file.write(PNG + ' '.join(self.figure.drawn).encode())
class Figure:
    dpi, stale = 100, True
    def __init__(self): self.drawn, self.canvas = [], Canvas(self)
    def __repr__(self): return '<Figure>'
    def get_children(self): return ['background', *self.drawn]
    def get_facecolor(self): return 'white'
    get_edgecolor = get_facecolor
    def plot(self, what): self.drawn.append(what); self.stale = True
PNG = %r
''' % PNG,
    "matplotlib/_pylab_helpers.py": '''
class Gcf:
    figs = []
    @classmethod
    def get_all_fig_managers(cls): return list(cls.figs)
class Manager:
    def __init__(self, canvas): self.canvas = canvas
''',
    "matplotlib/pyplot.py": '''
from matplotlib.figure import Figure
from matplotlib._pylab_helpers import Gcf, Manager
def figure():
    made = Figure(); Gcf.figs.append(Manager(made.canvas)); return made
def plot(what):
    if not Gcf.figs: figure()
    Gcf.figs[-1].canvas.figure.plot(what)
def show(*args, **named): raise AssertionError('non-interactive')
def close(which):
    Gcf.figs[:] = [each for each in Gcf.figs if which != 'all' and each.canvas.figure is not which]
def get_fignums(): return list(range(len(Gcf.figs)))
''',
    "pandas/__init__.py": "options = {}\ndef set_option(name, value): options[name] = value",
    "PIL/__init__.py": "",
    "PIL/ImageShow.py": "viewers = []\nclass Viewer: pass\ndef register(viewer, order): viewers.insert(order, viewer)",
}  # fmt: skip


@pytest.fixture
def plots(tmp_path):
    for name, text in PLOTS.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path / "config")}
    host = Host(cwd=tmp_path, env=environment)
    host.wait_ready()
    yield host
    host.close()


def pictures(outcome) -> list:
    return [base64.b64decode(each["data"])[len(PNG) :].decode() for each in outcome.displays]


@pytest.mark.parametrize(
    "code, shown, printed",
    [
        ("plt.plot('a'); print('p')", ["a"], [2]),
        ("plt.plot('a'); plt.show(); print('p'); plt.plot('b')", ["a", "b"], [0, 2]),
        ("from matplotlib.pyplot import show\nplt.plot('a'); show(); print('p')", ["a"], [0]),
        ("plt.plot('a'); plt.show(block=False); plt.plot('b')", ["a b"], [0]),
        ("f = plt.figure(); f.plot('a'); f", ["a"], [0]),
        ("f = plt.figure(); f.plot('a'); display(f); print('p')", ["a"], [0]),
        ("f = plt.figure(); f.plot('a'); display(f); f.plot('b'); print('p')", ["a", "a b"], [0, 2]),
        ("f = plt.figure(); f.plot('a'); f.show(); print('p')", ["a"], [0]),
        ("f, g = plt.figure(), plt.figure(); f.plot('a'); g.plot('b')", ["a", "b"], [0, 0]),
        ("plt.plot('a'); 1/0", ["a"], [0]),
        ("plt.plot('a'); import sys; sys.exit()", ["a"], [0]),
        ("plt.figure()", [], []),
        ("plt.plot('a'); plt.close('all')", [], []),
        ("from matplotlib.figure import Figure; f = Figure(); f.plot('a'); f", ["a"], [0]),
        ("asyncio.get_running_loop().call_soon(plt.plot, 'a'); await asyncio.sleep(0.01)", ["a"], [0]),
    ],
)  # fmt: skip
def test_figures(plots, code, shown, printed):
    outcome = plots.run("import matplotlib.pyplot as plt\n" + code)
    assert pictures(outcome) == shown, outcome
    assert [each["printed"] for each in outcome.displays] == printed
    after = plots.run("plt.get_fignums()")
    assert (after.stdout, after.displays) == ("[]\n", [])


def test_a_figure_that_cannot_be_drawn(plots):
    outcome = plots.run("import matplotlib.pyplot as plt\nplt.plot('broken'); print('p')")
    assert outcome.status == "success" and outcome.displays == []
    assert "ValueError: cannot draw" in outcome.stderr and outcome.stdout == "p\n<Figure>\n"
    assert pictures(plots.run("plt.plot('a')")) == ["a"]


def test_figures_of_an_interrupted_run_are_closed_unseen(plots):
    plots.start("import matplotlib.pyplot as plt\nplt.plot('a')\nprint('begun')\nwhile True: pass")
    plots.wait_output("begun")
    plots.interrupt("timeout")
    outcome = plots.finish()
    assert (outcome.status, outcome.displays) == ("interrupted", [])
    assert plots.run("plt.get_fignums()").stdout == "[]\n"


def test_matplotlib_finds_what_it_needs(plots, tmp_path):
    shown = plots.run("import matplotlib as m, os; print(m.BACKEND, m.FOLDER, os.path.isdir(m.FOLDER))")
    assert shown.stdout == f"agg {tmp_path / 'config'} True\n"


def test_matplotlib_in_a_folder_that_cannot_be_written(plots, tmp_path):
    (tmp_path / "config").write_text("no folder")
    assert plots.run("import matplotlib as m; m.FOLDER").stdout == "'/tmp/.matplotlib'\n"


def test_prepared_fonts_are_copied(tmp_path):
    sys.path.insert(0, str(tmp_path))
    code = """
import os, sys
from headrace_runtime import libraries
libraries.MATPLOTLIB_FOLDER = libraries._PREBUILT = None
os.makedirs('prebuilt', exist_ok=True)
open('prebuilt/fontlist-v1.json', 'w').write('fonts'); open('prebuilt/other', 'w').write('')
os.environ['MPLCONFIGDIR'] = 'config'
libraries._PREBUILT = 'prebuilt'
libraries.before_matplotlib()
print(os.listdir('config'), open('config/fontlist-v1.json').read())
"""
    host = Host(cwd=tmp_path)
    host.wait_ready()
    try:
        assert host.run(code).stdout == "['fontlist-v1.json'] fonts\n"
    finally:
        host.close()


def test_pandas_and_pillow_are_set_up(plots):
    shown = plots.run("import pandas; sorted(pandas.options)")
    assert shown.stdout == "['display.max_columns', 'display.width']\n"
    plots.run(SETUP + "import PIL.ImageShow")
    shown = plots.run("PIL.ImageShow.viewers[0].show(shown(_repr_png_=PNG))")
    assert pictures(shown) == [""] and shown.stdout == "1\n"


def test_looking_for_a_library_does_not_unhook_it(plots):
    plots.run("import importlib.util; importlib.util.find_spec('pandas')")
    assert plots.run("import pandas; len(pandas.options)").stdout == "2\n"


def test_libraries_that_are_not_there(host):
    code = "import importlib\nimportlib.import_module('matplotlib.pyplot')"
    assert host.run(code).error.startswith("ModuleNotFoundError")
    assert json.loads(host.run("import json, sys; print(json.dumps('headrace_runtime.figures' in sys.modules))").stdout) is False
