#!/usr/bin/env python3
"""What may be done to the server of `maskmill review`: requests of others, of other pages and under other names, paths
that lead elsewhere, bodies and headers without end, connections that say nothing, names in records that are HTML, kills
while it saves. All of it is refused, nothing that was confirmed is lost, and whoever has the cookie is served meanwhile.

  tests/faults/review.py"""

import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import common
from common import ALL_DONE, ENVIRONMENT, PROGRAM, USAGE, children

WORK = tempfile.TemporaryDirectory(prefix="maskmill-review-")
PHOTOS = os.path.join(WORK.name, "photos")
RUN = os.path.join(WORK.name, "run")
EVENTS = ".maskmill/review.ndjson"
MODEL = ["--model", common.MODEL]
IMAGES = 6
SLOW = 1000
SECONDS = 120  # that one server may take
STARTED = []


def prepare():
    for i in range(IMAGES):
        common.write(os.path.join(PHOTOS, f"image-{i}.png"), common.png(64 + i, 48 + i, seed=i))
    code, text = common.run(common.command(PHOTOS, RUN, "--quiet"))
    assert code == ALL_DONE, text


def copy_of_run():
    """A copy of the run that nobody has reviewed."""
    folder = os.path.join(tempfile.mkdtemp(dir=WORK.name), "run")
    shutil.copytree(RUN, folder)
    return folder


class Review:
    """A server, and requests to it."""

    def __init__(self, folder=RUN, *more, images=PHOTOS):
        options = ["--images", images] if images else []
        self.process = subprocess.Popen([PROGRAM, "review", folder, *options, *MODEL, *more], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.limit = threading.Timer(SECONDS, self.process.kill)  # so that one that hangs fails
        self.limit.daemon = True
        self.limit.start()
        STARTED.append(self.process)
        line = self.process.stdout.readline().decode()
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\?token=([0-9a-f]{64})\n", line)
        assert found, (line, self.process.stderr.read())
        self.port, self.token = int(found[1]), found[2]
        self.host = f"127.0.0.1:{self.port}"
        self.origin = "http://" + self.host
        self.cookie = None

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def send(self, method, path, headers, body=b"", connection=None):
        """A request with these headers (a list) and no others; its status, headers and body."""
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        with connection or self.connect() as own:
            own.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            answer = http.client.HTTPResponse(own, method=method)
            answer.begin()
            return answer.status, dict(answer.getheaders()), answer.read()

    def enter(self):
        """Gets the cookie."""
        status, headers, _ = self.send("GET", f"/?token={self.token}", [("Host", self.host)])
        assert status == 303 and headers["Location"] == "/", (status, headers)
        found = re.fullmatch(r"(maskmill_review_\d+=[0-9a-f]{64}); HttpOnly; SameSite=Strict; Path=/",
                             headers["Set-Cookie"])
        assert found, headers
        self.cookie = found[1]
        return self

    def headers(self, post=False):
        own = [("Host", self.host), ("Cookie", self.cookie)]
        return own + [("Origin", self.origin)] if post else own

    def get(self, path):
        return self.send("GET", path, self.headers())

    def post(self, path, value):
        status, _, body = self.send("POST", path, self.headers(True), json.dumps(value).encode())
        return status, json.loads(body)

    def document(self, name):
        status, _, body = self.get(f"/data/{name}.js")
        assert status == 200, (name, status, body)
        text = body.decode("ascii")
        start = f'maskmillReport("{name}", '
        assert text.startswith(start) and text.endswith(");\n"), text[:80]
        return json.loads(text[len(start):-3])

    def memory(self):
        """Bytes of the process that are resident."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) << 10

    def end(self, wanted=ALL_DONE, number=signal.SIGINT):
        below = children(self.process.pid)
        self.process.send_signal(number)
        said = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        code = self.process.wait(timeout=30)
        self.limit.cancel()
        assert code == wanted, (code, said)
        for _ in range(100):
            if not any(os.path.exists(f"/proc/{child}") for child in below):
                break
            time.sleep(0.1)
        else:
            raise AssertionError(f"left over: {below}")
        return said


def reject(mask):
    return {"op": "reject", "mask": mask}


def lines_of(folder):
    path = os.path.join(folder, EVENTS)
    return common.read_ndjson(path) if os.path.exists(path) else []


def with_the_cookie():
    """The page, its documents, prompts and decisions; Ctrl-C ends it with status 0."""
    folder = copy_of_run()
    review = Review(folder, "--by", "anna").enter()
    status, headers, body = review.get("/")
    assert status == 200 and body.startswith(b"<!doctype html>"), (status, body[:100])
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy and "unsafe" not in policy, policy
    assert "frame-ancestors 'none'" in policy and headers["X-Content-Type-Options"] == "nosniff", headers
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer", headers
    session = json.loads(review.get("/api/session")[2])
    assert session["by"] == "anna" and session["photos"] and not session["read_only"], session
    names = review.document("index-0-0")["name"]
    assert review.document("report")["runs"][0]["rows"] == len(names) == IMAGES
    for row, name in enumerate(names):
        images = review.document(f"images-0-{row}")
        with open(os.path.join(folder, name.replace(".png", ".json")), encoding="ascii") as file:
            record = json.load(file)
        masks = [mask["segmentation"]["counts"] for mask in record["annotations"]]
        assert images["rows"] == [row] and images["images"][0]["counts"] == masks, name
        assert review.document(f"photo-0-{row}")["width"] == record["image"]["width"]
    assert review.post("/api/image/0/open", {"next": [1, 2]}) == (200, {})
    status, answer = review.post("/api/image/0/predict", {"points": [[20, 20, 1]], "multimask": True})
    assert status == 200 and len(answer["masks"]) == 3, answer
    status, again = review.post("/api/image/0/predict", {"points": [[20, 20], [3, 3, 0]],
                                                         "previous": {"answer": answer["answer"], "mask": 1}})
    assert status == 200 and len(again["masks"]) == 1 and again["answer"] > answer["answer"], again
    status, said = review.post("/api/image/0/event", reject(0))
    assert status == 200 and said["event"] == 1 and said["masks"][0]["state"] == "rejected", said
    assert review.post("/api/image/0/event", reject(10 ** 6))[0] == 409
    assert review.post("/api/image/0/event", {"op": "nonsense"})[0] == 400
    assert json.loads(review.get("/api/image/0")[2])["masks"][0]["state"] == "rejected"
    review.end()
    assert [line["by"] for line in lines_of(folder)] == ["anna"]


def refused():
    """Whoever has no cookie, asks for another server, comes from another page or uses another method."""
    folder = copy_of_run()
    review = Review(folder).enter()
    host, cookie, origin = review.headers(True)
    body = json.dumps(reject(0)).encode()
    other_port = ("Origin", f"http://127.0.0.1:{review.port + 1}")
    wrong = cookie[1][:-1] + ("0" if cookie[1][-1] != "0" else "1")
    strangers = [
        ("GET", "/", [host]), ("GET", "/?token=" + "0" * 64, [host]), ("GET", "/?token=", [host]),
        ("GET", f"/?token={review.token}0", [host]), ("GET", f"/api/session?token={review.token}", [host]),
        ("GET", "/data/report.js", [host]), ("GET", "/api/session", [host]), ("GET", "/favicon.ico", [host]),
        ("GET", "/", [host, ("Cookie", wrong)]), ("GET", "/", [host, ("Cookie", cookie[1][:-1])]),
        ("GET", "/", [host, ("Cookie", "x" + cookie[1])]), ("GET", "/", [host, ("Cookie", ";;=; =")]),
        ("POST", "/api/image/0/event", [host, origin]),
        # DNS rebinding: the browser has the cookie of another name at most, but let it have ours.
        ("GET", "/", [("Host", "evil.example"), cookie]), ("GET", "/", [("Host", f"evil.example:{review.port}"), cookie]),
        ("GET", f"/?token={review.token}", [("Host", "evil.example")]),
        ("GET", "/", [("Host", "127.0.0.1"), cookie]), ("GET", "/", [("Host", review.host + "."), cookie]),
        ("GET", "/", [host, ("Host", "evil.example"), cookie]), ("GET", "/", [("Host", ""), cookie]),
        # Other pages.
        ("GET", "/data/report.js", [host, cookie, ("Origin", "http://evil.example")]),
        ("GET", "/data/report.js", [host, cookie, ("Sec-Fetch-Site", "cross-site")]),
        ("GET", "/data/report.js", [host, cookie, ("Sec-Fetch-Site", "same-site")]),
        ("POST", "/api/image/0/event", [host, cookie]),
        ("POST", "/api/image/0/event", [host, cookie, ("Origin", "null")]),
        ("POST", "/api/image/0/event", [host, cookie, ("Origin", "https://" + review.host)]),
        ("POST", "/api/image/0/event", [host, cookie, other_port]),
        ("POST", "/api/image/0/event", [host, cookie, origin, other_port]),
        ("POST", "/api/image/0/event", [host, cookie, origin, ("Sec-Fetch-Site", "same-site")]),
        ("POST", "/api/image/0/event", [host, cookie, ("Sec-Fetch-Site", "none")]),
        ("POST", "/api/image/0/event", [host, cookie, ("Origin", f"http://localhost:{review.port}")]),
        ("OPTIONS", "/api/image/0/event", [host, ("Origin", "http://evil.example")]),
    ]
    for method, path, headers in strangers:
        status, answered, said = review.send(method, path, headers, body if method == "POST" else b"")
        assert status == 403 and "error" in json.loads(said), (method, path, headers, status, said)
        assert not any(name.lower().startswith(("access-control", "set-cookie")) for name in answered), answered
        assert b"image-" not in said and review.token.encode() not in said, said
    status, _, said = review.send("GET", "/", [cookie])  # HTTP/1.1 without Host: libmicrohttpd's own 400
    assert status in (400, 403), (status, said)
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"):
        status, answered, _ = review.send(method, "/api/session", [host, cookie, origin])
        assert status == 405 and answered["Allow"] == "GET, POST", (method, status, answered)
    status, said = review.post("/data/report.js", {})
    assert status == 405, said
    for site in ("same-origin", "none"):
        assert review.send("GET", "/", [host, cookie, ("Sec-Fetch-Site", site)])[0] == 200
    local = f"localhost:{review.port}"
    assert review.send("GET", "/", [("Host", local), cookie])[0] == 200
    assert review.send("POST", "/api/image/0/event", [("Host", local), cookie, ("Origin", "http://" + local)], body)[0] == 200
    assert len(lines_of(folder)) == 1, "an event of a request that was refused"
    review.end()
    return f"{len(strangers)} requests"


def paths_that_lead_elsewhere():
    """No part of an address is a file's name."""
    review = Review().enter()
    paths = ["/..", "/../../../../etc/passwd", "/data/../../run.json", "/data/..%2f..%2frun.json", "/data/%2e%2e/report.js",
             "/data//etc/passwd", "/data/run.json", "/data/.js", "/data/report", "/data/report.js/", "/data/report.js%00",
             "/data/report%2ejs", "/data/index-0-1.js", "/data/index-1-0.js", f"/data/photo-0-{IMAGES}.js",
             "/data/photo-0--1.js", "/data/photo-0-+1.js", "/data/photo-0-01.js", "/data/photo-0-0x1.js", "/data/photo-0-.js",
             "/data/photo-0-" + "9" * 40 + ".js", "/data/" + "a" * 5000 + ".js", "/api/image/" + "1" * 5000, "/api/image/",
             "/api/image/-1", f"/api/image/{IMAGES}", "/api/image/0/", "/api/image/0/../1", "/api/image/0/record",
             "/api/image/../session", "//api/session", "/api", "/api/session/", "/.maskmill/run.json", "/image-0.png"]
    for path in paths:
        status, _, said = review.get(path)
        assert status == 404 and json.loads(said)["error"] == json.loads(review.get("/x")[2])["error"] or \
            json.loads(said)["error"] == "there is no such document", (path, status, said)
    review.end()
    return f"{len(paths)} paths"


def names_that_are_html():
    """Names of records are texts, and no paths out of the folder of images."""
    folder = copy_of_run()
    outside = os.path.join(WORK.name, "outside.png")
    shutil.copy(os.path.join(PHOTOS, "image-0.png"), outside)
    names = ["</script><script>alert(1)</script>.png", "\"><img src=x onerror=alert(1)>.png", "../outside.png", outside,
             "\u2028\u202e\n\x1b[31m.png"]
    for i, name in enumerate(names):
        path = os.path.join(folder, f"image-{i}.json")
        with open(path, encoding="ascii") as file:
            record = json.load(file)
        record["image"]["file_name"] = name
        with open(path, "w", encoding="ascii") as file:
            json.dump(record, file)
    review = Review(folder).enter()
    assert review.document("index-0-0")["name"][:len(names)] == names
    for row in range(len(names)):
        for document in (f"images-0-{row}", "index-0-0", "report"):
            body = review.get(f"/data/{document}.js")[2]
            assert body.isascii() and b"</" not in body and b"<s" not in body, body[:200]
        status, _, said = review.get(f"/data/photo-0-{row}.js")
        assert status == 404 and said.isascii(), (row, status, said)
        status, answer = review.post(f"/api/image/{row}/predict", {"points": [[5, 5]]})
        assert status == 404, (row, status, answer)
        assert review.post(f"/api/image/{row}/event", reject(0))[0] == 200
    assert "\x1b[31m" not in review.end()
    assert [line["image"] for line in lines_of(folder)] == names


def bodies_and_headers_without_end():
    """A body of 1 GB ends its connection soon, whoever sends it, and takes no memory; so do headers."""
    review = Review().enter()
    review.post("/api/image/0/predict", {"points": [[20, 20]]})
    before, size, most = review.memory(), 1 << 30, 0
    cases = [("length", True), ("length", False), ("chunks", True), ("chunks", False), ("headers", True)]
    for kind, known in cases:
        headers = [f"{name}: {value}" for name, value in review.headers(True) if known or name != "Cookie"]
        start = ["POST /api/image/0/event HTTP/1.1", *headers]
        if kind == "length":
            start += [f"Content-Length: {size}", "", ""]
        elif kind == "chunks":
            start += ["Transfer-Encoding: chunked", "", ""]
        part = b"10000\r\n" + b" " * 65536 + b"\r\n" if kind == "chunks" else b"x" * 65536
        sent = 0
        with review.connect() as connection:
            try:
                connection.sendall("\r\n".join(start).encode())
                while sent < size:
                    connection.sendall(part)
                    sent += len(part)
            except OSError:
                pass
        most = max(most, sent)
        assert sent < 32 << 20, f"{kind}: {sent} bytes were taken"
        assert review.get("/api/session")[0] == 200
    grown = review.memory() - before
    assert grown < 16 << 20, f"{grown} bytes more"
    status, _, said = review.send("POST", "/api/image/0/event", review.headers(True), b" " * (1 << 20))
    assert status == 400, (status, said)
    try:
        status, _, said = review.send("POST", "/api/image/0/event", review.headers(True), b" " * ((1 << 20) + 1))
        assert status == 413, (status, said)
    except ConnectionError:  # closed before all of it was sent
        pass
    review.end()
    return f"at most {most >> 10} KiB taken, {grown / (1 << 20):.1f} MiB more memory"


def slow_connections():
    """1,000 connections that say little and slowly, some of them with the cookie: others are served meanwhile; they are
    ended."""
    folder = copy_of_run()
    review = Review(folder).enter()
    before = review.memory()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, SLOW + 100)), hard))
    slow, seconds, confirmed = [], [], 0
    known = "\r\n".join(f"{name}: {value}" for name, value in review.headers(True)).encode()
    beginnings = [b"", b"G", b"GET / HTTP/1.1\r\nHost: " + review.host.encode() + b"\r\n", b"POST / HTTP/1.1\r\nX-",
                  b"POST /api/image/0/event HTTP/1.1\r\n" + known + b"\r\nContent-Length: 1000000\r\n\r\n"]
    for i in range(SLOW):
        slow.append(review.connect())
        slow[-1].sendall(beginnings[i % len(beginnings)])
        if i % 50 == 49:
            begin = time.monotonic()
            status, said = review.post("/api/image/0/event", {"op": "class", "mask": 0, "class": str(i)})
            seconds.append(time.monotonic() - begin)
            assert status == 200, said
            confirmed += 1
    begin, left = time.monotonic(), list(slow)
    while left and time.monotonic() - begin < 30:  # each says one letter now and then
        still = []
        for connection in left:
            try:
                connection.setblocking(False)
                connection.send(b"x")
                if connection.recv(4096):
                    still.append(connection)
            except BlockingIOError:
                still.append(connection)
            except OSError:
                pass
        left = still
        first = time.monotonic()
        assert review.get("/api/session")[0] == 200
        seconds.append(time.monotonic() - first)
        time.sleep(0.5)
    ended = time.monotonic() - begin
    assert not left, f"{len(left)} connections are still there"
    threads = len(os.listdir(f"/proc/{review.process.pid}/task"))
    grown = (review.memory() - before) / (1 << 20)
    assert threads < 40 and grown < 64, (threads, grown)
    assert len(lines_of(folder)) == confirmed
    for connection in slow:
        connection.close()
    review.end()
    return (f"requests meanwhile: median {1000 * statistics.median(seconds):.1f} ms, at most {1000 * max(seconds):.0f} ms; "
            f"all ended after {ended:.0f} s, {grown:.1f} MiB more memory")


def killed_while_it_saves():
    """kill -9: all that was confirmed is there and in order; the next one goes on."""
    folder, chance, confirmed = copy_of_run(), random.Random(5), []

    def save(review, row, own):
        try:
            for i in range(10 ** 6):
                status, said = review.post(f"/api/image/{row}/event", {"op": "class", "mask": 0, "class": f"{row}-{i}"})
                assert status == 200, said
                own.append((said["event"], row, f"{row}-{i}"))
        except (OSError, http.client.HTTPException):
            pass

    for _ in range(8):
        review = Review(folder).enter()
        lists = [[] for _ in range(3)]
        threads = [threading.Thread(target=save, args=(review, row, lists[row])) for row in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.05, 0.4))
        review.end(-signal.SIGKILL, signal.SIGKILL)
        for thread in threads:
            thread.join()
        confirmed += [event for own in lists for event in own]
        events = {line["event"]: line for line in common.read_ndjson(os.path.join(folder, EVENTS), torn_allowed=True)}
        assert sorted(events) == list(range(1, len(events) + 1)), "numbers do not follow each other"
        for number, row, name in confirmed:
            assert events[number]["class"] == name and events[number]["image"] == f"image-{row}.png", (number, events[number])
    review = Review(folder, "--read-only").enter()
    for row in range(3):
        last = max(number for number in events if events[number]["image"] == f"image-{row}.png")
        image = json.loads(review.get(f"/api/image/{row}")[2])
        assert image["last"] == last and image["masks"][0]["class"] == events[last]["class"], (row, image)
    review.end()
    return f"{len(confirmed)} events confirmed"


def records_without_files():
    """Records in tars and in documents of many images are those of files, and are reviewed as they are."""
    top = tempfile.mkdtemp(dir=WORK.name)
    tar, tars, coco = (os.path.join(top, name) for name in ("images.tar", "tars", "coco"))
    subprocess.run(["tar", "-cf", tar, "-C", PHOTOS, *sorted(os.listdir(PHOTOS))], check=True)
    code, text = common.run(common.command(tar, tars, "--quiet", "--to", "tar"))
    assert code == ALL_DONE, text
    code, text = common.run([PROGRAM, "export", RUN, "-f", "coco", "-o", coco])
    assert code == ALL_DONE, text
    plain = Review().enter()
    expected = [plain.document(f"images-0-{row}")["images"][0] for row in range(IMAGES)]
    plain.end()
    unpacked = os.path.join(top, "unpacked")
    shutil.copytree(PHOTOS, os.path.join(unpacked, "images"))
    for folder, photos, prefix in ((tars, unpacked, "images/"), (coco, PHOTOS, "")):
        review = Review(folder, images=photos).enter()
        assert review.document("index-0-0")["name"] == [f"{prefix}image-{row}.png" for row in range(IMAGES)]
        for row in range(IMAGES):
            own = review.document(f"images-0-{row}")["images"][0]
            assert own["counts"] == expected[row]["counts"] and own["thumb"] == expected[row]["thumb"], (folder, row)
            mask = own["id"][0] if own["id"] else 0
            assert review.post(f"/api/image/{row}/event", reject(mask))[0] == 200
        assert review.post("/api/image/1/predict", {"points": [[9, 9]]})[0] == 200
        review.end()
        assert [line["image"] for line in lines_of(folder)] == [f"{prefix}image-{row}.png" for row in range(IMAGES)]


def many_at_once():
    """Six threads ask for everything: documents are always the same, and every decision is taken."""
    folder, wrong, taken = copy_of_run(), [], []
    review = Review(folder).enter()
    names = [f"{kind}-0-{row}" for kind in ("images", "photo") for row in range(IMAGES)]
    expected = {name: review.document(name) for name in names}
    review.end()
    review = Review(folder).enter()

    def ask(seed):
        chance, end = random.Random(seed), time.monotonic() + 5
        try:
            while time.monotonic() < end:
                row, name = chance.randrange(IMAGES), chance.choice(names)
                assert review.document(name) == expected[name], name
                assert review.post(f"/api/image/{row}/open", {"next": chance.sample(range(IMAGES), 3)})[0] == 200
                point = [chance.randrange(40), chance.randrange(40)]
                status, said = review.post(f"/api/image/{row}/predict", {"points": [point], "multimask": True})
                assert status == 200 and len(said["masks"]) == 3, said
                status, said = review.post(f"/api/image/{row}/event", {"op": "class", "mask": 0, "class": str(seed)})
                assert status == 200, said
                taken.append(said["event"])
        except Exception as reason:  # pylint: disable=broad-except
            wrong.append(reason)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong
    review.end()
    assert sorted(taken) == [line["event"] for line in lines_of(folder)] == list(range(1, len(taken) + 1))
    return f"{len(taken)} decisions"


def answers_that_are_kept():
    """Clicks refine a mask of an earlier answer as long as it is used; one that was not for long is gone."""
    review = Review().enter()
    click = {"points": [[20, 20]], "multimask": True}

    def refine(answer, row=0, mask=0):
        return review.post(f"/api/image/{row}/predict", {"points": [[20, 20]], "previous": {"answer": answer, "mask": mask}})

    answers = [review.post("/api/image/0/predict", click)[1]["answer"] for _ in range(2)]
    first = refine(answers[0])[1]["masks"]
    for _ in range(70):
        assert review.post("/api/image/0/predict", click)[0] == 200
        assert refine(answers[0])[1]["masks"] == first
    for said in (refine(answers[1]), refine(answers[0], row=1), refine(answers[0], mask=3), refine(0), refine(10 ** 9)):
        assert said[0] == 404 and "not kept" in said[1]["error"], said  # the page asks again without it
    for said in (refine(-1), refine("x"), refine(2 ** 63)):
        assert said[0] == 400 and ("previous" in said[1]["error"] or "JSON" in said[1]["error"]), said
    for bad in ({}, [], {"points": []}, {"points": [[1]]}, {"points": [[1e9, 0]]}, {"points": [[1, 1, 2]]}, {"boxes": [[5, 5, 1, 1]]},
                {"points": [[1, 1]], "path": "/etc/passwd"}, {"boxes": [[0, 0, 9, 9]] * 65}, {"points": [[1, 1]] * 17},
                {"points": [[1, 1]], "previous": {"answer": answers[0]}}, {"mask": {"size": [1, 1], "counts": "0"}}):
        status, said = review.post("/api/image/0/predict", bad)
        assert status == 400 and "error" in said, (bad, status, said)
    assert refine(answers[0])[0] == 200
    review.end()


def things_that_change_meanwhile():
    """A record that is about another image by now, has other masks, or is gone; a photograph that is gone, or has
    another size; a model that is another one."""
    folder, photos = copy_of_run(), os.path.join(tempfile.mkdtemp(dir=WORK.name), "photos")
    shutil.copytree(PHOTOS, photos)
    model = os.path.join(WORK.name, "model.safetensors")
    shutil.copy(common.MODEL, model)
    review = Review(folder, "--model", model, images=photos).enter()
    os.replace(os.path.join(folder, "image-0.json"), os.path.join(folder, "image-1.json"))
    for row in (0, 1):
        assert review.get(f"/data/images-0-{row}.js")[0] in (404, 500)
        assert review.post(f"/api/image/{row}/event", reject(0))[0] in (404, 500)
    os.remove(os.path.join(photos, "image-2.png"))
    assert review.document("images-0-2")["images"][0]["thumb"] is None
    assert review.get("/data/photo-0-2.js")[0] == review.post("/api/image/2/predict", {"points": [[5, 5]]})[0] == 404
    assert review.post("/api/image/2/event", reject(0))[0] == 200
    shutil.copy(os.path.join(photos, "image-3.png"), os.path.join(photos, "image-5.png"))
    status, said = review.post("/api/image/5/predict", {"points": [[5, 5]]})
    assert status == 404 and "67 x 51 pixels, its record says 69 x 53" in said["error"], (status, said)
    review.document("images-0-4")  # the page shows these masks
    record = os.path.join(folder, "image-4.json")
    with open(record, encoding="utf-8") as file:
        value = json.load(file)
    assert len(value["annotations"]) > 1
    value["annotations"].reverse()
    for number, mask in enumerate(value["annotations"]):
        mask["id"] = number
    common.write(record, json.dumps(value).encode())
    status, said = review.post("/api/image/4/event", reject(0))
    assert status == 404 and "made anew" in said["error"], (status, said)
    assert review.post("/api/image/3/predict", {"points": [[5, 5]]})[0] == 200
    with open(model, "r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\x00\x00\x80\x3f")
    status, said = review.post("/api/image/3/predict", {"points": [[5, 5]]})
    assert status == 500 and "changed" in said["error"], (status, said)
    review.end()
    assert [line["image"] for line in lines_of(folder)] == ["image-2.png"]


def only_looking():
    """--read-only takes no decisions and leaves no file; a second review of a run that is reviewed is refused."""
    folder = copy_of_run()
    before = sorted(os.listdir(os.path.join(folder, ".maskmill")))
    looking = Review(folder, "--read-only").enter()
    assert json.loads(looking.get("/api/session")[2])["read_only"]
    assert looking.post("/api/image/0/event", reject(0))[0] == 403
    assert looking.post("/api/image/0/predict", {"points": [[5, 5]]})[0] == 200
    assert sorted(os.listdir(os.path.join(folder, ".maskmill"))) == before
    first = Review(folder).enter()
    code, said = common.run([PROGRAM, "review", folder, *MODEL], timeout=60)
    assert code == ENVIRONMENT and "token" not in said, (code, said)
    assert first.post("/api/image/0/event", reject(0))[0] == 200
    code, said = common.run([PROGRAM, "review", folder, "--read-only", "--port", str(first.port), *MODEL], timeout=60)
    assert code == ENVIRONMENT and "in use" in said, (code, said)
    first.end(number=signal.SIGTERM)
    looking.end()
    code, said = common.run([PROGRAM, "review", PHOTOS, *MODEL], timeout=60)
    assert code != ALL_DONE and "token" not in said, (code, said)
    code, said = common.run([PROGRAM, "review", os.path.join(WORK.name, "nothing"), *MODEL], timeout=60)
    assert code in (USAGE, ENVIRONMENT), (code, said)


if __name__ == "__main__":
    prepare()
    try:
        bad = common.run_tests([with_the_cookie, refused, paths_that_lead_elsewhere, names_that_are_html,
                                bodies_and_headers_without_end, slow_connections, killed_while_it_saves,
                                many_at_once, records_without_files, answers_that_are_kept, things_that_change_meanwhile, only_looking])
    finally:
        for process in STARTED:
            process.kill()
    sys.exit(bad)
