"""Write a file as a comment on the pull request of this workflow, or update the one of an earlier run.

The first line of the file, which is the same in each run, tells the comment from others. A token without the right to
write comments, as that of a fork, is a warning.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

_PAGE = 100
_PATIENCE_SECONDS = 30


def _call(method: str, url: str, body: dict[str, str] | None = None) -> Any:
    headers = {"Authorization": f"Bearer {os.environ['GH_TOKEN']}", "Accept": "application/vnd.github+json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, headers, method=method), timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310  # GitHub's
        return json.load(answer)


def _comments(url: str) -> Iterator[dict[str, Any]]:
    page, batch = 1, _call("GET", f"{url}?per_page={_PAGE}&page=1")
    while batch:
        yield from batch
        page += 1
        batch = _call("GET", f"{url}?per_page={_PAGE}&page={page}") if len(batch) == _PAGE else []


def _write(text: str) -> None:
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    issues = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    url, marker = f"{issues}/{event['pull_request']['number']}/comments", text.partition("\n")[0]
    for comment in _comments(url):
        # anybody may write the marker, but not as a bot
        if comment["user"]["type"] == "Bot" and (comment["body"] or "").startswith(marker):
            _call("PATCH", f"{issues}/comments/{comment['id']}", {"body": text})
            return
    _call("POST", url, {"body": text})


if __name__ == "__main__":
    try:
        _write(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except URLError as error:
        sys.stdout.write(f"::warning title=layerscope::the comment could not be written: {error}\n")
