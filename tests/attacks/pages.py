"""Attacks by way of the browser: scripts, headers, other sites' forms (19 to 33)."""

from __future__ import annotations

import base64
import re
import zlib
from html.parser import HTMLParser

from tests.attacks.cases import attack
from tests.attacks.doors import filled
from tests.attacks.stage import MARK, Stage
from tests.attacks.visitors import Visitor, require
from web.console.needs import NEEDS
from web.console.routes import ROUTES
from web.security import HEADERS, HSTS

OFFICES = re.compile(
    r"\b(?:correction|recess|start|stop)_id\b|/keep$"
)  # the network's office's alone
SCRIPTS = (
    f'"><script>{MARK}()</script>',
    f"'><img src=x onerror={MARK}()>",
    f"<svg/onload={MARK}()>",
    f"javascript:{MARK}()",
    f"{{{{ {MARK}.__class__ }}}}",
)
SQL = (
    "'",
    "' OR '1'='1",
    "1; DROP TABLE contacts--",
    "%' UNION SELECT password_hash FROM organizers--",
    "\\",
    "1e999",
)
# How a form says that another site sent it; as text/plain it may look like JSON, too.
FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
)
LOADING = frozenset({"src", "href", "action", "formaction", "srcdoc", "style"})


class Planted(HTMLParser):
    """Looks whether something planted became more than words."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            told = value or ""
            acts = name.startswith("on") or (
                name in LOADING and told.strip().startswith("javascript:")
            )
            if acts or (tag == "script" and MARK in told) or MARK in name:
                self.alive.append(f"<{tag} {name}={told[:40]}>")
        if tag == "script" and not any(name == "src" for name, _ in attrs):
            self.alive.append("an inline script")


def living(page: str) -> list[str]:
    """What of a page would run."""
    looker = Planted()
    looker.feed(page)
    return looker.alive


@attack(19)
def sql(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    before, wrong = stage.scalar("SELECT count(*) FROM contacts"), []
    for text in SQL:
        for path in (
            "/console/contacts?q={}",
            "/console/contacts?project={}",
            "/console/contacts?from={}",
            "/console/record?kind={}",
            "/console/record?before={}",
            "/console/record?who={}",
            "/console/unknown?message={}",
        ):
            answer = ana.get(path.format(_quoted(text)))
            if answer.status >= 500 or "argon2" in answer.body or "sqlite" in answer.body.lower():
                wrong.append((path, text, answer.status))
    total = re.search(
        r"([\d,]+) (?:person|people)", ana.get("/console/contacts?q=" + _quoted("' OR '1'='1")).body
    )
    require(not wrong, f"{wrong}")
    require(stage.scalar("SELECT count(*) FROM contacts") == before, "people are missing")
    require(
        total is None or total[1] == "0", f"a condition let {total and total[1]} people through"
    )
    return f"{len(SQL)} texts in 7 parameters; and sqlmap in make attack"


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


@attack(20)
def stored_scripts(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    project = str(stage.facts.ours["project_id"])
    for n, script in enumerate(SCRIPTS):
        ana.post(
            "/console/contacts/new",
            {
                "given_name": script,
                "family_name": script,
                "city": script,
                "email": f"s{n}@example.org",
                "zip": "53703",
                "project": project,
                "consent": script,
            },
        )
        ana.post("/console/campaigns", {"name": script, "goal": script, "project": project})
    words = {
        f"{part}_{lang}": SCRIPTS[0]
        for lang in ("en", "es")
        for part in (
            "title",
            "summary",
            "case_title",
            "case_summary",
            "sms",
            "subject",
            "body",
            "opening",
            "ask",
        )
    }
    ana.post(
        "/console/alerts/new",
        {
            **words,
            "project": project,
            "fact_0_en": SCRIPTS[1],
            "fact_0_es": SCRIPTS[2],
            "fact_0_on": "2026-01-01",
            "fact_0_sources": f"{SCRIPTS[1]}\n{SCRIPTS[2]}",
        },
    )
    rows = f"first_name,email,<b>{MARK}\n{SCRIPTS[1]},bad,{SCRIPTS[0]}\n".encode()
    packed = base64.b64encode(zlib.compress(rows)).decode()
    pages = [
        ana.post(
            "/console/imports/check",
            {"packed": packed, "filename": SCRIPTS[0], "consent": SCRIPTS[0], "project": project},
        ).body
    ]
    ana.post(
        "/console/imports",
        {"packed": packed, "filename": SCRIPTS[0], "consent": SCRIPTS[0], "project": project},
    )
    stage.write(
        "UPDATE replies SET body = :words WHERE id = :id",
        words=SCRIPTS[0],
        id=stage.facts.ours["reply_id"],
    )
    stage.write(
        "UPDATE deliveries SET reason = :words WHERE id = :id",
        words=SCRIPTS[0][:64],
        id=stage.facts.ours["delivery_id"],
    )
    paths = [
        "/console" + filled(stage, route.path)
        for route in ROUTES
        if route.method == "GET"
        and NEEDS["GET", route.handler].may
        and not route.path.endswith("events")
    ]
    newest = [
        stage.scalar(f"SELECT max(id) FROM {table}")
        for table in ("contacts", "campaigns", "alerts")
    ]
    paths += [
        f"/console/contacts/{newest[0]}",
        f"/console/campaigns/{newest[1]}",
        f"/console/alerts/{newest[2]}",
        f"/console/alerts/{newest[2]}/edit",
    ]
    pages += [ana.get(path).body for path in paths]
    pages.append(ana.get(f"/console/contacts?q={_quoted(SCRIPTS[0])}").body)
    alive = [each for page in pages for each in living(page)]
    shown = sum(MARK in page for page in pages)
    require(shown > 3, f"what was planted is shown on {shown} pages only: the attack proves little")
    require(not alive, f"alive: {alive[:5]}")
    return f"planted in names, texts, facts, files, replies and reasons; shown as words on {shown} of {len(pages)} pages"


@attack(27)
def pictures(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    wrong = []
    for content in (
        f"<svg xmlns='http://www.w3.org/2000/svg' onload='{MARK}()'/>".encode(),
        b"\x89PNG\r\n\x1a\n<script>x</script>",
    ):
        form = {
            "packed": base64.b64encode(zlib.compress(content)).decode(),
            "filename": "x.svg",
            "consent": "x",
            "project": str(stage.facts.ours["project_id"]),
        }
        answer = ana.post("/console/imports/check", form)
        if answer.status != 422 or living(answer.body):
            wrong.append(answer.status)
    require(not wrong, f"answered {wrong}")
    return "no picture is taken anywhere; as a list of people it is refused in a sentence"


@attack(30)
def other_sites(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    passed: list[tuple[object, ...]] = []
    tried = 0
    for route in ROUTES:
        if route.method != "POST":
            continue
        path, signed_in = (
            "/console" + filled(stage, route.path),
            NEEDS["POST", route.handler].signed_in,
        )
        for headers in FOREIGN:
            tried += 1
            answer = ana.ask("POST", path, b"csrf=" + ana.csrf.encode(), headers=headers)
            passed += [] if answer.status == 403 else [(path, headers, answer.status)]
        if signed_in:
            tried += 1
            answer = ana.post(path, {"csrf": "x" * 43}, token=False)
            # What is the office's alone is not there for her, before any token is looked at.
            refused = (403, 404) if OFFICES.search(route.path) else (403,)
            passed += [] if answer.status in refused else [(path, "wrong token", answer.status)]
    public = (f"/p/{stage.facts.slug}?zip=53703", f"/a/{stage.facts.token}")
    for path in public:
        for headers in FOREIGN:
            tried += 1
            answer = Visitor(stage.facts.url).ask(
                "POST", path, b"target=x&outcome=spoke", headers=headers
            )
            passed += [] if answer.status == 403 else [(path, headers, answer.status)]
    require(not passed, f"{passed[:3]}")
    return f"{tried} forged forms on {sum(r.method == 'POST' for r in ROUTES)} routes and two public pages refused"


@attack(31)
def led_elsewhere(stage: Stage) -> str:
    targets = (
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "/\tevil.example",
        "\t//evil.example",
        "/%2f%2fevil.example/..//evil.example",
        "javascript:alert(1)",
    )
    account, wrong = stage.facts.accounts["ana"], []
    ana = Visitor(stage.facts.url).sign_in(account)
    for target in targets:
        where = ana.post("/console/language", {"language": "en", "next": target}).location
        if not re.fullmatch(r"/(?![/\\]).*", where):
            wrong.append((target, where))
    for path in (
        f"/r/{stage.facts.token}/999?url=https://evil.example",
        "/r/x/https://evil.example",
        f"/u/{stage.facts.token}?next=//evil.example",
    ):
        where = Visitor(stage.facts.url).get(path).location
        if "evil" in where:
            wrong.append((path, where))
    require(not wrong, f"{wrong}")
    return f"{len(targets)} spellings lead home; short links lead to stored addresses alone"


@attack(32)
def headers(stage: Stage) -> str:
    ana, lacking = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"]), []
    wanted = {**HEADERS, "Strict-Transport-Security": HSTS}
    paths = [
        "/",
        "/healthz",
        "/nothing",
        "/console/",
        "/console/nothing",
        "/console/sign-in",
        "/static/console.css",
        "/static/none",
        f"/a/{stage.facts.token}",
        "/a/x",
        f"/p/{stage.facts.slug}",
        f"/u/{stage.facts.token}",
    ]
    answers = [(path, ana.get(path)) for path in paths]
    answers += [
        ("POST /webhooks/twilio/status", ana.ask("POST", "/webhooks/twilio/status")),
        ("PUT /console/", ana.ask("PUT", "/console/")),
        (
            "413",
            ana.ask(
                "POST",
                "/console/sign-in",
                b"x" * 2_000_000,
                headers={
                    "Sec-Fetch-Site": "same-origin",
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            ),
        ),
    ]
    for path, answer in answers:
        lacking += [
            (path, name)
            for name, value in wanted.items()
            if answer.headers.get(name.lower()) != value
        ]
        if "cache-control" not in answer.headers:
            lacking.append((path, "Cache-Control"))
    csp = HEADERS["Content-Security-Policy"]
    require(not lacking, f"lacking: {lacking[:5]}")
    require("unsafe" not in csp and "default-src 'none'" in csp and "base-uri 'none'" in csp, csp)
    return f"{len(wanted)} headers on {len(answers)} kinds of answers, 404, 405 and 413 among them"


@attack(33)
def cors(stage: Stage) -> str:
    ana, told = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"]), []
    for origin in ("https://evil.example", "null", "https://llamado.example.org.evil.example"):
        for path in ("/console/", f"/a/{stage.facts.token}", "/healthz", "/webhooks/twilio/status"):
            for method in ("GET", "OPTIONS"):
                answer = ana.ask(
                    method,
                    path,
                    headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
                )
                told += [name for name in answer.headers if name.startswith("access-control")]
    require(not told, f"{told}")
    return "no Access-Control header anywhere"
