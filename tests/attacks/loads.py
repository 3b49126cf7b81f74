"""Attacks with files, load and curiosity (52 to 62)."""

from __future__ import annotations

import base64
import gzip
import http.client
import io
import time
import zipfile
import zlib
from urllib.parse import urlsplit

from tests.attacks.cases import attack
from tests.attacks.hooks import FORM, STATUS, sendgrid
from tests.attacks.stage import INBOUND_SECRET, TWILIO_TOKEN, Stage
from tests.attacks.visitors import Answer, Visitor, require


def _check(stage: Stage, who: Visitor, content: bytes, name: str) -> Answer:
    """Upload a file as a browser does."""
    mark = "----x"
    fields = {"csrf": who.csrf, "project": str(stage.facts.ours["project_id"]), "consent": "signed"}
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )
    body = b"".join(parts) + f"--{mark}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={mark}",
        "Sec-Fetch-Site": "same-origin",
    }
    return who.ask("POST", "/console/imports/check", body, headers=headers)


@attack(52)
def large_tables(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    files = {
        "100 MB": b"a,b\n" + b"x,y\n" * 25_000_000,
        "a million columns": b",".join([b"a"] * 1_000_000) + b"\n1\n",
        "a line of 10 MB": b"email\n" + b"x" * 10_000_000,
        "UTF-16": "email\na@example.org\n".encode("utf-16"),
        "NUL": b"email\na\0@example.org\n",
        "mixed": "email,name\na@example.org,Jos\xe9\n".encode("latin-1"),
        "twice the same heading": b"email,email\na@example.org,b@example.org\n",
        "an open quote": b'email,name\n"a@example.org,x\n' + b"y,z\n" * 10_000,
        "nothing": b"",
    }
    said = {}
    for name, content in files.items():
        try:
            said[name] = _check(stage, ana, content, "list.csv").status
        except OSError:
            said[name] = 413  # the service hung up in the middle
    healthy = Visitor(stage.facts.url).get("/healthz").status
    wrong = {name: status for name, status in said.items() if status >= 500}
    require(not wrong and healthy == 200, f"{wrong}, then {healthy}")
    return f"{len(files)} files: {said}"


@attack(53)
def unpacking_spreadsheets(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"<a>" + b"0" * 20_000_000)
        book.writestr("../../evil.txt", b"x")
    xxe = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    packed = {
        "packed": base64.b64encode(zlib.compress(b"a," * 50_000_000)).decode(),
        "filename": "x.csv",
        "consent": "x",
        "project": str(stage.facts.ours["project_id"]),
    }
    said = [
        _check(stage, ana, bomb.getvalue(), "x.xlsx"),
        _check(stage, ana, xxe, "x.xlsx"),
        ana.post("/console/imports/check", packed),
    ]
    require(
        all(answer.status in (413, 422) for answer in said), f"{[answer.status for answer in said]}"
    )
    require(not any("root:" in answer.body for answer in said), "a file of the machine was read")
    return (
        "spreadsheets are refused in a sentence and never unpacked; 100 MB packed into a form too"
    )


@attack(56)
def unpacking_bodies(stage: Stage) -> str:
    bomb = gzip.compress(b"email=a&password=" + b"0" * 60_000_000)
    headers = {**FORM, "Content-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}
    said = [
        Visitor(stage.facts.url).ask("POST", path, bomb, headers=headers).status
        for path in ("/console/sign-in", STATUS, f"/p/{stage.facts.slug}")
    ]
    require(all(400 <= status < 500 for status in said), f"{said}")
    return f"60 MB in {len(bomb) // 1024} kB refused: {said}"


@attack(57)
def many_streams(stage: Stage) -> str:
    ana, said, opened = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"]), [], []
    where = urlsplit(stage.facts.url)
    for _ in range(9):
        one = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
        one.request(
            "GET",
            f"/console/alerts/{stage.facts.ours['live_id']}/events",
            headers={"Cookie": f"__Host-llamado={ana.cookie}"},
        )
        said.append(one.getresponse().status)
        opened.append(one)
    for one in opened:
        one.close()
    require(said.count(200) == 6 and said[-1] == 429, f"{said}")
    return "six streams each, then 429"


@attack(58)
def dear_searches(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    begun = time.perf_counter()
    said = [
        ana.get("/console/contacts?q=" + "%25_" * 60).status,
        ana.get("/console/contacts?q=" + "a+" * 90).status,
        ana.get("/console/contacts?from=999999999999999").status,
        ana.get("/console/record?who=" + "x" * 6000).status,
    ]
    took = (time.perf_counter() - begun) * 1000
    require(all(status < 500 for status in said), f"{said}")
    return f"at most 8 words of 200 characters; four in {took:.0f} ms"


@attack(59)
def deep_json(stage: Stage) -> str:
    deep = b"[" * 100_000 + b"]" * 100_000
    said = sendgrid(stage, deep).status
    alive = Visitor(stage.facts.url).get("/healthz").status
    passkey = (
        Visitor(stage.facts.url)
        .post("/console/sign-in/passkey", {"credential": "[" * 100_000})
        .status
    )
    require(
        400 <= said < 500 and 400 <= passkey < 500 and alive == 200,
        f"{said}, {passkey}, then {alive}",
    )
    return f"answered {said} and {passkey}"


@attack(61)
def secrets(stage: Stage) -> str:
    key = stage.scalar("SELECT value FROM secrets WHERE name = 'links'")
    account = stage.facts.accounts["ana"]
    pages = [
        Visitor(stage.facts.url).get(path).body
        for path in (
            "/healthz",
            "/console/sign-in",
            "/metrics",
            "/openapi.json",
            "/.env",
            "/settings.toml",
            f"/a/{stage.facts.token}",
            "/nothing",
        )
    ]
    hidden = [
        key,
        TWILIO_TOKEN,
        INBOUND_SECRET,
        account.totp_secret,
        "argon2id",
        stage.facts.phone,
        stage.facts.phone[2:],
        account.email,
    ]
    told = [
        (n, each[:4]) for n, page in enumerate(pages) for each in hidden if each and each in page
    ]
    require(not told, f"pages tell {told}")
    logged = [
        each[:4] for each in [*hidden, "María", stage.facts.token] if each and each in stage.said
    ]
    require(not logged, f"the log tells {logged}")
    require("request" in stage.said, "nothing is logged: the attack proves little")
    return f"none of {len(hidden)} secrets and addresses on {len(pages)} pages or in {stage.said.count(chr(10))} lines of the log"


@attack(62)
def traces(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    stage.write("ALTER TABLE campaigns RENAME TO campaigns_away")
    try:
        answer = ana.get("/console/campaigns")
    finally:
        stage.write("ALTER TABLE campaigns_away RENAME TO campaigns")
    require(answer.status in (500, 503), f"answered {answer.status}: no fault to look at")
    telling = [
        word
        for word in ("Traceback", "sqlite", "SELECT", 'File "', ".py", "campaigns_away")
        if word in answer.body
    ]
    require(not telling, f"the page tells {telling}")
    return f"{answer.status} with a sentence and a number, no trace"
