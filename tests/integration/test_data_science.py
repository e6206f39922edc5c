"""Real numpy, pandas, matplotlib, Pillow and scikit-learn on every runtime, as a person uses them."""

import base64
import os
import struct
from pathlib import Path

import pytest

import packages
from raw_client import text_of

# The first of them installs what the others find.
pytestmark = pytest.mark.timeout(600)

REQUIREMENTS = Path(__file__).resolve().parents[2] / "images" / "requirements.txt"
FILES = "headrace://sessions/default/files/"


@pytest.fixture
def headrace(start, runtime, home):
    (home.servers / "requirements.txt").write_text(REQUIREMENTS.read_text())
    cache = packages.kept_folder()
    headrace = start(runtime, MCP_BRIDGE_PACKAGE_CACHE=cache, MCP_BRIDGE_MAX_TIMEOUT=300,
                     MCP_BRIDGE_TIMEOUT=120, PIP_CACHE_DIR=cache / "pip")
    id = headrace.start_run("print('up')")
    assert text_of(headrace.end_of_run(id, timeout=500)) == "up"
    return headrace


def run(headrace, code):
    result = headrace.end_of_run(headrace.start_run(code), timeout=200)
    assert not result.get("isError"), text_of(result)
    return result["content"]


def kinds(content):
    return [block["type"] for block in content]


def png_size(block):
    assert block["type"] == "image" and block["mimeType"] == "image/png", block
    data = base64.b64decode(block["data"], validate=True)
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82")
    return struct.unpack(">II", data[16:24])


def images(content):
    return [block for block in content if block["type"] == "image"]


def texts(content):
    return "\n".join(block["text"] for block in content if block["type"] == "text")


def test_a_plot_is_shown_without_code_for_it(headrace):
    content = run(headrace, "import matplotlib.pyplot as plt\nplt.plot([1, 4, 9]);")
    picture, = images(content)
    width, height = png_size(picture)
    assert width > 200 and height > 200
    # The first import has nothing to say, and there is nothing left to show.
    assert "warning" not in texts(content).lower() and "stderr" not in texts(content).lower()
    assert images(run(headrace, "print(plt.get_fignums())")) == []


def test_figures_come_in_order_with_what_is_printed(headrace):
    content = run(headrace, """
import matplotlib.pyplot as plt
print('before')
plt.figure(figsize=(2, 1)); plt.plot([1, 2]); plt.show()
print('between')
plt.figure(figsize=(3, 1)); plt.plot([2, 1]); plt.show()
print('after')
""")
    order = [block["text"].strip() if block["type"] == "text" else png_size(block)[0]
             for block in content if block["type"] in ("text", "image")]
    assert [what for what in order if isinstance(what, str)] == ["before", "between", "after"]
    first, second = [what for what in order if not isinstance(what, str)]
    assert order == ["before", first, "between", second, "after"]
    assert first < second


def test_a_figure_as_the_last_expression_is_shown_once(headrace):
    content = run(headrace, """
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
axes.bar(['a', 'b'], [1, 2])
figure
""")
    assert len(images(content)) == 1


def test_a_figure_of_a_run_that_fails_is_shown(headrace):
    result = headrace.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\n1 / 0")
    assert result["isError"]
    assert len(images(result["content"])) == 1
    assert "ZeroDivisionError" in texts(result["content"])


def test_a_frame_prints_well_with_its_html_beside_it(headrace):
    content = run(headrace, """
import numpy as np, pandas as pd
pd.DataFrame(np.arange(60).reshape(3, 20), columns=[f'column{i}' for i in range(20)])
""")
    lines = texts(content).splitlines()
    header = [line for line in lines if "column0" in line]
    assert len(header) == 1 and "column19" in header[0]  # not wrapped
    assert "39" in texts(content)
    html = [block for block in content if block["type"] == "resource_link"
            and block.get("mimeType") == "text/html"]
    assert len(html) == 1
    assert html[0]["annotations"]["audience"] == ["user"]
    page, = headrace.call("resources/read", {"uri": html[0]["uri"]})["contents"]
    assert "<table" in page["text"] and "column19" in page["text"]


def test_a_long_frame_is_abbreviated(headrace):
    content = run(headrace, "import pandas as pd\npd.DataFrame({'x': range(100000)})")
    assert "[100000 rows x 1 columns]" in texts(content)
    assert len(texts(content)) < 5000


def test_a_frame_plots_itself(headrace):
    content = run(headrace, "import pandas as pd\n"
                            "pd.DataFrame({'x': [1, 3, 2], 'y': [3, 1, 2]}).plot();")
    picture, = images(content)
    png_size(picture)


def test_an_image_of_pillow(headrace):
    content = run(headrace, "from PIL import Image\nImage.new('RGB', (64, 48), 'teal')")
    picture, = images(content)
    assert png_size(picture) == (64, 48)


def test_scikit_learn_fits(headrace):
    content = run(headrace, """
import numpy as np
from sklearn.linear_model import LinearRegression
x = np.arange(10).reshape(-1, 1)
model = LinearRegression().fit(x, 3 * x.ravel() + 2)
print(round(float(model.coef_[0]), 6), round(float(model.intercept_), 6))
""")
    assert texts(content).strip() == "3.0 2.0"
    # Its html is for people; its repr is not lost.
    assert "LinearRegression()" in texts(run(headrace, "model"))


def test_files_are_listed_and_read(headrace):
    content = run(headrace, """
import matplotlib.pyplot as plt, pandas as pd
pd.DataFrame({'x': [1, 2]}).to_csv('/workspace/table.csv', index=False)
figure = plt.figure(figsize=(1, 1)); figure.savefig('/workspace/plot.png'); plt.close(figure)
""")
    linked = {block["uri"] for block in content if block["type"] == "resource_link"}
    assert {FILES + "table.csv", FILES + "plot.png"} <= linked
    listed = {resource["uri"] for resource in headrace.call("resources/list")["resources"]}
    assert {FILES + "table.csv", FILES + "plot.png"} <= listed
    table, = headrace.call("resources/read", {"uri": FILES + "table.csv"})["contents"]
    assert table["text"] == "x\n1\n2\n"
    plot, = headrace.call("resources/read", {"uri": FILES + "plot.png"})["contents"]
    assert base64.b64decode(plot["blob"]).startswith(b"\x89PNG")
    assert not os.path.exists("/workspace/table.csv")
