"""The browser of the live benchmark, in a process of its own: a factory page, and when its figures change.

    python -m tests.bench.live_page <address of the page> <session id>

Says "open" when the page's stream is. Standard input commands it: `begin`, `end` (answered with one line of JSON),
`stop`. A reading is on the page when the age of its chimney carries the reading's time; the figures are written just
before it, in the same turn of the page's script.
"""

from __future__ import annotations

import json
import sys
from urllib.parse import urlsplit

from tests.end_to_end.browser import chromium

OPEN_TIMEOUT_MS = 60_000
WATCH = """() => {
  window.benchLatencies = [];
  const seen = new MutationObserver((changes) => {
    const now = Date.now();
    for (const { target } of changes) window.benchLatencies.push(now - Date.parse(target.dateTime));
  });
  for (const age of document.querySelectorAll("[data-live-device] [data-age]")) {
    seen.observe(age, { attributeFilter: ["datetime"] });
  }
}"""


def main(address: str, session_id: str) -> None:
    root = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 360, "height": 640})
        context.add_cookies([{"name": "sessionid", "value": session_id, "url": root}])
        page = context.new_page()
        with page.expect_response(lambda answer: "/api/emissions/stream/" in answer.url, timeout=OPEN_TIMEOUT_MS):
            page.goto(address)
        page.evaluate(WATCH)
        _say("open")
        for line in sys.stdin:
            if line.strip() == "begin":
                page.evaluate("() => { window.benchLatencies = []; }")
            elif line.strip() == "end":
                _say(json.dumps({"latencies_ms": page.evaluate("() => window.benchLatencies")}))
            else:
                break


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
