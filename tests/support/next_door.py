"""A page of somebody else's, in the browser that also shows the UI: what it may try, and does."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from tests.support.serving import BROWSER, CHROMIUM

if TYPE_CHECKING:
    from playwright.sync_api import Page

ELSEWHERE = "elsewhere.example"
"""A name of the attacker's that leads to this machine: as its own page, and as ours."""
ATTACK = """async (target) => {
    const told = {}
    const attempt = async (name, work) => {
        try { told[name] = String(await work()) } catch { told[name] = "refused" }
    }
    const all = `${target}/api/deployments/bulk_delete`
    const bodies = {text: "{}", untyped: new Blob(["{}"]), empty: undefined}
    for (const [name, body] of Object.entries(bodies))
        await attempt(name, () => fetch(all, {method: "POST", mode: "no-cors", body}))
    await attempt("form", () => new Promise(done => {
        const frame = Object.assign(document.createElement("iframe"), {name: "frame"})
        const form = Object.assign(document.createElement("form"), {
            action: all, method: "POST", enctype: "text/plain", target: "frame"})
        document.body.append(frame, form)
        frame.onload = () => done("sent")
        form.submit()
    }))
    await attempt("read", async () =>
        (await (await fetch(`${target}/api/csrf-token?client=x`)).json()).token)
    await attempt("socket", () => new Promise((done, fail) => {
        const socket = new WebSocket(`${target.replace("http", "ws")}/api/events/in`)
        socket.onopen = () => done("open")
        socket.onerror = fail
    }))
    return told
}"""


class _Evil(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>next door</title><body></body>")

    def log_message(self, *_: object) -> None: ...


@contextmanager
def page_next_door() -> Iterator[tuple["Page", str]]:
    """A page in a browser where the attacker's name leads here, and where it is at home."""
    from playwright.sync_api import sync_playwright

    with ThreadingHTTPServer(("127.0.0.1", 0), _Evil) as server, sync_playwright() as playwright:
        Thread(target=server.serve_forever, daemon=True).start()
        leads = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*BROWSER, leads])
        page = browser.new_page()
        try:
            yield page, f"http://{ELSEWHERE}:{server.server_address[1]}"
        finally:
            browser.close()
            server.shutdown()


def attack(page: "Page", home: str, target: str) -> dict[str, Any]:
    """What came of each attempt of a page at `home` on the server at `target`."""
    page.goto(home)
    told: dict[str, Any] = page.evaluate(ATTACK, target)
    return told
