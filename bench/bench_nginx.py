"""How fast is a printed article page through `broadtape serve`, beside nginx giving out the same bytes?

Run: python bench/bench_nginx.py [SECONDS [ARTICLES]]. Needs nginx and wrk (Debian: nginx-light, wrk); says so and ends
where they are not. Loopback, 16 connections, one after the other in each of five rounds; the median counts. Beside rate
and 99th percentile stands what the server's processes took of the processors for an answer, which load moves least.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_visible import get, until
from reuters import furnish, stories

from broadtape import config, publishing
from broadtape.exporting import export, file_of
from broadtape.printing import Printer

CONNECTIONS = 16
ROUNDS = 5
LONG = 64 * 1024  # bytes of the page, about
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(pid: int) -> list[int]:
    """A process and those it started, as far down as they go."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text("ascii").split():
            found += family(int(child))
    return found


def cpu(pid: int) -> float:
    """Seconds of processor that a server's processes have taken, but for the keeper, which answers nobody."""
    ticks = 0
    for one in family(pid):
        if b"broadtape.keeper" in Path(f"/proc/{one}/cmdline").read_bytes():
            continue  # compresses pages better, when it is let
        fields = Path(f"/proc/{one}/stat").read_text("ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wrk(address: str, seconds: float, pid: int, *headers: str) -> tuple[float, float, float]:
    """Requests a second, the 99th percentile of their latency in ms, and the server's CPU a request in µs."""
    more = [part for header in headers for part in ("-H", header)]
    before = cpu(pid)
    run = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--latency", *more, address]
    told = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    taken = cpu(pid) - before
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    count = re.search(r"(\d+) requests in", told)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    assert rate is not None
    assert p99 is not None
    assert count is not None
    assert "Non-2xx" not in told or headers, told
    assert "Socket errors" not in told, told
    slow = float(p99[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]
    return float(rate[1]), slow, taken / int(count[1]) * 1e6


def verdict(kind: str, share: float, tail: float) -> str:
    """The targets are of the plain page."""
    if kind != "plain":
        return ""
    met = {True: "met", False: "MISSED"}
    return f"; targets: 65 % {met[share >= 0.65]}, 2 ms {met[tail <= 2.0]}"


def main(seconds: float, articles: int) -> None:
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [name for name in ("nginx", "wrk") if shutil.which(name, path=path) is None]
    if missing:
        print(f"not measured: {' and '.join(missing)} not installed (apt-get install nginx-light wrk)")
        return
    os.environ["PATH"] = path
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        furnish(root, articles)
        body = "\n\n".join(story.body for story in stories(articles))
        long = (body * (LONG // max(1, len(body)) + 1))[: LONG - 12_000]
        (root / "content" / "articles" / "long.md").write_text(
            f"---\ntitle: A long story\ndate: 2026-01-20T08:00:00-08:00\n---\n\n{long}\n", "utf-8"
        )
        instance = config.load(root)
        publishing.publish(instance, search=False)
        printer = Printer(instance)
        while printer.look() and printer.some(100):
            pass
        printer.close()
        export(instance, root / "out")
        address = "/2026/01/20/long/"
        ports = free_port(), free_port()
        conf = root / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        conf.write_text(
            f"daemon off; {user} worker_processes 2; pid {root}/pid; error_log {root}/error.log;\n"
            "events { worker_connections 1024; }\nhttp { include /etc/nginx/mime.types; access_log off; sendfile on;"
            " tcp_nopush off; keepalive_requests 10000000; open_file_cache max=1000;\n"
            + "".join(
                f"{kind}_temp_path {root}/{kind};"
                for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            + f"server {{ listen 127.0.0.1:{ports[0]}; root {root}/out/bay; gzip_static on;"
            " location / { try_files ${uri}index.html =404; } } }\n"
        )
        serve = [
            sys.executable,
            "-c",
            "from broadtape.cli import main; main()",
            "-C",
            name,
            "serve",
            "--host",
        ]
        started = [
            subprocess.Popen(["nginx", "-p", name, "-c", str(conf)], stderr=subprocess.DEVNULL),
            subprocess.Popen(
                [*serve, "127.0.0.1", "--port", str(ports[1])],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ),
        ]
        try:
            for port in ports:
                until(lambda p=port: bool(get(p, address)), 60)  # type: ignore[misc]  # bound now
            time.sleep(3)
            size = (root / "out" / "bay" / file_of(address)).stat().st_size
            print(f"{articles:,} articles; {address}: {size:,} bytes; load {os.getloadavg()[0]:.1f}")
            pids = dict(zip(ports, (process.pid for process in started), strict=True))
            kinds = (("plain", ()), ("gzip", ("Accept-Encoding: gzip",)), ("304", ("If-None-Match: *",)))
            for kind, headers in kinds:
                seen: dict[int, list[tuple[float, float, float]]] = {port: [] for port in ports}
                for _ in range(ROUNDS):
                    for port in ports:
                        told = wrk(f"http://127.0.0.1:{port}{address}", seconds, pids[port], *headers)
                        seen[port].append(told)
                (nginx, tail, work), (ours, our_tail, our_work) = (
                    [statistics.median(one[at] for one in seen[port]) for at in range(3)] for port in ports
                )
                rate = f"nginx {nginx:8,.0f} /s, ours {ours:8,.0f} /s: {ours / nginx:4.0%}"
                more = f"p99 {tail:5.2f} and {our_tail:5.2f} ms   CPU {work:4.1f} and {our_work:4.1f} µs"
                print(f"{kind:<6} {rate}   {more}{verdict(kind, ours / nginx, our_tail)}")
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(30)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0, int(sys.argv[2]) if len(sys.argv) > 2 else 100)
