"""Files that never change are asked for once, packed once, and answered to everybody alike."""

from __future__ import annotations

import random

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.hmi import kept_files
from gateway.hmi.kept_files import KeptFiles

SCRIPT = b"function well() { return true; }\n" * 100
FONT = random.Random(1).randbytes(2000)
FILES = {"/files/a.js": SCRIPT, "/files/b.woff2": FONT, "/files/new/c": SCRIPT, "/page": SCRIPT}


class Application:
    """Serves some files, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.asked.append(path)
        headers = [(b"content-type", b"text/plain"), (b"set-cookie", b"session=1"), (b"x-for", path.encode())]
        status = 200 if path in FILES else 404
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = FILES.get(path, b"no")
        await send({"type": "http.response.body", "body": body[:7], "more_body": True})
        await send({"type": "http.response.body", "body": body[7:]})


def browser(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://screens")


@pytest.mark.parametrize("path", ["/files/a.js", "/files/b.woff2"])
async def test_a_file_is_asked_for_once(path: str) -> None:
    app = Application()
    async with browser(KeptFiles(app, "/files/", "/files/new/")) as http:
        first, second = await http.get(path), await http.get(path)
    assert app.asked == [path]
    for answer in (first, second):
        assert (answer.status_code, answer.content, answer.headers["x-for"]) == (200, FILES[path], path)
        assert "set-cookie" not in answer.headers
        assert ("content-encoding" in answer.headers) is (path == "/files/a.js")
        assert int(answer.headers["content-length"]) <= len(FILES[path])


@pytest.mark.parametrize("path", ["/files/new/c", "/page", "/files/none"])
async def test_what_may_change_is_asked_for_each_time(path: str) -> None:
    app = Application()
    async with browser(KeptFiles(app, "/files/", "/files/new/")) as http:
        answers = [await http.get(path), await http.get(path)]
    assert app.asked == [path] * 2
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (200 if path in FILES else 404, FILES.get(path, b"no"))
    }
    assert all(answer.headers["set-cookie"] == "session=1" for answer in answers)


@pytest.mark.parametrize(
    "header", [{"accept-encoding": "br"}, {"range": "bytes=0-5"}, {"if-none-match": "x"}]
)
async def test_a_browser_that_asks_otherwise_is_answered_by_the_application(header: dict[str, str]) -> None:
    app = Application()
    async with browser(KeptFiles(app, "/files/", "/files/new/")) as http:
        await http.get("/files/a.js")
        await http.get("/files/a.js", headers=header)
        await http.get("/files/a.js?of=then")
    assert len(app.asked) == 3


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_files, "_MOST_BYTES", len(FONT))
    app = Application()
    kept = KeptFiles(app, "/files/", "/files/new/")
    async with browser(kept) as http:
        for _ in range(2):
            assert (await http.get("/files/b.woff2")).content == FONT
            assert (await http.get("/files/a.js")).content == SCRIPT
    assert app.asked == ["/files/b.woff2", "/files/a.js", "/files/a.js"]
    assert kept.bytes == len(FONT)
